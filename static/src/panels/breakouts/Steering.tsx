// Rooms while they open and while they are open: each with its people, time, bell and how much was made, and what staff do with
// one room or with all.
import { useState } from "react";
import { Button, IconButton } from "../../design/Button";
import { Choose } from "../../design/Field";
import { Icon } from "../../design/Icon";
import { type Act, MenuButton } from "../../design/Menu";
import { Confirm, Overlay } from "../../design/Overlay";
import type { BreakoutRoom, BreakoutSet } from "../../session/protocol";
import { placeOf } from "../../session/standing";
import { useTexts } from "../../texts";
import { useRoom } from "../room/RoomContext";
import { activityIn, closesAt, openRooms, peopleIn } from "./reading";
import { Rename } from "./Rename";
import { type SeatPlace, Seats } from "./Seats";
import { TellAll } from "./TellAll";
import { useCountdown } from "./useCountdown";
import { useSteps } from "./useSteps";
import { leftOn } from "./words";

const EXTEND_MINUTES = [1, 2, 5, 10] as const;
const RECALL_S = [60, 120, 30, 10, 0] as const;
const CLOSE_ONE_S = 60;

type Asked = { act: "recall" } | { act: "close" | "rename"; room: BreakoutRoom };

export function Steering({ set }: { set: BreakoutSet }) {
  const [asked, ask] = useState<Asked | null>(null);
  const { submit } = useRoom();
  const places = useOpenPlaces(set, ask);
  if (set.status === "opening") return <Opening set={set} />;
  return (
    <>
      <ForAll set={set} onRecall={() => ask({ act: "recall" })} />
      <Seats
        places={places}
        onMove={(userIds, roomId) =>
          void submit({ type: "breakout.move", userIds, ...(roomId === null ? {} : { roomId }) })
        }
      />
      <TellAll />
      <Dialogs set={set} asked={asked} onClose={() => ask(null)} />
    </>
  );
}

function Opening({ set }: { set: BreakoutSet }) {
  const t = useTexts();
  const { submit, view } = useRoom();
  const left = useCountdown(view.breakouts?.opening?.opensAt);
  return (
    <div className="opening">
      <p className="opening-clock numbers">{leftOn(left ?? 0)}</p>
      <p className="soft">{t.breakouts.openingStaff}</p>
      <Button look="edged" onPress={() => void submit({ type: "breakout.close", setId: set.id, seconds: 0 })}>
        {t.breakouts.cancelOpening}
      </Button>
    </div>
  );
}

/** The time of all, more of it, and the way back. */
function ForAll({ set, onRecall }: { set: BreakoutSet; onRecall(): void }) {
  const t = useTexts();
  const { submit } = useRoom();
  const rooms = openRooms(set);
  const left = useCountdown(closesAt(rooms));
  const recalled = rooms.every((each) => each.closing);
  return (
    <div className="for-all" role="group" aria-label={t.breakouts.title}>
      <span className="for-all-time numbers" role="timer">
        <Icon name="clock" />
        {left === undefined
          ? t.breakouts.noLimit
          : recalled
            ? t.breakouts.backIn(leftOn(left))
            : t.breakouts.left(leftOn(left))}
      </span>
      <span className="grow" />
      <MenuButton label={t.breakouts.extend} groups={[{ acts: extensions(t.breakouts.extendAll, submit) }]}>
        <Button look="edged">
          {t.breakouts.extend}
          <Icon name="down" />
        </Button>
      </MenuButton>
      <Button look="primary" onPress={onRecall}>
        {t.breakouts.recall}
      </Button>
    </div>
  );
}

function extensions(
  label: (minutes: number) => string,
  submit: ReturnType<typeof useRoom>["submit"],
  roomId?: string,
): Act[] {
  return EXTEND_MINUTES.map((minutes) => ({
    id: `extend-${minutes}`,
    label: label(minutes),
    icon: "clock",
    run: () => void submit({ type: "breakout.extend", minutes, ...(roomId === undefined ? {} : { roomId }) }),
  }));
}

function useOpenPlaces(set: BreakoutSet, ask: (asked: Asked) => void): SeatPlace[] {
  const t = useTexts();
  const { view, nameOf } = useRoom();
  const persons = view.people?.persons ?? {};
  const seated = (user: string) => {
    const person = persons[user];
    const role = person?.role === "participant" || person === undefined ? undefined : t.roles[person.role];
    const note = person?.present === true ? role : t.breakouts.absent;
    return { user, name: nameOf(user), ...(note === undefined ? {} : { note }) };
  };
  const gone = Object.values(persons).filter((each) => each.admitted && !each.present && each.joinedAt !== undefined);
  const inside = (place: string | undefined) => [
    ...peopleIn(view, place),
    ...(place === undefined ? [] : gone.filter((each) => placeOf(view, each.user) === place)),
  ];
  const byName = (place: string | undefined) =>
    inside(place)
      .map((each) => seated(each.user))
      .sort((one, other) => one.name.localeCompare(other.name));
  return [
    ...openRooms(set).map((room) => ({
      id: room.id,
      name: room.name,
      people: byName(room.id),
      empty: t.breakouts.nobody,
      urgent: room.help !== undefined,
      head: <RoomMenu room={room} ask={ask} />,
      foot: <RoomFoot room={room} />,
    })),
    { id: null, name: t.breakouts.main, people: byName(undefined), empty: t.breakouts.nobody },
  ];
}

function RoomMenu({ room, ask }: { room: BreakoutRoom; ask(asked: Asked): void }) {
  const t = useTexts();
  const { submit } = useRoom();
  return (
    <MenuButton
      label={t.breakouts.menuOf(room.name)}
      groups={[
        { heading: t.breakouts.extend, acts: extensions(t.breakouts.extendOne, submit, room.id) },
        {
          acts: [
            { id: "rename", label: t.breakouts.rename, icon: "edit", run: () => ask({ act: "rename", room }) },
            { id: "close", label: t.breakouts.closeRoom, icon: "close", run: () => ask({ act: "close", room }) },
          ],
        },
      ]}
    >
      <IconButton icon="more" size="small" label={t.breakouts.menuOf(room.name)} />
    </MenuButton>
  );
}

function RoomFoot({ room }: { room: BreakoutRoom }) {
  const t = useTexts();
  const { view, here, nameOf } = useRoom();
  const { go, endHelp } = useSteps();
  const left = useCountdown(room.closesAt);
  return (
    <footer className="seat-foot">
      {room.help !== undefined && (
        <div className="seat-help">
          <Icon name="hand" />
          <span className="grow words">
            {t.breakouts.helpFrom(nameOf(room.help.user))}
            {room.help.text !== undefined && `: ${room.help.text}`}
          </span>
          <Button size="small" onPress={() => endHelp(room.id)}>
            {t.breakouts.helpDone}
          </Button>
        </div>
      )}
      <div className="row wrap">
        <span className={`numbers small ${room.closing ? "seat-closing" : "soft"}`}>
          {left === undefined ? t.breakouts.noLimit : t.breakouts.left(leftOn(left))}
        </span>
        <span className="soft small grow" title={t.breakouts.madeText}>
          {t.breakouts.made(activityIn(view, room.id))}
        </span>
        {here === room.id ? (
          <span className="soft small">{t.breakouts.youAreHere}</span>
        ) : (
          <Button
            size="small"
            look={room.help === undefined ? "edged" : "primary"}
            onPress={() => go(room.id)}
            aria-label={`${t.breakouts.visit}: ${room.name}`}
          >
            {t.breakouts.visit}
          </Button>
        )}
      </div>
    </footer>
  );
}

function Dialogs({ set, asked, onClose }: { set: BreakoutSet; asked: Asked | null; onClose(): void }) {
  const t = useTexts();
  const { submit } = useRoom();
  if (asked === null) return null;
  if (asked.act === "recall") return <Recall onClose={onClose} />;
  const { room } = asked;
  if (asked.act === "rename") return <Rename set={set} room={room.id} onClose={onClose} />;
  return (
    <Confirm
      open
      title={t.breakouts.closeTitle(room.name)}
      text={t.breakouts.closeText}
      act={t.breakouts.closeRoom}
      onClose={onClose}
      onConfirm={() => void submit({ type: "breakout.close", roomId: room.id, seconds: CLOSE_ONE_S })}
    />
  );
}

function Recall({ onClose }: { onClose(): void }) {
  const t = useTexts();
  const { submit } = useRoom();
  const [seconds, setSeconds] = useState<number>(RECALL_S[0]);
  const recall = () => {
    void submit({ type: "breakout.close", seconds });
    onClose();
  };
  return (
    <Overlay
      open
      onClose={onClose}
      title={t.breakouts.recallTitle}
      role="alertdialog"
      foot={
        <>
          <Button onPress={onClose}>{t.common.cancel}</Button>
          <Button look="primary" onPress={recall} autoFocus>
            {t.breakouts.recall}
          </Button>
        </>
      }
    >
      <div className="stack">
        <p>{t.breakouts.recallText}</p>
        <Choose
          label={t.breakouts.recallIn}
          value={String(seconds)}
          options={RECALL_S.map((s) => ({
            value: String(s),
            label: s === 0 ? t.breakouts.recallAtOnce : t.breakouts.secondsN(s),
          }))}
          onChange={(value) => setSeconds(Number(value))}
        />
      </div>
    </Overlay>
  );
}
