// Who is here: those who wait for something first - at the door, with a hand raised, asking for a right - then everybody.
import { useEffect, useRef } from "react";
import { Empty } from "../../design/Bits";
import type { Person } from "../../session/protocol";
import { useTexts } from "../../texts";
import { usePlace } from "../room/place";
import { useRoom } from "../room/RoomContext";
import { RightsAsked } from "../rights/RightsAsked";
import { Hands } from "./Hands";
import { PersonRow } from "./PersonRow";
import { Waiting } from "./Waiting";
import "./people.css";

const ORDER = { instructor: 0, assistant: 1, participant: 2, observer: 3 } as const;

export function PeoplePanel() {
  const t = useTexts();
  const { view, staff, nameOf, submit, me } = useRoom();
  const { opened, enters } = usePlace();
  const top = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (enters("people")) top.current?.focus();
  }, [opened, enters]);

  const admitted = Object.values(view.people?.persons ?? {}).filter((each) => each.admitted);
  const byName = (one: Person, other: Person) =>
    ORDER[one.role] - ORDER[other.role] || nameOf(one.user).localeCompare(nameOf(other.user));
  const here = admitted.filter((each) => each.present).sort(byName);
  const gone = admitted.filter((each) => !each.present && each.joinedAt !== undefined).sort(byName);
  return (
    <div className="people">
      <h2 className="panel-heading people-heading" tabIndex={-1} ref={top}>
        {t.people.title}
        <span className="numbers">{here.length}</span>
      </h2>
      {staff && <Waiting />}
      <Hands />
      {staff && <RightsAsked />}
      <ul role="list" className="people-list">
        {here.map((person) => (
          <PersonRow key={person.user} person={person} />
        ))}
      </ul>
      {here.every((each) => each.user === me) && staff && (
        <Empty title={t.people.none}>{t.people.noneText}</Empty>
      )}
      {gone.length > 0 && (
        <details className="people-gone">
          <summary>
            {t.people.gone} <span className="numbers">{gone.length}</span>
          </summary>
          <ul role="list" className="people-list">
            {gone.map((person) => (
              <PersonRow key={person.user} person={person} />
            ))}
          </ul>
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
