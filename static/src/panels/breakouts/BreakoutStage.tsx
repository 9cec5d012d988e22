// Breakout rooms on the stage: for staff where they are steered, for everybody else who is where, and after the close what was
// made. What only some need is loaded when they need it.
import { lazy, Suspense } from "react";
import { Waiting } from "../../design/Bits";
import { useTexts } from "../../texts";
import { useRoom } from "../room/RoomContext";
import { NoRooms, Overview } from "./Overview";
import { lastClosed, runningSet, setsOf } from "./reading";

const Director = lazy(async () => ({ default: (await import("./Director")).Director }));
const Results = lazy(async () => ({ default: (await import("./Results")).Results }));

/** `id`: the set to show; empty: the one that is open, or was last. */
export function BreakoutStage({ id, featured }: { id: string; featured: boolean }) {
  const t = useTexts();
  const { view, may } = useRoom();
  const named = setsOf(view.breakouts).find((each) => each.id === id);
  const running = runningSet(view.breakouts);
  const closed = named?.status === "closed" ? named : running === undefined ? lastClosed(view.breakouts) : undefined;
  const directs = may("can_moderate") && !(featured && closed !== undefined && named === closed);
  return (
    <Suspense fallback={<Waiting text={t.common.loading} />}>
      {directs ? (
        <Director />
      ) : closed !== undefined ? (
        <Results setId={closed.id} />
      ) : running?.status === "open" ? (
        <Overview set={running} />
      ) : (
        <NoRooms />
      )}
    </Suspense>
  );
}
