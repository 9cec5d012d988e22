// Why one cannot write now, below the field; what is already written stays in it.
import { useTexts } from "../../texts";
import { useRoom } from "./RoomContext";

export function NotNow() {
  const t = useTexts();
  const { view } = useRoom();
  const paused = view.lifecycle.status === "paused";
  return <p className="soft small">{paused ? t.problem("session.paused") : t.problem("session.not_active")}</p>;
}
