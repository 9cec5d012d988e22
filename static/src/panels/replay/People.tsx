// Who was there at that moment: hands first, then who speaks, then by name; and the breakout rooms with who was in them.
import { Disc, Empty } from "../../design/Bits";
import { Icon } from "../../design/Icon";
import { speakingAt } from "../../replay/words";
import type { Person } from "../../session/protocol";
import { useTexts } from "../../texts";
import { useReplayTexts } from "../../texts/replay";
import { openRooms, peopleIn, runningSet } from "../breakouts/reading";
import { useAt, useMoment, useReplay } from "./ReplayContext";
import { hueOf } from "./Transcript";
import "../people/people.css";

export function People() {
  const r = useReplayTexts();
  const t = useTexts();
  const { view, place } = useMoment();
  const { nameOf } = useReplay();
  const hands = view.hands?.raised ?? [];
  return (
    <div className="panel-scroll stack" role="group" aria-label={t.room.people} tabIndex={0}>
      <section className="stack-tight">
        <h3>{r.hands}</h3>
        {hands.length === 0 ? (
          <p className="soft small">{r.noHands}</p>
        ) : (
          <ol role="list" className="stack-tight">
            {hands.map((each) => (
              <li key={each.user} className="row">
                <Icon name="hand" />
                <span className="clip">{nameOf(each.user)}</span>
              </li>
            ))}
          </ol>
        )}
      </section>
      {openRooms(runningSet(view.breakouts)).length > 0 && (
        <section className="stack-tight">
          <h3>{r.rooms}</h3>
          <RoomsThen />
        </section>
      )}
      <There people={peopleIn(view, place)} />
    </div>
  );
}

function There({ people }: { people: readonly Person[] }) {
  const r = useReplayTexts();
  const t = useTexts();
  const { nameOf, words } = useReplay();
  const speaking = new Set(useAt((at) => [...speakingAt(words.sentences, at)].sort().join(" ")).split(" "));
  const named = people
    .map((person) => ({ ...person, name: nameOf(person.user), speaks: speaking.has(person.user) }))
    .sort((a, b) => Number(b.speaks) - Number(a.speaks) || a.name.localeCompare(b.name));
  return (
    <section className="stack-tight">
      <h3>{r.there(people.length)}</h3>
      <ul role="list">
        {named.map(({ user, name, role, speaks }) => (
          <li key={user} className="person">
            <Disc name={name} />
            <div className="grow">
              <p className="clip">{name}</p>
              {(speaks || role !== "participant") && (
                <p className="person-notes soft">
                  {[...(role === "participant" ? [] : [t.roles[role]]), ...(speaks ? [r.speaks] : [])].join(" · ")}
                </p>
              )}
            </div>
            {speaks && (
              <span className="said-name" style={{ "--hue": hueOf(words.speakers.get(user)) } as React.CSSProperties}>
                <Icon name="mic" />
              </span>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The rooms that were open, with who was in each. */
export function RoomsThen() {
  const r = useReplayTexts();
  const { view } = useMoment();
  const { nameOf } = useReplay();
  const rooms = openRooms(runningSet(view.breakouts));
  if (rooms.length === 0) return <Empty icon="rooms" title={r.nothingShown} />;
  return (
    <ul role="list" className="rooms-then">
      {rooms.map((room) => {
        const people = peopleIn(view, room.id);
        return (
          <li key={room.id} className="room-then">
            <p className="words">
              <strong>{room.name}</strong>
            </p>
            <p className="soft small">
              {people.length === 0 ? r.there(0) : people.map((each) => nameOf(each.user)).join(", ")}
            </p>
          </li>
        );
      })}
    </ul>
  );
}
