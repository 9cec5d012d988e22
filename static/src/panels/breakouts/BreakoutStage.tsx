// Breakout rooms on the stage: for staff where they are steered, for everybody else who is where, and after the close what was
// made. What only some need is loaded when they need it.
import { lazy, Suspense } from "react";
import { Waiting } from "../../design/Bits";
import { Button } from "../../design/Button";
import { useTexts } from "../../texts";
import { useRoom } from "../room/RoomContext";
import { NoRooms, Overview } from "./Overview";
import { lastClosed, runningSet, setsOf } from "./reading";

const Director = lazy(async () => ({ default: (await import("./Director")).Director }));
const Results = lazy(async () => ({ default: (await import("./Results")).Results }));

/** `id`: the set to show; empty: the one that is open, or was last. Staff who look by themselves steer. */
export function BreakoutStage({ id, featured }: { id: string; featured: boolean }) {
  const t = useTexts();
  const { view, may } = useRoom();
  const running = runningSet(view.breakouts);
  const named = setsOf(view.breakouts).find((each) => each.id === id && each.status === "closed");
  const closed = named ?? (running === undefined ? lastClosed(view.breakouts) : undefined);
  const moderates = may("can_moderate");
  return (
    <Suspense fallback={<Waiting text={t.common.loading} />}>
      {moderates && !(featured && closed !== undefined) ? (
        <Director />
      ) : closed !== undefined ? (
        <>
          {moderates && <OffStage />}
          <Results setId={closed.id} />
        </>
      ) : running?.status === "open" ? (
        <Overview set={running} />
      ) : (
        <NoRooms />
      )}
    </Suspense>
  );
}

function OffStage() {
  const t = useTexts();
  const { submit } = useRoom();
  return (
    <p className="stage-off">
      <Button size="small" icon="stage" onPress={() => void submit({ type: "stage.show", kind: "nothing" })}>
        {t.stage.off}
      </Button>
    </p>
  );
}
