// Polls as a view has them, as rooms/poll_book.py applies it. The ballots of anonymous polls are never in a view.
import type { Poll, Polls, Tally } from "../protocol";
import { compact, type Reducers, without } from "./slice";

type Choices = (number | string)[];

/** What is asked, as an event carries it. */
type Terms = Pick<Poll, "question" | "kind" | "options" | "many" | "anonymous" | "results"> &
  Partial<Pick<Poll, "closesAfterS" | "template">>;

interface Counted {
  answered?: number;
  counts?: number[];
  words?: [string, number][];
}

function terms(event: Terms): Terms {
  const { question, kind, options, many, anonymous, results, closesAfterS, template } = event;
  return compact<Terms>({ question, kind, options, many, anonymous, results, closesAfterS, template } as Terms);
}

function withPoll(polls: Polls, poll: Poll): Polls {
  return { ...polls, polls: { ...polls.polls, [poll.id]: poll } };
}

function change(polls: Polls, event: { pollId: string }, changed: (poll: Poll) => Poll): Polls {
  const poll = polls.polls[event.pollId];
  return poll === undefined ? polls : withPoll(polls, changed(poll));
}

function tallyOf({ answered, counts, words }: Counted): Tally | undefined {
  return answered === undefined ? undefined : { answered, counts: counts ?? [], words: words ?? [] };
}

function fresh(event: Terms & { pollId: string; seq: number; author?: string; room?: string }): Poll {
  return compact<Poll>({
    ...terms(event),
    id: event.pollId,
    seq: event.seq,
    author: event.author,
    status: "draft",
    live: false,
    published: false,
    armed: 0,
    votes: {},
    room: event.room,
  } as unknown as Poll);
}

/** One answer more, or another instead of `was`. */
export function counted(tally: Tally, kind: Poll["kind"], now: Choices, was: Choices | undefined): Tally {
  const answered = tally.answered + (was === undefined ? 1 : 0);
  if (kind === "text") return { ...tally, answered, words: countedWords(tally.words, now, was ?? []) };
  const first = kind === "rating" ? 1 : 0;
  const counts = [...tally.counts];
  const add = (choice: number | string, step: number): void => {
    const index = Number(choice) - first;
    if (index >= 0 && index < counts.length) counts[index] = (counts[index] ?? 0) + step;
  };
  for (const each of was ?? []) add(each, -1);
  for (const each of now) add(each, 1);
  return { ...tally, answered, counts };
}

function countedWords(words: [string, number][], now: Choices, was: Choices): [string, number][] {
  const counts = new Map(words);
  for (const each of was) counts.set(String(each), (counts.get(String(each)) ?? 0) - 1);
  for (const each of now) counts.set(String(each), (counts.get(String(each)) ?? 0) + 1);
  return [...counts].filter(([, count]) => count > 0);
}

export const polls: Reducers<Polls> = {
  "poll.created": (now, event) =>
    withPoll(now, compact<Poll>({ ...fresh(event), correct: event.correct } as unknown as Poll)),
  "poll.updated": (now, event) =>
    change(now, event, ({ closesAfterS: _closes, template: _template, correct: _correct, ...poll }) =>
      compact<Poll>({ ...poll, ...terms(event), correct: event.correct } as unknown as Poll),
    ),
  "poll.deleted": (now, event) => ({ ...now, polls: without(now.polls, event.pollId) }),
  "poll.opened": (now, event) => {
    const draft = now.polls[event.pollId];
    const live = event.results === "live";
    const seen = !event.anonymous && (draft !== undefined || live);
    const { tally: _tally, closesAt: _closesAt, ...poll } = draft ?? fresh(event);
    const opened = {
      ...poll,
      seq: event.seq,
      status: "open",
      live,
      armed: event.seq,
      openedAt: event.at,
      closesAt: event.closesAt,
      tally: seen ? { answered: 0, counts: event.options.map(() => 0), words: [] } : undefined,
    };
    return withPoll(now, compact<Poll>(opened as unknown as Poll));
  },
  "poll.voted": (now, event) =>
    event.ballot !== undefined
      ? now
      : change(now, event, (poll) => ({
          ...poll,
          ...(event.actor === undefined ? {} : { votes: { ...poll.votes, [event.actor]: event.choices } }),
          ...(poll.tally === undefined ? {} : { tally: counted(poll.tally, poll.kind, event.choices, event.was) }),
        })),
  "poll.tallied": (now, event) =>
    change(now, event, (poll) => compact<Poll>({ ...poll, tally: tallyOf(event) ?? poll.tally } as unknown as Poll)),
  "poll.closed": (now, event) =>
    change(now, event, ({ closesAt: _closesAt, ...poll }) =>
      compact<Poll>({
        ...poll,
        status: "closed",
        closedAt: event.at,
        tally: tallyOf(event) ?? poll.tally,
        correct: event.correct ?? poll.correct,
        who: event.who,
      } as unknown as Poll),
    ),
  "poll.reopened": (now, event) =>
    change(now, event, ({ closedAt: _closedAt, ...poll }) =>
      compact<Poll>({ ...poll, status: "open", armed: event.seq, closesAt: event.closesAt } as unknown as Poll),
    ),
  "poll.published": (now, event) =>
    change(now, event, (poll) =>
      compact<Poll>({
        ...poll,
        published: true,
        live: true,
        tally: tallyOf(event) ?? poll.tally,
        correct: event.correct ?? poll.correct,
      } as unknown as Poll),
    ),
};
