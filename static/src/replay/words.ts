// What was said, as one list over all recordings, in seconds of the session; who said it, and how much of it is there. Pure.
import type { Maybe, SoundRecording, SpokenWord, Transcript } from "./material";
import { firstAfter } from "./past";
import { secondsAt, type Timeline } from "./timeline";

export interface Sentence {
  id: string;
  /** Undefined: nobody knows. */
  user: string | undefined;
  startS: number;
  endS: number;
  text: string;
  words: readonly SpokenWord[];
  /** The same person as just before goes on. */
  follows: boolean;
}

export interface Words {
  sentences: readonly Sentence[];
  /** By who spoke first: the number of their colour. */
  speakers: ReadonlyMap<string, number>;
}

const GOES_ON_WITHIN_S = 20;

export function wordsOf(timeline: Timeline, recordings: readonly SoundRecording[], transcript: Transcript | null): Words {
  const starts = new Map(recordings.map((each) => [each.recordingId, secondsAt(timeline, each.startedAt)]));
  const all = (transcript?.recordings ?? []).flatMap(({ recordingId, segments }) => {
    const start = starts.get(recordingId);
    if (start === undefined) return [];
    return segments.map((each, index) => ({
      id: `${recordingId}/${index}`,
      user: each.userId ?? undefined,
      startS: start + each.start,
      endS: start + Math.max(each.start, each.end),
      text: each.text.trim(),
      words: shifted(each.words, start),
      follows: false,
    }));
  });
  const sentences = all.filter((each) => each.text !== "").sort((a, b) => a.startS - b.startS || a.endS - b.endS);
  const speakers = new Map<string, number>();
  sentences.forEach((each, index) => {
    const before = sentences[index - 1];
    if (each.user !== undefined && !speakers.has(each.user)) speakers.set(each.user, speakers.size);
    each.follows = before !== undefined && before.user === each.user && each.startS - before.endS < GOES_ON_WITHIN_S;
  });
  return { sentences, speakers };
}

const shifted = (words: Maybe<SpokenWord[]>, by: number): SpokenWord[] =>
  (words ?? []).map(({ word, start, end }) => ({ word, start: start + by, end: end + by }));

/** The sentence one would go on reading from: the last that has begun. -1: none has. */
export const sentenceAt = (sentences: readonly Sentence[], at: number): number =>
  firstAfter(
    sentences.map((each) => each.startS),
    at,
  ) - 1;

const LONGEST_S = 60;

/** Who speaks at that moment; several when they speak at once. */
export function speakingAt(sentences: readonly Sentence[], at: number): ReadonlySet<string> {
  const speaking = new Set<string>();
  for (let index = sentenceAt(sentences, at); index >= 0; index -= 1) {
    const each = sentences[index];
    if (each === undefined || each.startS < at - LONGEST_S) break;
    if (each.user !== undefined && at < each.endS) speaking.add(each.user);
  }
  return speaking;
}

export type TranscriptState =
  | { kind: "none" } // nothing was recorded
  | { kind: "off" }
  | { kind: "pending"; done: number; of: number; unit: "seconds" | "recordings" }
  | { kind: "failed" }
  | { kind: "ready" };

/** Of all recordings together: what is still to come counts first, then what failed. */
export function stateOf(recordings: readonly SoundRecording[], transcript: Transcript | null): TranscriptState {
  if (recordings.length === 0) return { kind: "none" };
  const parts = transcript?.recordings ?? [];
  if (parts.length === 0) return transcript === null ? { kind: "off" } : pendingOf(recordings.length, 0);
  const open = parts.filter((each) => each.status === "pending" || each.status === "processing");
  if (open.length > 0) {
    const [part] = open;
    const { of = null, done = null } = part ?? {};
    if (parts.length === 1 && of !== null && of > 0) return { kind: "pending", done: done ?? 0, of, unit: "seconds" };
    return pendingOf(parts.length, parts.length - open.length);
  }
  if (parts.some((each) => each.status === "failed")) return { kind: "failed" };
  return parts.every((each) => each.status === "off") ? { kind: "off" } : { kind: "ready" };
}

const pendingOf = (of: number, done: number): TranscriptState => ({ kind: "pending", done, of, unit: "recordings" });
