// For who does not see the mark: that the recording begins, pauses, goes on, ends, and what staff marked in it.
import { useEffect, useRef, useState } from "react";
import { Said } from "../../design/Bits";
import type { Recorded } from "../../session/wire";
import { type RecordingTexts, useRecordingTexts } from "../../texts/recording";
import { useRoom } from "../room/RoomContext";

export function RecordingSaid() {
  const t = useRecordingTexts();
  const { session } = useRoom();
  const [said, setSaid] = useState({ polite: "", urgent: "" });
  const latest = useRef(t);
  latest.current = t;
  useEffect(
    () =>
      session.onEvents((events) => {
        for (const event of events) {
          const words = wordsOf(event, latest.current);
          // That one is being recorded concerns everybody in person; the rest can wait.
          if (words !== null)
            setSaid((now) => ({ ...now, [event.type === "recording.started" ? "urgent" : "polite"]: words }));
        }
      }),
    [session],
  );
  return <Said {...said} />;
}

function wordsOf(event: Recorded, t: RecordingTexts): string | null {
  switch (event.type) {
    case "recording.started":
      return t.begun;
    case "recording.paused":
      return t.halted;
    case "recording.resumed":
      return t.goesOn;
    case "recording.stopped":
      return t.over;
    case "recording.marked":
      return t.chapter(event.text);
    default:
      return null;
  }
}
