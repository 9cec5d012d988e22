// Where one is while breakout rooms are about to open, are open or were just closed: one line under the head with the name of
// the room, its time and its people, and the few things one can do there. Not there at all when there is nothing to say.
import { useState } from "react";
import { kept } from "../../app/client";
import { linkTo } from "../../app/router";
import { Button, buttonClass, IconButton } from "../../design/Button";
import { Icon } from "../../design/Icon";
import { MenuButton } from "../../design/Menu";
import type { BreakoutSet, Opening as Countdown } from "../../session/protocol";
import { useFormats, useTexts } from "../../texts";
import { ROOMS, usePlace } from "../room/place";
import { useRoom } from "../room/RoomContext";
import {
  closesAt,
  lastClosed,
  openRooms,
  peopleIn,
  type RoomInSet,
  roomOf,
  runningSet,
  seatsLeft,
  waysOf,
} from "./reading";
import { HelpCount } from "./HelpCount";
import { useCountdown } from "./useCountdown";
import { useSteps } from "./useSteps";
import { leftOn } from "./words";
import "./placebar.css";

export function PlaceBar() {
  const { view, here, staff } = useRoom();
  const inside = roomOf(view.breakouts, here);
  const set = runningSet(view.breakouts);
  if (inside !== undefined) return <InRoom {...inside} />;
  if (view.breakouts?.opening !== undefined) return <Opening opening={view.breakouts.opening} />;
  if (set?.status === "open") return staff ? <StaffInMain set={set} /> : <InMain set={set} />;
  return <Afterwards />;
}

const NAMES_MAX = 6;
const SOON_MS = 60_000;

function InRoom({ set, room }: RoomInSet) {
  const t = useTexts();
  const formats = useFormats();
  const { view, me, nameOf, staff } = useRoom();
  const left = useCountdown(room.closesAt);
  const others = peopleIn(view, room.id).filter((each) => each.user !== me);
  const sorted = others.map((each) => nameOf(each.user)).sort((one, other) => one.localeCompare(other));
  const names = sorted.slice(0, NAMES_MAX);
  const more = others.length > NAMES_MAX ? [t.people.andMore(others.length - NAMES_MAX)] : [];
  const soon = left !== undefined && left <= SOON_MS;
  return (
    <section className={`place-bar ${soon ? "place-bar-soon" : ""}`} aria-label={t.breakouts.here}>
      <Icon name="people" />
      <h2 className="place-name words">{room.name}</h2>
      <span className="place-time numbers" role="timer">
        {left === undefined
          ? t.breakouts.noLimit
          : soon
            ? t.breakouts.closing(leftOn(left))
            : t.breakouts.left(leftOn(left))}
      </span>
      <span className="place-who clip soft">
        {names.length === 0 ? t.breakouts.alone : t.breakouts.with(formats.list([...names, ...more]))}
      </span>
      <span className="place-acts">{staff ? <Tour set={set} /> : <Own set={set} room={room} />}</span>
    </section>
  );
}

/** What somebody of the room can do: ask for help, and go elsewhere where that is allowed. */
function Own({ room }: RoomInSet) {
  const t = useTexts();
  const { view, me, role } = useRoom();
  const { askHelp, endHelp, go } = useSteps();
  const ways = waysOf(view, me, false);
  return (
    <>
      {role !== "observer" &&
        (room.help === undefined ? (
          <Button size="small" look="edged" icon="hand" onPress={askHelp}>
            {t.breakouts.askHelp}
          </Button>
        ) : (
          <MenuButton
            label={t.breakouts.helpAsked}
            groups={[
              {
                heading: t.breakouts.helpAskedText,
                acts: [{ id: "end", label: t.breakouts.helpTakenBack, icon: "close", run: () => endHelp(room.id) }],
              },
            ]}
          >
            <Button size="small" on icon="hand">
              {t.breakouts.helpAsked}
              <Icon name="down" />
            </Button>
          </MenuButton>
        ))}
      {ways.rooms.length > 0 && <Choice label={t.breakouts.change} />}
      {ways.back && (
        <Button size="small" icon="exit" onPress={() => go(null)}>
          {t.breakouts.back}
        </Button>
      )}
    </>
  );
}

/** Staff walk from room to room; where they are is said by the bar itself. */
function Tour({ set }: { set: BreakoutSet }) {
  const t = useTexts();
  const { here } = useRoom();
  const { go, endHelp, next } = useSteps();
  const help = set.rooms.find((each) => each.id === here)?.help;
  return (
    <>
      {help !== undefined && here !== undefined && (
        <Button size="small" look="edged" icon="check" onPress={() => endHelp(here)}>
          {t.breakouts.helpDone}
        </Button>
      )}
      {next !== undefined && (
        <Button size="small" look="primary" icon="play" onPress={next.go} aria-label={t.breakouts.nextIs(next.name)}>
          {t.breakouts.next}
        </Button>
      )}
      <Button size="small" icon="exit" onPress={() => go(null)}>
        {t.breakouts.back}
      </Button>
      <Manage set={set} />
    </>
  );
}

function Opening({ opening }: { opening: Countdown }) {
  const t = useTexts();
  const { staff } = useRoom();
  const left = useCountdown(opening.opensAt);
  return (
    <section className="place-bar" aria-label={t.breakouts.here}>
      <Icon name="clock" />
      <span className="place-name numbers" role="timer">
        {t.breakouts.opensIn(leftOn(left ?? 0))}
      </span>
      <span className="place-acts">{staff && <Manage set={undefined} />}</span>
    </section>
  );
}

/** For who stays in the main room while the rooms are open: the way there, where one may choose. */
function InMain({ set }: { set: BreakoutSet }) {
  const t = useTexts();
  const { view, me } = useRoom();
  const { look } = usePlace();
  const { rooms } = waysOf(view, me, false);
  return (
    <section className="place-bar" aria-label={t.breakouts.here}>
      <Icon name="people" />
      <span className="place-name">{t.breakouts.open(openRooms(set).length)}</span>
      <span className="place-acts">
        {rooms.length > 0 && <Choice label={t.breakouts.choose} primary />}
        <Button size="small" onPress={() => look(ROOMS)}>
          {t.breakouts.look}
        </Button>
      </span>
    </section>
  );
}

function Choice({ label, primary = false }: { label: string; primary?: boolean }) {
  const t = useTexts();
  const { view, me } = useRoom();
  const { go } = useSteps();
  const { rooms } = waysOf(view, me, false);
  return (
    <MenuButton
      label={label}
      groups={[
        {
          acts: rooms.map((room) => {
            const seats = seatsLeft(room);
            return {
              id: room.id,
              label: room.name,
              icon: "people" as const,
              state: seats === Infinity ? t.breakouts.people(peopleIn(view, room.id).length) : t.breakouts.seats(seats),
              run: () => go(room.id),
            };
          }),
        },
      ]}
    >
      <Button size="small" look={primary ? "primary" : "edged"}>
        {label}
        <Icon name="down" />
      </Button>
    </MenuButton>
  );
}

function StaffInMain({ set }: { set: BreakoutSet }) {
  const t = useTexts();
  const { next } = useSteps();
  const rooms = openRooms(set);
  const left = useCountdown(closesAt(rooms));
  return (
    <section className="place-bar" aria-label={t.breakouts.here}>
      <Icon name="people" />
      <span className="place-name">{t.breakouts.open(rooms.length)}</span>
      <span className="place-time numbers" role="timer">
        {left === undefined ? t.breakouts.noLimit : t.breakouts.left(leftOn(left))}
      </span>
      <span className="place-acts">
        {next !== undefined && (
          <Button size="small" look="edged" icon="play" onPress={next.go} aria-label={t.breakouts.nextIs(next.name)}>
            {t.breakouts.next}
          </Button>
        )}
        <Manage set={set} primary />
      </span>
    </section>
  );
}

/** The way to everything about the rooms, with how many of them ask for help. */
function Manage({ set, primary = false }: { set: BreakoutSet | undefined; primary?: boolean }) {
  const t = useTexts();
  const { look, looking } = usePlace();
  const on = looking?.kind === "breakouts";
  return (
    <Button
      size="small"
      look={primary && !on ? "primary" : "plain"}
      on={on}
      onPress={() => look(on ? null : ROOMS)}
    >
      {t.breakouts.manage}
      <HelpCount set={set} />
    </Button>
  );
}

const SEEN = "atelier.seen.results.";

/** After the close: that one is back, and where everything made is found. It stays until it is put away. */
function Afterwards() {
  const t = useTexts();
  const { view, me, staff, session } = useRoom();
  const set = lastClosed(view.breakouts);
  const key = `${SEEN}${session.sessionId}.${me}`;
  const [seen, setSeen] = useState(() => kept.get(key));
  if (set === undefined || seen === set.id) return null;
  const mine = set.rooms.some((each) => each.members.includes(me) || each.stayed.includes(me));
  if (!staff && !mine && set.results === "staff") return null;
  const close = () => {
    kept.set(key, set.id);
    setSeen(set.id);
  };
  return (
    <section className="place-bar" aria-label={t.breakouts.here}>
      <Icon name="check" />
      <span className="place-name">{t.breakouts.closed}</span>
      <span className="place-acts">
        <a
          className={buttonClass({ size: "small", look: "edged" })}
          {...linkTo(`/sessions/${session.sessionId}/breakouts/${set.id}`)}
        >
          {t.breakouts.results}
        </a>
        <IconButton icon="close" size="small" label={t.breakouts.putAway} onPress={close} />
      </span>
    </section>
  );
}
