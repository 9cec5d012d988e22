// Where one could write, were the session running; what is already written stays kept.
import { useTexts } from "../../texts";
import { useRoom } from "./RoomContext";

export function NotNow() {
  const t = useTexts();
  const { view } = useRoom();
  const paused = view.lifecycle.status === "paused";
  return <p className="composer-off soft">{paused ? t.problem("session.paused") : t.problem("session.not_active")}</p>;
}
