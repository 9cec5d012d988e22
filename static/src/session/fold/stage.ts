// What the host features for all in a place, as rooms/stage.py applies it: the main room has a stage, so has every breakout room.
import type { Shown, Stage } from "../protocol";
import { compact, type Reducers } from "./slice";

const NOTHING: Shown = { kind: "nothing" };

/** The stage of a place; without a room the main room's. */
function stageIn(stage: Stage, room: string | undefined): Shown {
  if (room !== undefined) return stage.rooms[room] ?? NOTHING;
  const { kind, target, since } = stage;
  return compact<Shown>({ kind, target, since } as Shown);
}

function turned(stage: Stage, room: string | undefined, shown: Shown): Stage {
  const there = compact<Shown>(shown);
  return room === undefined ? { ...there, rooms: stage.rooms } : { ...stage, rooms: { ...stage.rooms, [room]: there } };
}

function lost(stage: Stage, event: { at: string; room?: string }, kind: Shown["kind"], target: string): Stage {
  const now = stageIn(stage, event.room);
  const shown = now.kind === kind && now.target === target;
  return shown ? turned(stage, event.room, { kind: "nothing", since: event.at }) : stage;
}

const gone = (stage: Stage, event: { questionId: string; at: string; room?: string }): Stage =>
  lost(stage, event, "question", event.questionId);

export const stage: Reducers<Stage> = {
  "stage.shown": (now, event) =>
    turned(now, event.room, { kind: event.kind, target: event.target, since: event.at } as Shown),
  "poll.opened": (now, event) =>
    event.show ? turned(now, event.room, { kind: "poll", target: event.pollId, since: event.at }) : now,
  "question.dismissed": gone,
  "question.merged": gone,
  "question.withdrawn": gone,
  "question.vanished": gone,
  "board.pageRemoved": (now, event) => lost(now, event, "board", event.boardId),
};
