// What the host features for all, as rooms/stage.py applies it.
import type { Stage } from "../protocol";
import { compact, type Reducers } from "./slice";

function gone(stage: Stage, event: { questionId: string; at: string }): Stage {
  const shown = stage.kind === "question" && stage.target === event.questionId;
  return shown ? { kind: "nothing", since: event.at } : stage;
}

export const stage: Reducers<Stage> = {
  "stage.shown": (_now, event) => compact<Stage>({ kind: event.kind, target: event.target, since: event.at } as Stage),
  "poll.opened": (now, event) => (event.show ? { kind: "poll", target: event.pollId, since: event.at } : now),
  "question.dismissed": gone,
  "question.merged": gone,
  "question.withdrawn": gone,
  "question.vanished": gone,
};
