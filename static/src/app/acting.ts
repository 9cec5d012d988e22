// Something a page does at the server: one thing at a time, and what to say when it was refused.
import { useCallback, useRef, useState } from "react";
import { useTexts } from "../texts";
import { asProblem } from "./asked";

export interface Acting {
  busy: boolean;
  /** In words; undefined: all is well. */
  fault: string | undefined;
  /** False: it was refused, and `fault` says why. */
  act(work: () => Promise<unknown>): Promise<boolean>;
}

export function useActing(): Acting {
  const t = useTexts();
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string>();
  const running = useRef(false);
  const act = useCallback(
    async (work: () => Promise<unknown>) => {
      if (running.current) return false;
      running.current = true;
      setBusy(true);
      setFault(undefined);
      try {
        await work();
        return true;
      } catch (error) {
        const problem = asProblem(error);
        setFault(problem.body.errors?.[0]?.detail ?? t.problem(problem.code, problem.retryAfter));
        return false;
      } finally {
        running.current = false;
        setBusy(false);
      }
    },
    [t],
  );
  return { busy, fault, act };
}
