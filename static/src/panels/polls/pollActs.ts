// What may be done with a poll, and by whom: staff steer every poll, others who may make polls only their own.
import type { Act } from "../../design/Menu";
import type { Poll } from "../../session/protocol";
import { stageAt } from "../../session/standing";
import { useTexts } from "../../texts";
import { usePlace } from "../room/place";
import { type RoomNow, useRoom } from "../room/RoomContext";

export function steers({ me, may }: Pick<RoomNow, "me" | "may">, poll: Poll): boolean {
  return may("can_create_polls") && (may("can_moderate") || poll.author === me);
}

/** The one thing a host does next with a poll; null when there is none. */
export function useNextAct(poll: Poll): Act | null {
  const t = useTexts();
  const room = useRoom();
  const { submit, view } = room;
  const running = view.lifecycle.status === "active" || view.lifecycle.status === "paused";
  if (!steers(room, poll) || !running) return null;
  if (poll.status === "draft")
    return {
      id: "launch",
      label: t.polls.launch,
      icon: "play",
      run: () => void submit({ type: "poll.open", pollId: poll.id }),
    };
  if (poll.status === "open")
    return {
      id: "close",
      label: t.polls.close,
      icon: "stop",
      run: () => void submit({ type: "poll.close", pollId: poll.id }),
    };
  return publishAct(poll, t.polls.publish, submit);
}

function publishAct(poll: Poll, label: string, submit: RoomNow["submit"]): Act | null {
  if (poll.live || poll.published) return null;
  return { id: "publish", label, icon: "eye", run: () => void submit({ type: "poll.publish", pollId: poll.id }) };
}

export function usePollActs(poll: Poll, edit: (poll: Poll) => void): Act[] {
  const t = useTexts();
  const room = useRoom();
  const { submit, view, may, here } = room;
  const { look } = usePlace();
  const acts: (Act | false | null)[] = [];
  const shown = stageAt(view, here);
  const onStage = shown.kind === "poll" && shown.target === poll.id;
  const running = view.lifecycle.status === "active" || view.lifecycle.status === "paused";
  const { id, status } = poll;
  if (status !== "draft")
    acts.push(!onStage && { id: "look", label: t.polls.look, icon: "eye", run: () => look({ kind: "poll", id }) });
  if (status !== "draft" && may("can_moderate") && running)
    acts.push(
      !onStage && {
        id: "show",
        label: t.polls.showStage,
        icon: "stage",
        run: () => void submit({ type: "stage.show", kind: "poll", target: id }),
      },
    );
  if (steers(room, poll))
    acts.push(
      status === "draft" && { id: "edit", label: t.polls.edit, icon: "edit", run: () => edit(poll) },
      status !== "draft" && running && publishAct(poll, t.polls.publish, submit),
      status === "closed" &&
        running &&
        !poll.anonymous &&
        !(poll.kind === "quiz" && (poll.live || poll.published)) && {
          id: "reopen",
          label: t.polls.reopen,
          icon: "reply",
          run: () => void submit({ type: "poll.reopen", pollId: id }),
        },
      { id: "copy", label: t.polls.copy, icon: "copy", run: () => void submit({ type: "poll.copy", pollId: id }) },
      status === "draft" && {
        id: "delete",
        label: t.polls.delete,
        icon: "trash",
        danger: true,
        run: () => void submit({ type: "poll.delete", pollId: id }),
      },
    );
  return acts.filter((act): act is Act => act !== false && act !== null);
}
