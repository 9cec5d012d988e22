// The elements of a page: fetched when somebody opens it, put into the session's view, and followed there by its fold from
// then on. Events that arrive while the answer is on its way are kept for the fold to make up for it.
import { useEffect, useState } from "react";
import { asProblem } from "../../app/asked";
import { api } from "../../app/client";
import type { Problem } from "../../session/api";
import { load, type LoadedBoard } from "../../session/fold/boards";
import type { Session } from "../../session/session";
import type { Recorded } from "../../session/wire";

export const pagePath = (session: string, boardId: string): string => `/live-sessions/${session}/boards/${boardId}`;

export async function loadPage(session: Session, boardId: string): Promise<void> {
  const tail: Recorded[] = [];
  const stop = session.onEvents((events) => tail.push(...events));
  try {
    const board = await api.get<LoadedBoard>(pagePath(session.sessionId, boardId));
    session.fill((view) => {
      const boards = view.boards && load(view.boards, board, tail);
      return boards === undefined ? view : { ...view, boards };
    });
  } finally {
    stop();
  }
}

const AGAIN_MS = 1_000;

/** Loads the page while it is not there, also after the view was replaced by one without it; null while all is well. */
export function useLoadedPage(session: Session, boardId: string, there: boolean, live: boolean): Problem | null {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [round, setRound] = useState(0);
  useEffect(() => {
    if (there || !live) return;
    let gone = false;
    const timer = setTimeout(() => setRound((now) => now + 1), AGAIN_MS); // unless it is there by then
    loadPage(session, boardId).then(
      () => gone || setProblem(null),
      (error: unknown) => gone || setProblem(asProblem(error)),
    );
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [session, boardId, there, live, round]);
  return there ? null : problem;
}
