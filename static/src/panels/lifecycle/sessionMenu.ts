// What the session menu offers to whom: host, staff, and whoever may moderate.
import type { ActGroup } from "../../design/Menu";
import { useTexts } from "../../texts";
import { usePlace } from "../room/place";
import { useRoom } from "../room/RoomContext";

const EXTEND_MINUTES = [5, 15, 30] as const;
const SLOW_SECONDS = [0, 10, 30, 60] as const;

export function useSessionMenu(): ActGroup[] {
  const t = useTexts();
  const { view, host, may, role, submit, feature } = useRoom();
  const { openDialog } = usePlace();
  const { status, lobby } = view.lifecycle;
  const moderates = may("can_moderate");
  const staffRole = role === "instructor" || role === "assistant";
  const running = status === "active" || status === "paused";

  const steer: ActGroup = { heading: t.menu.session, acts: [] };
  const talk: ActGroup = { heading: t.menu.talk, acts: [] };
  const end: ActGroup = { acts: [] };
  const into = (group: ActGroup, ...acts: ActGroup["acts"][number][]) => Object.assign(group, { acts: [...group.acts, ...acts] });

  if (staffRole) into(steer, { id: "invite", label: t.menu.invite, icon: "link", run: () => openDialog("invite") });
  if (staffRole && status === "active")
    into(steer, { id: "pause", label: t.menu.pause, icon: "pause", run: () => void submit({ type: "session.pause" }) });
  if (host && running)
    into(
      steer,
      ...EXTEND_MINUTES.map((minutes) => ({
        id: `extend-${minutes}`,
        label: t.menu.extend(minutes),
        icon: "clock" as const,
        run: () => void submit({ type: "session.extend", minutes }),
      })),
    );
  if (host)
    into(steer, {
      id: "lobby",
      label: lobby ? t.menu.lobbyOff : t.menu.lobbyOn,
      icon: "shield",
      run: () => void submit({ type: "session.update", lobby: !lobby }),
    });
  if (moderates)
    into(steer, { id: "rights", label: t.menu.everybody, icon: "key", run: () => openDialog("rights-of-all") });

  if (moderates && feature("chat") !== undefined && running) {
    const locked = view.chat?.locked ?? false;
    into(talk, {
      id: "lock",
      label: locked ? t.menu.unlockChat : t.menu.lockChat,
      icon: "lock",
      run: () => void submit({ type: "chat.lock", locked: !locked }),
    });
    const slow = view.chat?.slowSeconds ?? 0;
    into(
      talk,
      ...SLOW_SECONDS.filter((seconds) => seconds !== slow).map((seconds) => ({
        id: `slow-${seconds}`,
        label: `${t.menu.slow}: ${seconds === 0 ? t.menu.slowOff : t.menu.slowSeconds(seconds)}`,
        icon: "clock" as const,
        run: () => void submit({ type: "chat.slow", seconds }),
      })),
    );
  }
  const questions = feature("qa");
  if (host && questions !== undefined) {
    const approval = questions.config["approval"] === true;
    const features = view.lifecycle.features.map((each) =>
      each.type === "qa" ? { ...each, config: { ...each.config, approval: !approval } } : each,
    );
    into(talk, {
      id: "approval",
      label: approval ? t.menu.approvalOff : t.menu.approvalOn,
      icon: "question",
      run: () => void submit({ type: "session.update", features }),
    });
  }
  if (host && running) into(end, { id: "end", label: t.menu.end, icon: "stop", danger: true, run: () => openDialog("end") });
  if (host && !running)
    into(end, { id: "cancel", label: t.menu.cancel, icon: "close", danger: true, run: () => openDialog("cancel") });
  return [steer, talk, end].filter((group) => group.acts.length > 0);
}
