// What somebody is writing and has not sent: kept while they look elsewhere, and over a reload.
import { useCallback, useState } from "react";
import { kept } from "../../app/client";
import { useRoom } from "./RoomContext";

const keyOf = (session: string, me: string, name: string): string => `atelier.draft.${session}.${me}.${name}`;

/** Takes along what somebody was writing where they can write no more; what they began elsewhere stays as it is. */
export function carryDraft(session: string, me: string, from: string, to: string): void {
  const written = kept.get(keyOf(session, me, from));
  if (written === null || kept.get(keyOf(session, me, to)) !== null) return;
  kept.set(keyOf(session, me, to), written);
  kept.drop(keyOf(session, me, from));
}

export function useDraft(name: string): [string, (text: string) => void] {
  const { session, me } = useRoom();
  const key = keyOf(session.sessionId, me, name);
  const [state, setState] = useState({ key, text: kept.get(key) ?? "" });
  const now = state.key === key ? state : { key, text: kept.get(key) ?? "" };
  if (now !== state) setState(now);
  const write = useCallback(
    (text: string) => {
      setState({ key, text });
      if (text === "") kept.drop(key);
      else kept.set(key, text);
    },
    [key],
  );
  return [now.text, write];
}
