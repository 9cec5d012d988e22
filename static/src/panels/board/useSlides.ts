// Slides on their way: how far they are, how to stop them, what went wrong. They go on while one looks at something else.
import { useSyncExternalStore } from "react";
import type { Session } from "../../session/session";
import type { SlidesProgress } from "./slides";

export interface SlidesNow {
  progress: SlidesProgress | null;
  /** Why they did not go on: a code. */
  failed: string | null;
}

export interface SlidesAsked {
  session: Session;
  file: File;
  after: string;
  name(page: number): string;
}

let now: SlidesNow = { progress: null, failed: null };
let running: AbortController | null = null;
const changed = new Set<() => void>();

function become(next: SlidesNow): void {
  now = next;
  for (const each of changed) each();
}

/** One document at a time. Resolves with the first page that was added, if any. */
export async function startSlides(asked: SlidesAsked): Promise<string | undefined> {
  if (running !== null) return undefined;
  const stopping = new AbortController();
  running = stopping;
  become({ progress: { done: 0, of: 0 }, failed: null });
  let failed: string | null = null;
  try {
    const { addSlides } = await import("./slides");
    const progress = (progress: SlidesProgress): void => become({ progress, failed: null });
    return await addSlides({ ...asked, progress, signal: stopping.signal });
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (!stopping.signal.aborted) failed = typeof code === "string" ? code : "other";
    return undefined;
  } finally {
    running = null;
    become({ progress: null, failed });
  }
}

export const stopSlides = (): void => running?.abort();

export const forgetFailure = (): void => become({ ...now, failed: null });

const subscribe = (listener: () => void): (() => void) => {
  changed.add(listener);
  return () => changed.delete(listener);
};

export const useSlides = (): SlidesNow => useSyncExternalStore(subscribe, () => now);
