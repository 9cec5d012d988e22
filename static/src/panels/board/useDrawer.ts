// What this person may do on a page now.
import type { Page } from "../../session/protocol";
import { useRoom } from "../room/RoomContext";
import { type MayDraw, mayDraw } from "./reading";

export interface MyRights {
  draw: MayDraw;
  /** May add and change pages: moderators, from before the start until the end. */
  steer: boolean;
  running: boolean;
}

export function useMyRights(page: Page): MyRights {
  const { view, may, role, here } = useRoom();
  const { status } = view.lifecycle;
  const moderates = may("can_moderate");
  const running = status === "active" || status === "paused";
  const draw = mayDraw(page, {
    moderates,
    allowed: may("can_use_whiteboard"),
    participant: role === "participant",
    running,
    active: status === "active",
    here,
  });
  return { draw, steer: moderates && status !== "ended" && status !== "cancelled", running };
}
