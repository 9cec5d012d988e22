// What the session menu offers to whom: host, staff, and whoever may moderate.
import type { Act, ActGroup } from "../../design/Menu";
import { useTexts } from "../../texts";
import { useRecordingActs } from "../recording/recordingActs";
import { usePlace } from "../room/place";
import { useRoom } from "../room/RoomContext";

const EXTEND_MINUTES = [5, 15] as const;

export function useSessionMenu(): ActGroup[] {
  const t = useTexts();
  const { view, host, may, role, submit, feature } = useRoom();
  const { openDialog } = usePlace();
  const { status, lobby } = view.lifecycle;
  const moderates = may("can_moderate");
  const staff = role === "instructor" || role === "assistant";
  const running = status === "active" || status === "paused";
  const talks = feature("chat") !== undefined || feature("qa") !== undefined;

  const steer: (Act | false)[] = [
    staff && { id: "invite", label: t.menu.invite, icon: "link", run: () => openDialog("invite") },
    staff &&
      status === "active" && {
        id: "pause",
        label: t.menu.pause,
        icon: "pause",
        run: () => void submit({ type: "session.pause" }),
      },
    ...EXTEND_MINUTES.map(
      (minutes): Act | false =>
        host &&
        running && {
          id: `extend-${minutes}`,
          label: t.menu.extend(minutes),
          icon: "clock",
          run: () => void submit({ type: "session.extend", minutes }),
        },
    ),
    host && {
      id: "lobby",
      label: lobby ? t.menu.lobbyOff : t.menu.lobbyOn,
      icon: "shield",
      run: () => void submit({ type: "session.update", lobby: !lobby }),
    },
    moderates && { id: "rights", label: t.menu.everybody, icon: "key", run: () => openDialog("rights-of-all") },
    moderates &&
      talks && { id: "conversation", label: t.menu.talk, icon: "chat", run: () => openDialog("conversation") },
  ];
  const record = useRecordingActs();
  const end: (Act | false)[] = [
    host && running && { id: "end", label: t.menu.end, icon: "stop", danger: true, run: () => openDialog("end") },
    host &&
      !running && { id: "cancel", label: t.menu.cancel, icon: "close", danger: true, run: () => openDialog("cancel") },
  ];
  return [steer, record, end]
    .map((acts) => ({ acts: acts.filter((act): act is Act => act !== false) }))
    .filter((group) => group.acts.length > 0);
}
