// The heights of the line that one scrubs along: how loud it was, or, where nothing was recorded, how much went on. Pure.
import type { SoundRecording } from "./material";
import type { Recorded } from "../session/wire";
import { secondsAt, type Timeline, trackOf } from "./timeline";

const PER_SECOND = 10;

export interface Loudness {
  recording: SoundRecording;
  peaks: Uint8Array;
}

/** `columns` heights from 0 to 1. */
export function waveOf(timeline: Timeline, sounds: readonly Loudness[], columns: number): number[] {
  const heights = new Array<number>(columns).fill(0);
  for (const { recording, peaks } of sounds) {
    const start = secondsAt(timeline, recording.startedAt);
    peaks.forEach((peak, index) => raise(heights, timeline, start + index / PER_SECOND, peak / 255, Math.max));
  }
  return heights;
}

/** Not everything that happens is somebody doing something. */
const ACTS = /^(chat\.(sent|reacted)|poll\.(opened|voted|tallied)|question\.(asked|upvoted)|hand\.raised|reaction\.|board\.c)/;

export function activityOf(timeline: Timeline, events: readonly Recorded[], columns: number): number[] {
  const heights = new Array<number>(columns).fill(0);
  for (const { at, type } of events)
    if (ACTS.test(type)) raise(heights, timeline, secondsAt(timeline, at), 1, (held, more) => held + more);
  const most = Math.max(1, ...heights);
  return heights.map((each) => Math.sqrt(each / most));
}

function raise(
  heights: number[],
  timeline: Timeline,
  at: number,
  by: number,
  how: (held: number, more: number) => number,
): void {
  const column = Math.floor((at / timeline.lengthS) * heights.length);
  const held = heights[column];
  if (held !== undefined) heights[column] = how(held, by);
}

/** The outline of the heights in a box of `columns` × 100, the same above and below its middle. */
export function outlineOf(heights: readonly number[]): string {
  const half = (height: number): number => Math.max(1, Math.round(height * 48));
  return heights.map((height, x) => `M${x + 0.5} ${50 - half(height)}V${50 + half(height)}`).join("");
}

export const hasSound = (recordings: readonly SoundRecording[]): boolean =>
  recordings.some((each) => trackOf(each) !== undefined);
