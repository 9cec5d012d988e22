// What somebody is writing and has not sent: kept while they look elsewhere, and over a reload.
import { useCallback, useState } from "react";
import { kept } from "../../app/client";
import { useRoom } from "./RoomContext";

export function useDraft(name: string): [string, (text: string) => void] {
  const { session, me } = useRoom();
  const key = `atelier.draft.${session.sessionId}.${me}.${name}`;
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
