// The chapters of a session: polls that were opened, questions that came onto the stage, rooms that opened, and what staff
// marked. Made from the visible events alone. Pure.
import type { Recorded } from "../session/wire";
import { secondsAt, type Timeline } from "./timeline";

export type ChapterKind = "poll" | "question" | "rooms" | "mark";

export interface Chapter {
  id: string;
  kind: ChapterKind;
  atS: number;
  /** As it was put then. Empty: it has no words of its own. */
  title: string;
  pollId?: string;
}

/** A question that is answered again after so long is another chapter. */
const AGAIN_AFTER_S = 120;

export function chaptersOf(timeline: Timeline, events: readonly Recorded[]): Chapter[] {
  const questions = new Map<string, string>();
  const shown = new Map<string, number>();
  const chapters: Chapter[] = [];
  const add = (event: Recorded, kind: ChapterKind, title: string, more: Partial<Chapter> = {}): void => {
    const atS = secondsAt(timeline, event.at);
    if (atS < 0) return;
    chapters.push({ id: `${kind}-${event.seq}`, kind, atS, title, ...more });
  };
  const onStage = (event: Recorded, id: string): void => {
    const text = questions.get(id);
    const at = secondsAt(timeline, event.at);
    if (text === undefined || at - (shown.get(id) ?? -Infinity) < AGAIN_AFTER_S) return;
    shown.set(id, at);
    add(event, "question", text);
  };
  for (const event of events) {
    // What went on in breakout rooms at once would be many chapters of one time: their opening is one.
    if ("room" in event && event.room !== undefined) continue;
    switch (event.type) {
      case "question.asked":
        questions.set(event.questionId, event.text);
        break;
      case "question.approved":
        questions.set(event.questionId, event.question.text);
        break;
      case "question.answering":
        onStage(event, event.questionId);
        break;
      case "stage.shown":
        if (event.kind === "question" && event.target !== undefined) onStage(event, event.target);
        break;
      case "poll.opened":
        add(event, "poll", event.question, { pollId: event.pollId });
        break;
      case "breakout.opened":
        add(event, "rooms", event.name);
        break;
      case "recording.marked":
        add(event, "mark", event.text);
        break;
    }
  }
  return chapters;
}

/** The chapter one is in. */
export function chapterAt(chapters: readonly Chapter[], at: number): Chapter | undefined {
  return chapters.filter((each) => each.atS <= at).at(-1);
}
