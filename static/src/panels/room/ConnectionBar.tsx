// A thin line while the connection is lost: that it is being mended, and how much waits to be sent. Never in the way.
import { useEffect, useState } from "react";
import { Icon } from "../../design/Icon";
import { useTexts } from "../../texts";
import { useRoom } from "./RoomContext";

const PATIENCE_MS = 400;

export function ConnectionBar() {
  const t = useTexts();
  const { state } = useRoom();
  const unsent = state.pending.filter((each) => each.seq === undefined).length;
  const lost = useAfter(state.phase === "away", PATIENCE_MS);
  return (
    <div className="connection-place" role="status">
      {lost && (
        <p className="connection-bar">
          <Icon name="signal" />
          {t.connection.lost}
          {unsent > 0 && <strong>{t.connection.unsent(unsent)}</strong>}
        </p>
      )}
    </div>
  );
}

/** True once `on` has been for a while: a connection that is back at once is not worth a word. */
function useAfter(on: boolean, ms: number): boolean {
  const [due, setDue] = useState(false);
  useEffect(() => {
    if (!on) {
      setDue(false);
      return;
    }
    const timer = setTimeout(() => setDue(true), ms);
    return () => clearTimeout(timer);
  }, [on, ms]);
  return on && due;
}
