// Finding words in what was said, written and asked: without regard to capitals and accents, every word of the search
// somewhere in the text. Made once, asked often. Pure.
import type { Recorded } from "../session/wire";
import { secondsAt, type Timeline } from "./timeline";
import type { Sentence } from "./words";

export type HitKind = "said" | "chat" | "question" | "poll";

export interface Findable {
  id: string;
  kind: HitKind;
  atS: number;
  user: string | undefined;
  text: string;
}

/** A stretch of a text: whether it was searched for. */
export interface Piece {
  text: string;
  found: boolean;
}

interface Entry {
  of: Findable;
  folded: string;
}

const HITS_MAX = 200;

export class Search {
  readonly #entries: Entry[];

  constructor(findables: readonly Findable[]) {
    this.#entries = [...findables].sort((a, b) => a.atS - b.atS).map((of) => ({ of, folded: fold(of.text) }));
  }

  /** In the order of time. */
  find(query: string): Findable[] {
    const words = wordsIn(query);
    if (words.length === 0) return [];
    const found = this.#entries.filter(({ folded }) => words.every((word) => folded.includes(word)));
    return found.slice(0, HITS_MAX).map(({ of }) => of);
  }
}

export function findablesOf(timeline: Timeline, sentences: readonly Sentence[], events: readonly Recorded[]): Findable[] {
  const said = sentences.map(
    ({ id, startS, user, text }): Findable => ({ id: `said-${id}`, kind: "said", atS: startS, user, text }),
  );
  return [...said, ...events.flatMap((event) => written(timeline, event))];
}

function written(timeline: Timeline, event: Recorded): Findable[] {
  const atS = Math.max(0, secondsAt(timeline, event.at));
  const id = `${event.seq}`;
  switch (event.type) {
    case "chat.sent":
    case "chat.edited":
      return event.text === "" ? [] : [{ id, kind: "chat", atS, user: event.actor, text: event.text }];
    case "question.asked":
      return event.text === "" ? [] : [{ id, kind: "question", atS, user: event.actor, text: event.text }];
    case "question.approved":
      return [{ id, kind: "question", atS, user: event.question.author, text: event.question.text }];
    case "question.answered":
      return event.text === undefined ? [] : [{ id, kind: "question", atS, user: event.actor, text: event.text }];
    case "poll.opened":
      return [{ id, kind: "poll", atS, user: undefined, text: [event.question, ...event.options].join(" · ") }];
    default:
      return [];
  }
}

/** Characters keep their places, so that what was found can be shown in the text itself. */
function fold(text: string): string {
  return [...text].map((each) => bare(each).padEnd(each.length, "\u0000")).join("");
}

function bare(character: string): string {
  const plain = character.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  return plain.length <= character.length ? plain : character.toLowerCase().slice(0, character.length);
}

const wordsIn = (query: string): string[] => fold(query).split(/\s+/).filter(Boolean);

/** The text in pieces, what was searched for apart; long texts are cut around the first place. */
export function piecesOf(text: string, query: string, around = 90): Piece[] {
  const folded = fold(text);
  const marks: [number, number][] = [];
  for (const word of wordsIn(query))
    for (let at = folded.indexOf(word); at >= 0; at = folded.indexOf(word, at + word.length))
      marks.push([at, at + word.length]);
  marks.sort(([a], [b]) => a - b);
  const first = marks[0]?.[0] ?? 0;
  const from = first > around ? first - around : 0;
  const to = Math.min(text.length, first + 2 * around);
  const pieces: Piece[] = from > 0 ? [{ text: "…", found: false }] : [];
  let done = from;
  for (const [start, end] of marks) {
    if (start < done || end > to) continue;
    if (start > done) pieces.push({ text: text.slice(done, start), found: false });
    pieces.push({ text: text.slice(start, end), found: true });
    done = end;
  }
  if (done < to) pieces.push({ text: text.slice(done, to), found: false });
  if (to < text.length) pieces.push({ text: "…", found: false });
  return pieces;
}
