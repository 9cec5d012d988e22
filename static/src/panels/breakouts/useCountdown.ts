// The time left until a moment of the server's clock, counted down second by second while somebody looks.
import { useEffect, useState } from "react";
import { api } from "../../app/client";
import { leftMs } from "./reading";

const SECOND_MS = 1_000;

/** Milliseconds; undefined where nothing is counted down. It turns exactly when a second is over. */
export function useCountdown(until: string | undefined): number | undefined {
  const [now, setNow] = useState(() => api.now());
  useEffect(() => {
    if (until === undefined) return;
    let timer: ReturnType<typeof setTimeout>;
    const tick = (): void => {
      const at = api.now();
      setNow(at);
      const left = Date.parse(until) - at;
      if (left > 0) timer = setTimeout(tick, left % SECOND_MS || SECOND_MS);
    };
    tick();
    return () => clearTimeout(timer);
  }, [until]);
  return leftMs(until, now);
}
