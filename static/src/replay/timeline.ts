// One clock for everything: seconds since the session began, by the times in its log. A recording lies on it by its
// `startedAt`, and whatever was paused or lost is silence in it, so that nothing ever shifts. Pure.
import type { Recorded } from "../session/wire";
import type { SoundRecording, SoundTrack } from "./material";
import { firstAfter } from "./past";

export interface Timeline {
  /** Milliseconds. */
  begin: number;
  lengthS: number;
}

interface Times {
  actualStart?: string | null;
  actualEnd?: string | null;
}

/** Null: the session has not begun. */
export function timelineOf(
  times: Times,
  events: readonly Recorded[],
  recordings: readonly SoundRecording[],
): Timeline | null {
  if (times.actualStart === undefined || times.actualStart === null) return null;
  const begin = Date.parse(times.actualStart);
  const ends = [begin, Date.parse(times.actualEnd ?? events.at(-1)?.at ?? times.actualStart)];
  for (const each of recordings) ends.push(Date.parse(each.startedAt) + (each.lengthS ?? 0) * 1_000);
  return { begin, lengthS: Math.max(1, Math.ceil((Math.max(...ends) - begin) / 1_000)) };
}

export const secondsAt = (timeline: Timeline, at: string | number): number =>
  ((typeof at === "number" ? at : Date.parse(at)) - timeline.begin) / 1_000;

export const msAt = (timeline: Timeline, seconds: number): number => timeline.begin + seconds * 1_000;

/** Sound that can be played from one address without a break. */
export interface Stretch {
  key: string;
  url: string;
  fromS: number;
  toS: number;
}

/** Everybody together where that may be heard, else whatever voice there is. */
export function trackOf(recording: SoundRecording): SoundTrack | undefined {
  const sounding = recording.tracks.filter((each) => each.parts.length > 0);
  return sounding.find((each) => each.track === "mix") ?? sounding[0];
}

/** In their order, none over another. */
export function stretchesOf(timeline: Timeline, recordings: readonly SoundRecording[]): Stretch[] {
  const all = recordings.flatMap((recording) => {
    const start = secondsAt(timeline, recording.startedAt);
    return (trackOf(recording)?.parts ?? []).map(({ part, fromS, durationS, url }) => ({
      key: `${recording.recordingId}/${part}`,
      url,
      fromS: start + fromS,
      toS: start + fromS + durationS,
    }));
  });
  all.sort((one, other) => one.fromS - other.fromS);
  return all.map((each, index) => ({ ...each, toS: Math.min(each.toS, all[index + 1]?.fromS ?? Infinity) }));
}

/** What sounds at that moment. */
export function stretchAt(stretches: readonly Stretch[], at: number): Stretch | undefined {
  const next = firstAfter(
    stretches.map((each) => each.fromS),
    at,
  );
  const found = stretches[next - 1];
  return found !== undefined && at < found.toS ? found : undefined;
}
