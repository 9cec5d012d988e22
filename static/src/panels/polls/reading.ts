// What can be read off a poll: its order, what is prepared next, the words of its options, counts as shares. Pure.
import type { Poll, Polls } from "../../session/protocol";

export interface PollParts {
  /** Prepared, in the order of the run. */
  drafts: Poll[];
  open: Poll[];
  /** The latest first. */
  closed: Poll[];
}

/** The polls of one place. */
export function partsOf(polls: Polls | undefined, place?: string): PollParts {
  const here = Object.values(polls?.polls ?? {}).filter((each) => each.room === place);
  const all = here.sort((one, other) => one.seq - other.seq);
  return {
    drafts: all.filter((each) => each.status === "draft"),
    open: all.filter((each) => each.status === "open").reverse(),
    closed: all.filter((each) => each.status === "closed").reverse(),
  };
}

export interface PollWords {
  question: string;
  options: readonly string[];
}

/** Polls of one click speak the reader's language as long as nobody gave them words. */
export function wordsOf(poll: Poll, quick: { yesno: string; yes: string; no: string; abcd: string }): PollWords {
  if (poll.template === "yesno")
    return { question: poll.question === "Yes/No" ? quick.yesno : poll.question, options: [quick.yes, quick.no] };
  if (poll.template === "abcd")
    return { question: poll.question === "A/B/C/D" ? quick.abcd : poll.question, options: poll.options };
  return { question: poll.question, options: poll.options };
}

export type Choice = number | string;

/** The choice that stands for the option at `index`: ratings count from 1. */
export function choiceAt(poll: Poll, index: number): number {
  return poll.kind === "rating" ? index + 1 : index;
}

export interface Bar {
  count: number;
  /** Of those who answered, 0 to 1. */
  share: number;
  right: boolean;
}

export function barsOf(poll: Poll): Bar[] {
  const tally = poll.tally;
  return poll.options.map((_, index) => {
    const count = tally?.counts[index] ?? 0;
    const share = tally !== undefined && tally.answered > 0 ? count / tally.answered : 0;
    return { count, share, right: poll.correct?.includes(index) ?? false };
  });
}

/** Of a rating; null without answers. */
export function averageOf(poll: Poll): number | null {
  const tally = poll.tally;
  if (poll.kind !== "rating" || tally === undefined || tally.answered === 0) return null;
  return tally.counts.reduce((sum, count, index) => sum + count * (index + 1), 0) / tally.answered;
}

export interface CloudWord {
  word: string;
  count: number;
  /** 1 (least said) to 5 (most). */
  size: number;
}

/** The most said words, in an order that does not change while they are said again: by first mention. */
export function cloudOf(poll: Poll, max = 60): CloudWord[] {
  const words = poll.tally?.words ?? [];
  const most = Math.max(1, ...words.map(([, count]) => count));
  const kept = new Set([...words].sort(([, one], [, other]) => other - one).slice(0, max));
  return words
    .filter((pair) => kept.has(pair))
    .map(([word, count]) => ({ word, count, size: most === 1 ? 2 : 1 + Math.round((4 * (count - 1)) / (most - 1)) }));
}

/** What somebody typed into a field for words. */
export function wordsGiven(text: string): string[] {
  const words = text.split(/[,;\n]/).map((word) => word.trim());
  return [...new Set(words.filter((word) => word !== ""))].slice(0, 5);
}

export function isRight(poll: Poll, choices: readonly Choice[]): boolean {
  const correct = poll.correct ?? [];
  return correct.length === choices.length && correct.every((each) => choices.includes(each));
}
