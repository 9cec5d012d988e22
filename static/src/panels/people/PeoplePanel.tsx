// Who is here: those who wait for something first - at the door, with a hand raised, asking for a right - then everybody.
import { useEffect, useRef } from "react";
import { Empty } from "../../design/Bits";
import { useTexts } from "../../texts";
import { usePlace } from "../room/place";
import { useRoom } from "../room/RoomContext";
import { RightsAsked } from "../rights/RightsAsked";
import { Hands } from "./Hands";
import { PeopleList } from "./PeopleList";
import { Waiting } from "./Waiting";
import "./people.css";

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
      <h2 className="panel-heading people-heading" tabIndex={-1} ref={top}>
        {t.people.title}
        <span className="numbers">{here.length}</span>
      </h2>
      {staff && <Waiting />}
      <Hands />
      {staff && <RightsAsked />}
      <PeopleList people={here} />
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
