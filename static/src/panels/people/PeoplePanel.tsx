// Who is here: those who wait for something first - at the door, with a hand raised, asking for a right - then everybody.
import { useEffect, useRef } from "react";
import { Empty } from "../../design/Bits";
import type { Person } from "../../session/protocol";
import { placeOf } from "../../session/standing";
import { useTexts } from "../../texts";
import { openRooms, runningSet } from "../breakouts/reading";
import { nameOfPlace } from "../breakouts/words";
import { usePlace } from "../room/place";
import { useRoom } from "../room/RoomContext";
import { RightsAsked } from "../rights/RightsAsked";
import { Hands } from "./Hands";
import { PeopleList } from "./PeopleList";
import { MuteAll } from "../sound/MuteAll";
import { Waiting } from "./Waiting";
import "./people.css";

/** While rooms are open, staff see who is where; others see it beside the names. */
function Grouped({ people }: { people: readonly Person[] }) {
  const t = useTexts();
  const { view, staff } = useRoom();
  const rooms = openRooms(runningSet(view.breakouts));
  if (!staff || rooms.length === 0) return <PeopleList people={people} where />;
  const places = [undefined, ...rooms.map((each) => each.id)];
  return places.map((place) => {
    const inside = people.filter((each) => placeOf(view, each.user) === place);
    const name = nameOfPlace(view, place, t);
    return (
      <section key={place ?? ""} className="people-place" aria-label={name}>
        <h3 className="panel-heading">
          {name} <span className="numbers">{inside.length}</span>
        </h3>
        {inside.length === 0 ? (
          <p className="soft small people-nobody">{t.breakouts.nobody}</p>
        ) : (
          <PeopleList people={inside} />
        )}
      </section>
    );
  });
}

export function PeoplePanel() {
  const t = useTexts();
  const { view, staff, nameOf, submit, me } = useRoom();
  const { opened, enters } = usePlace();
  const top = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (enters("people")) top.current?.focus();
  }, [opened, enters]);

  const admitted = Object.values(view.people?.persons ?? {}).filter((each) => each.admitted);
  const here = admitted.filter((each) => each.present);
  const gone = admitted.filter((each) => !each.present && each.joinedAt !== undefined);
  return (
    <div className="people">
      <div className="people-top">
        <h2 className="panel-heading people-heading" tabIndex={-1} ref={top}>
          {t.people.title}
          <span className="numbers">{here.length}</span>
        </h2>
        <MuteAll />
      </div>
      {staff && <Waiting />}
      <Hands />
      {staff && <RightsAsked />}
      <Grouped people={here} />
      {here.every((each) => each.user === me) && staff && <Empty title={t.people.none}>{t.people.noneText}</Empty>}
      {gone.length > 0 && (
        <details className="people-gone">
          <summary>
            {t.people.gone} <span className="numbers">{gone.length}</span>
          </summary>
          <PeopleList people={gone} />
        </details>
      )}
      {staff && (view.people?.banned.length ?? 0) > 0 && (
        <details className="people-gone">
          <summary>{t.people.banned}</summary>
          <ul role="list" className="people-list">
            {view.people?.banned.map((user) => (
              <li key={user} className="person">
                <span className="grow clip">{nameOf(user)}</span>
                <button
                  type="button"
                  className="button button-small"
                  onClick={() => void submit({ type: "participant.unban", userId: user })}
                >
                  {t.people.unban}
                </button>
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}
