// Notes beside the live room: each carries the session's time, as the replay counts it.
import { useCallback, useState } from "react";
import { api } from "../../app/client";
import { useNotesTexts } from "../../texts/notes";
import { usePlace } from "../room/place";
import { useRoom } from "../room/RoomContext";
import { NotesPanel } from "./NotesPanel";

export function RoomNotes() {
  const n = useNotesTexts();
  const { session, view } = useRoom();
  const { enters } = usePlace();
  const { actualStart } = view.lifecycle;
  const [entering] = useState(() => enters("notes"));
  const now = useCallback(
    () =>
      actualStart === undefined
        ? undefined
        : Math.max(0, Math.floor((api.now() - Date.parse(actualStart)) / 1_000)),
    [actualStart],
  );
  return <NotesPanel sessionId={session.sessionId} none={n.noneRoom} now={now} entering={entering} />;
}
