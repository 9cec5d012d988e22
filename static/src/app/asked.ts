// A page's question to the server: asked when the page comes, again when its address changes or on request.
import { useCallback, useEffect, useState } from "react";
import { Problem } from "../session/api";
import { api } from "./client";

export interface AskedState<T> {
  value: T | null;
  problem: Problem | null;
  busy: boolean;
  again(): void;
}

/** `path` null asks nothing. */
export function useAsked<T>(path: string | null): AskedState<T> {
  const [round, setRound] = useState(0);
  const [state, setState] = useState<{ path: string | null; value: T | null; problem: Problem | null; busy: boolean }>({
    path,
    value: null,
    problem: null,
    busy: path !== null,
  });
  useEffect(() => {
    if (path === null) return;
    let gone = false;
    setState((now) => ({ path, value: now.path === path ? now.value : null, problem: null, busy: true }));
    api.get<T>(path).then(
      (value) => gone || setState({ path, value, problem: null, busy: false }),
      (error: unknown) => gone || setState((now) => ({ ...now, problem: asProblem(error), busy: false })),
    );
    return () => {
      gone = true;
    };
  }, [path, round]);
  const again = useCallback(() => setRound((now) => now + 1), []);
  return { value: state.value, problem: state.problem, busy: state.busy, again };
}

export function asProblem(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem(0, { code: "offline", detail: String(error) });
}

/** The same for what takes several questions; asked again when one of `deps` changes. */
export function useLoaded<T>(load: () => Promise<T>, deps: readonly unknown[]): AskedState<T> {
  const [round, setRound] = useState(0);
  const [state, setState] = useState<{ value: T | null; problem: Problem | null; busy: boolean }>({
    value: null,
    problem: null,
    busy: true,
  });
  useEffect(() => {
    let gone = false;
    setState((now) => ({ ...now, problem: null, busy: true }));
    load().then(
      (value) => gone || setState({ value, problem: null, busy: false }),
      (error: unknown) => gone || setState((now) => ({ ...now, problem: asProblem(error), busy: false })),
    );
    return () => {
      gone = true;
    };
  }, [round, ...deps]);
  const again = useCallback(() => setRound((now) => now + 1), []);
  return { ...state, again };
}
