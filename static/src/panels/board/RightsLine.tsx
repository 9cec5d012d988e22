// Why one cannot draw, and the way to it.
import { Button } from "../../design/Button";
import { useBoardTexts } from "../../texts/board";
import { useRoom } from "../room/RoomContext";
import type { MayDraw } from "./reading";

export function RightsLine({ draw }: { draw: MayDraw }) {
  const b = useBoardTexts();
  const { view, me, role, submit } = useRoom();
  if (draw === "yes") return null;
  const asked = view.rights?.asked.some((each) => each.user === me && each.permission === "can_use_whiteboard") ?? false;
  const words: Record<Exclude<MayDraw, "yes">, string> = {
    locked: b.locked,
    not_allowed: asked ? b.asked : b.lookOn,
    not_now: b.notNow,
    elsewhere: b.lookOnElsewhere,
  };
  return (
    <div className="board-line" role="status">
      <span className="grow">{words[draw]}</span>
      {draw === "not_allowed" && !asked && role !== undefined && (
        <Button
          size="small"
          look="primary"
          icon="edit"
          onPress={() => void submit({ type: "permission.ask", permission: "can_use_whiteboard" })}
        >
          {b.ask}
        </Button>
      )}
    </div>
  );
}
