// What the pages after a session show of its numbers: who was there when, how scores are spread, who stayed silent. Pure.
import { readCsv } from "./csv";

export interface Part {
  value: number;
  weight: number;
  points: number;
  sentence: string;
  numbers: Readonly<Record<string, number>>;
}

export interface Score {
  userId: string;
  role: string;
  scored: boolean;
  participationScore?: number | null;
  totalTimeMinutes: number;
  interactionCount: number;
  questionsAsked: number;
  pollsAnswered: number;
  breakdown?: { parts?: Readonly<Record<string, Part>>; final?: boolean } | null;
}

export interface Stay {
  from: number;
  to: number;
}

export interface Attendance {
  userId: string;
  name: string;
  role: string;
  minutes: number;
  stays: readonly Stay[];
}

/** From attendance.csv; whoever never came has no stays. A stay that is still open ends at `end`. */
export function attendanceOf(csv: string, end: number): Attendance[] {
  return readCsv(csv).map((row) => ({
    userId: row["userId"] ?? "",
    name: (row["name"] ?? "").replace(/^'/, ""),
    role: row["role"] ?? "",
    minutes: Number(row["minutes"] ?? 0),
    stays: staysOf(row["intervals"] ?? "", end),
  }));
}

function staysOf(text: string, end: number): Stay[] {
  return text
    .split(";")
    .map((interval) => interval.trim().split("/"))
    .filter(([from]) => from !== undefined && from !== "")
    .map(([from, to]) => ({ from: Date.parse(from ?? ""), to: to ? Date.parse(to) : end }));
}

export interface Share {
  /** Of the whole width, 0 to 1. */
  from: number;
  width: number;
}

/** A stay's place between the begin and the end of what is shown. */
export function shareOf({ from, to }: Stay, begin: number, end: number): Share {
  const length = Math.max(1, end - begin);
  const clip = (at: number): number => Math.min(1, Math.max(0, (at - begin) / length));
  return { from: clip(from), width: Math.max(0.004, clip(to) - clip(from)) };
}

export const BIN = 10;

/** How many have a score of 0-9, 10-19 … 90-100. */
export function binsOf(scores: readonly Score[]): number[] {
  const bins = Array.from({ length: 100 / BIN }, () => 0);
  for (const { participationScore } of scores)
    if (typeof participationScore === "number") {
      const bin = Math.min(bins.length - 1, Math.floor(participationScore / BIN));
      bins[bin] = (bins[bin] ?? 0) + 1;
    }
  return bins;
}

export const silentOf = (scores: readonly Score[]): Score[] =>
  scores.filter((each) => each.scored && each.pollsAnswered === 0 && each.questionsAsked === 0);
