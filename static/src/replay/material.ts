// What a replay is made of, as REST answers it and as an archive carries it: shapes only. Every list holds what its reader
// may have; nothing here says who that is.
import type { LiveSession } from "../app/resources";
import type { View } from "../session/protocol";
import type { Names, Recorded } from "../session/wire";

export type Maybe<T> = T | null | undefined;

export interface SoundPart {
  id?: Maybe<string>;
  part: number;
  /** Seconds since the recording's `startedAt`. */
  fromS: number;
  durationS: number;
  url: string;
}

export interface SoundTrack {
  /** Everybody together, or one voice. */
  track: "mix" | "speaker";
  userId?: Maybe<string>;
  own?: boolean;
  parts: SoundPart[];
  /** Address of the loudness of each tenth of a second, one byte each. */
  peaks?: Maybe<string>;
}

export interface SoundRecording {
  recordingId: string;
  startedAt: string;
  endedAt?: Maybe<string>;
  lengthS?: Maybe<number>;
  /** How far the work on it is; undefined while it goes on. */
  stage?: Maybe<string>;
  /** Why something is missing, in one word. */
  incomplete?: Maybe<string>;
  tracks: SoundTrack[];
}

export interface SpokenWord {
  word: string;
  start: number;
  end: number;
}

/** Seconds since the `startedAt` of its recording. */
export interface Segment {
  userId?: Maybe<string>;
  start: number;
  end: number;
  text: string;
  words?: Maybe<SpokenWord[]>;
}

export type TranscriptStatus = "pending" | "processing" | "completed" | "failed" | "off";

export interface RecordingTranscript {
  recordingId: string;
  status: TranscriptStatus;
  /** How much of it is there, in seconds of it. */
  done?: Maybe<number>;
  of?: Maybe<number>;
  language?: Maybe<string>;
  segments: Segment[];
}

export interface Transcript {
  recordings: RecordingTranscript[];
}

export interface EventsPage {
  items: Recorded[];
  upto: number;
  nextCursor?: Maybe<string>;
  people?: Maybe<Names>;
}

/** The whole view right after the event `seq`. */
export interface ViewAfter {
  seq: number;
  view: View;
  people?: Maybe<Names>;
}

/** Where a replay has its material from: a server, or the file itself. Whatever fails throws a `Problem`. */
export interface Source {
  /** Whose replay it is. */
  readonly me: string;
  readonly sessionId: string;
  /** Another page of events; `cursor` null: the first. */
  events(cursor: string | null): Promise<EventsPage>;
  session(): Promise<LiveSession>;
  /** The view after `seq`; null where it is not to be had. */
  viewAfter(seq: number): Promise<ViewAfter | null>;
  /** The places in the log at which another view has to be taken up; null: they have to be told from the events. */
  readonly turns: readonly number[] | null;
  /** Asked again when addresses have come to their end. */
  recordings(): Promise<SoundRecording[]>;
  /** Null: there is none. */
  transcript(): Promise<Transcript | null>;
  peaks(address: string): Promise<Uint8Array>;
}
