// Sets that are prepared, and those that were open before: to open, to change, to look at again, or to use once more.
import type { ReactNode } from "react";
import { Button, buttonClass } from "../../design/Button";
import { linkTo } from "../../app/router";
import type { BreakoutSet } from "../../session/protocol";
import { useTexts } from "../../texts";
import { usePlace } from "../room/place";
import { useRoom } from "../room/RoomContext";
import { makeSet } from "./makeSet";
import { setsOf } from "./reading";

export function SetLists({ onChoose }: { onChoose(set: string): void }) {
  const t = useTexts();
  const { view, session, submit } = useRoom();
  const { look } = usePlace();
  const runs = view.lifecycle.status === "active" || view.lifecycle.status === "paused";
  const sets = setsOf(view.breakouts);
  const planned = sets.filter((each) => each.status === "planned");
  const earlier = sets.filter((each) => each.status === "closed");
  const showAll = (set: BreakoutSet) => {
    look(null);
    void submit({ type: "stage.show", kind: "breakouts", target: set.id });
  };
  const again = async (set: BreakoutSet) => {
    const made = await makeSet(session, { from: set.id });
    if (made !== null) onChoose(made);
  };
  return (
    <>
      {planned.length > 0 && (
        <section aria-label={t.breakouts.prepared}>
          <h3 className="panel-heading">{t.breakouts.prepared}</h3>
          <ul role="list" className="set-list">
            {planned.map((set) => (
              <SetRow key={set.id} set={set}>
                <Button size="small" look="edged" onPress={() => onChoose(set.id)}>
                  {t.breakouts.plan}
                </Button>
              </SetRow>
            ))}
          </ul>
        </section>
      )}
      {earlier.length > 0 && (
        <section aria-label={t.breakouts.earlier}>
          <h3 className="panel-heading">{t.breakouts.earlier}</h3>
          <ul role="list" className="set-list">
            {earlier.map((set) => (
              <SetRow key={set.id} set={set}>
                <a
                  className={buttonClass({ size: "small" })}
                  {...linkTo(`/sessions/${session.sessionId}/breakouts/${set.id}`)}
                >
                  {t.breakouts.resultsOf}
                </a>
                {runs && (
                  <Button size="small" onPress={() => showAll(set)}>
                    {t.breakouts.show}
                  </Button>
                )}
                <Button size="small" look="edged" onPress={() => void again(set)}>
                  {t.breakouts.again}
                </Button>
              </SetRow>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function SetRow({ set, children }: { set: BreakoutSet; children: ReactNode }) {
  const t = useTexts();
  const members = set.rooms.reduce((sum, each) => sum + each.members.length, 0);
  return (
    <li className="set-row">
      <div className="grow">
        <p className="words">{set.name}</p>
        <p className="soft small">
          {t.breakouts.rooms(set.rooms.length)}
          {members > 0 && ` · ${t.breakouts.people(members)}`} · {t.breakouts.ways[set.assignment]}
        </p>
      </div>
      {children}
    </li>
  );
}
