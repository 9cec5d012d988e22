// Where staff prepare, change, open and steer breakout rooms; on their own stage, so that chat and people stay beside it.
import { useState } from "react";
import { Button } from "../../design/Button";
import { Empty } from "../../design/Bits";
import { stageAt } from "../../session/standing";
import { useTexts } from "../../texts";
import { useRoom } from "../room/RoomContext";
import { Plan } from "./Plan";
import { Prepare } from "./Prepare";
import { runningSet, setsOf } from "./reading";
import { SetLists } from "./SetLists";
import { Steering } from "./Steering";
import "./director.css";

export function Director() {
  const t = useTexts();
  const { view, feature, submit, here } = useRoom();
  const [chosen, choose] = useState<string | null>(null);
  if (feature("breakout") === undefined) return <Empty icon="people" title={t.breakouts.off} />;
  const running = runningSet(view.breakouts);
  const planned = setsOf(view.breakouts).find((each) => each.id === chosen && each.status === "planned");
  const shown = stageAt(view, here).kind === "breakouts";
  const steering = running?.status === "open";
  const status = view.lifecycle.status;
  return (
    <div className="director">
      <header className="director-head">
        <h2 className="stage-title grow">{planned?.name ?? running?.name ?? t.breakouts.title}</h2>
        {planned !== undefined && running === undefined && (
          <Button size="small" icon="left" onPress={() => choose(null)}>
            {t.breakouts.allSets}
          </Button>
        )}
        {(steering || shown) && (status === "active" || status === "paused") && (
          <Button
            size="small"
            icon="stage"
            onPress={() => void submit({ type: "stage.show", kind: shown ? "nothing" : "breakouts" })}
          >
            {shown ? t.stage.off : t.breakouts.show}
          </Button>
        )}
      </header>
      {running !== undefined ? (
        <Steering key={running.id} set={running} />
      ) : planned !== undefined ? (
        <Plan key={planned.id} set={planned} />
      ) : (
        <>
          <Prepare onMade={choose} />
          <SetLists onChoose={choose} />
        </>
      )}
    </div>
  );
}
