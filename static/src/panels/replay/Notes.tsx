// One's own notes in the replay: a moment of a note leads there, and a new one carries the moment that is played.
import { useCallback } from "react";
import { useNotesTexts } from "../../texts/notes";
import { NotesPanel } from "../notes/NotesPanel";
import { useReplay } from "./ReplayContext";

export function Notes() {
  const n = useNotesTexts();
  const { source, player } = useReplay();
  const now = useCallback(() => Math.floor(player.state.at), [player]);
  const go = useCallback((seconds: number) => player.seek(seconds), [player]);
  return <NotesPanel sessionId={source.sessionId} none={n.noneReplay} now={now} onGo={go} />;
}
