// What staff do with the recording: in the session menu, and on the mark that says it is on.
import type { Act } from "../../design/Menu";
import { useRecordingTexts } from "../../texts/recording";
import { usePlace } from "../room/place";
import { useRoom } from "../room/RoomContext";
import { currentRun } from "./reading";

export function useRecordingActs(): Act[] {
  const t = useRecordingTexts();
  const { view, may, feature, submit } = useRoom();
  const { openDialog } = usePlace();
  if (!may("can_moderate") || feature("recording") === undefined) return [];
  const run = currentRun(view);
  const { status } = view.lifecycle;
  if (run === undefined)
    return status === "active"
      ? [{ id: "record", label: t.start, icon: "record", run: () => void submit({ type: "recording.start" }) }]
      : [];
  const recording = run.status === "recording";
  return [
    { id: "mark", label: t.mark, icon: "flag", state: "K", run: () => openDialog("mark") },
    recording
      ? { id: "record-pause", label: t.pause, icon: "pause", run: () => void submit({ type: "recording.pause" }) }
      : { id: "record-resume", label: t.resume, icon: "record", run: () => void submit({ type: "recording.resume" }) },
    { id: "record-stop", label: t.stop, icon: "stop", run: () => void submit({ type: "recording.stop" }) },
  ];
}
