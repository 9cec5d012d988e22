// The order in which questions are shown, and the parts they are shown in. Pure.
import type { Question, Questions } from "../../session/protocol";

export type Sort = "votes" | "age";

export interface Parts {
  /** Wait for approval. */
  queue: Question[];
  /** One is being answered now, then pinned ones, then the others. */
  open: Question[];
  answered: Question[];
  /** Dismissed or merged, for those who still see them. */
  away: Question[];
}

/** The questions of one place. */
export function partsOf({ questions, pins }: Questions, sort: Sort, place?: string): Parts {
  const all = Object.values(questions).filter((each) => each.room === place);
  const rank = (each: Question): number => (each.state === "answering" ? 0 : pins.includes(each.id) ? 1 : 2);
  const newest = (one: Question, other: Question): number => other.seq - one.seq;
  const order = (one: Question, other: Question): number =>
    rank(one) - rank(other) || (sort === "votes" ? other.votes - one.votes || one.seq - other.seq : newest(one, other));
  return {
    queue: all.filter((each) => each.state === "pending").sort((one, other) => one.seq - other.seq),
    open: all.filter((each) => each.state === "open" || each.state === "answering").sort(order),
    answered: all.filter((each) => each.state === "answered").sort(newest),
    away: all.filter((each) => each.state === "dismissed" || each.state === "merged").sort(newest),
  };
}
