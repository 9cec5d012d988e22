// A set of rooms before it opens: who will be where, changed by hand or shuffled anew, its name and its terms, and the opening.
import { useState } from "react";
import { Button, IconButton } from "../../design/Button";
import { Field } from "../../design/Field";
import { Icon } from "../../design/Icon";
import { MenuButton } from "../../design/Menu";
import { Confirm, Overlay } from "../../design/Overlay";
import type { Assignment, BreakoutSet } from "../../session/protocol";
import { useTexts } from "../../texts";
import { useRoom } from "../room/RoomContext";
import { openingOf } from "./makeSet";
import { OpeningFields, useOpening } from "./OpeningFields";
import { TermFields, type Terms } from "./Prepare";
import { Rename } from "./Rename";
import { type SeatPlace, Seats } from "./Seats";

const SHUFFLES: readonly Assignment[] = ["random", "balanced", "unseen"];

export function Plan({ set }: { set: BreakoutSet }) {
  const t = useTexts();
  const { view, submit } = useRoom();
  const [opening, setOpening] = useOpening();
  const [dialog, setDialog] = useState<"settings" | "discard" | null>(null);
  const [renaming, rename] = useState<string | null>(null);
  const places = usePlaces(set, rename);
  const running = view.lifecycle.status === "active";
  return (
    <>
      <p className="soft">{set.assignment === "self" ? t.breakouts.planSelf : t.breakouts.planText}</p>
      {set.repeats > 0 && set.assignment === "unseen" && (
        <p className="soft small">{t.breakouts.repeats(set.repeats)}</p>
      )}
      <div className="row wrap">
        <MenuButton
          label={t.breakouts.shuffle}
          groups={[
            {
              heading: t.breakouts.shuffle,
              acts: SHUFFLES.map((shuffle) => ({
                id: shuffle,
                label: t.breakouts.ways[shuffle],
                ...(set.assignment === shuffle ? { state: "✓" } : {}),
                run: () => void submit({ type: "breakout.assign", setId: set.id, shuffle }),
              })),
            },
          ]}
        >
          <Button size="small" look="edged" icon="merge">
            {t.breakouts.shuffle}
            <Icon name="down" />
          </Button>
        </MenuButton>
        <Button size="small" icon="gear" onPress={() => setDialog("settings")}>
          {t.breakouts.settings}
        </Button>
        <Button size="small" icon="trash" onPress={() => setDialog("discard")}>
          {t.breakouts.discardSet}
        </Button>
      </div>
      <Seats
        places={places}
        onMove={(userIds, roomId) =>
          void submit({ type: "breakout.assign", setId: set.id, userIds, ...(roomId === null ? {} : { roomId }) })
        }
      />
      <footer className="director-foot">
        <OpeningFields opening={opening} onChange={setOpening} />
        <Button
          look="primary"
          size="large"
          icon="play"
          isDisabled={!running}
          onPress={() => void submit({ type: "breakout.open", setId: set.id, ...openingOf(opening) })}
        >
          {t.breakouts.openRooms}
        </Button>
      </footer>
      {dialog === "settings" && <Settings set={set} onClose={() => setDialog(null)} />}
      <Confirm
        open={dialog === "discard"}
        title={t.breakouts.discardTitle(set.name)}
        text={t.breakouts.discardText}
        act={t.breakouts.discardSet}
        danger
        onClose={() => setDialog(null)}
        onConfirm={() => void submit({ type: "breakout.discard", setId: set.id })}
      />
      {renaming !== null && <Rename set={set} room={renaming} onClose={() => rename(null)} />}
    </>
  );
}

function usePlaces(set: BreakoutSet, rename: (room: string) => void): SeatPlace[] {
  const t = useTexts();
  const { view, nameOf } = useRoom();
  const persons = view.people?.persons ?? {};
  const seated = (user: string) => ({
    user,
    name: nameOf(user),
    ...(persons[user]?.present === true ? {} : { note: t.breakouts.absent }),
  });
  const placed = new Set(set.rooms.flatMap((each) => each.members));
  const goes = (role: string) => role === "participant" || (role === "observer" && set.observers === "assigned");
  const free = Object.values(persons).filter(
    (each) => each.admitted && each.present && goes(each.role) && !placed.has(each.user),
  );
  const byName = (users: string[]) => users.map(seated).sort((one, other) => one.name.localeCompare(other.name));
  return [
    ...set.rooms.map((room) => ({
      id: room.id,
      name: room.name,
      people: byName(room.members),
      empty: t.breakouts.nobody,
      head: (
        <IconButton icon="edit" size="small" label={t.breakouts.renameOf(room.name)} onPress={() => rename(room.id)} />
      ),
    })),
    {
      id: null,
      name: t.breakouts.unplaced,
      people: byName(free.map((each) => each.user)),
      empty: t.breakouts.unplacedText,
      foot: free.length > 0 ? <p className="soft small">{t.breakouts.unplacedOpen}</p> : null,
    },
  ];
}

function Settings({ set, onClose }: { set: BreakoutSet; onClose(): void }) {
  const t = useTexts();
  const { submit } = useRoom();
  const [name, setName] = useState(set.name);
  const { late, observers, mayReturn, results } = set;
  const [terms, setTerms] = useState<Terms>({ late, observers, mayReturn, results });
  const save = () => {
    const named = name.trim() === "" ? {} : { name: name.trim() };
    void submit({ type: "breakout.update", setId: set.id, ...named, ...terms });
    onClose();
  };
  return (
    <Overlay
      open
      onClose={onClose}
      title={t.breakouts.settingsOf(set.name)}
      foot={
        <>
          <Button onPress={onClose}>{t.common.cancel}</Button>
          <Button look="primary" onPress={save}>
            {t.common.save}
          </Button>
        </>
      }
    >
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <Field
          label={t.breakouts.setName}
          value={name}
          onChange={setName}
          maxLength={200}
          hint={t.breakouts.setNameHint}
        />
        <TermFields terms={terms} onChange={setTerms} />
      </form>
    </Overlay>
  );
}
