// The runs of a recording, who consents and the chapters, as rooms/recording.py applies it.
import type { Consent, Recording, Run, RunStage } from "../protocol";
import { compact, type Reducers } from "./slice";

const LADDER: Partial<Record<RunStage, number>> = {
  finalising: 1,
  stored: 2,
  transcribing: 3,
  ready: 4,
  incomplete: 4,
};

type Changes = { [K in keyof Run]?: Run[K] | undefined };

function withRun(recording: Recording, id: string, changed: (run: Run) => Changes): Recording {
  const runs = recording.runs.map((run) => (run.id === id ? compact<Run>({ ...run, ...changed(run) }) : run));
  return { ...recording, runs };
}

/** The run that goes on, or is paused. */
export function currentRun(recording: Recording | undefined): Run | undefined {
  const last = recording?.runs.at(-1);
  return last?.status === "stopped" ? undefined : last;
}

const covering = (consent: Consent, run: string): Consent => ({ ...consent, runs: [...consent.runs, run] });

export const recording: Reducers<Recording> = {
  "recording.started": (now, event) => {
    const run: Run = {
      id: event.recordingId,
      seq: event.seq,
      startedAt: event.at,
      status: "recording",
      resumes: false,
      rung: 0,
    };
    const consents = Object.entries(now.consents).map(([user, each]) => [
      user,
      each.given ? covering(each, run.id) : each,
    ]);
    return { ...now, runs: [...now.runs, run], consents: Object.fromEntries(consents) };
  },
  "recording.paused": (now, event) => withRun(now, event.recordingId, () => ({ status: "paused", resumes: false })),
  "recording.resumed": (now, event) =>
    withRun(now, event.recordingId, () => ({ status: "recording", resumes: false })),
  "recording.stopped": (now, event) =>
    withRun(now, event.recordingId, () => ({ status: "stopped", resumes: false, endedAt: event.at })),
  "session.paused": (now) => {
    const run = currentRun(now);
    if (run?.status !== "recording") return now;
    return withRun(now, run.id, () => ({ status: "paused", resumes: true }));
  },
  "session.resumed": (now) => {
    const run = currentRun(now);
    if (!run?.resumes) return now;
    return withRun(now, run.id, () => ({ status: "recording", resumes: false }));
  },
  "recording.consented": (now, event) => {
    const before = now.consents[event.userId]?.runs ?? [];
    const run = currentRun(now)?.id;
    const consent = { given: event.given, runs: before };
    const covers = event.given && run !== undefined && !before.includes(run);
    return { ...now, consents: { ...now.consents, [event.userId]: covers ? covering(consent, run) : consent } };
  },
  "recording.withdrawn": (now, event) => ({
    ...now,
    consents: { ...now.consents, [event.userId]: { given: false, runs: [] } },
  }),
  "recording.marked": (now, event) => ({
    ...now,
    marks: [...now.marks, { seq: event.seq, at: event.at, recordingId: event.recordingId, text: event.text }],
  }),
  "recording.reported": (now, event) =>
    withRun(now, event.recordingId, (run) => ({
      stage: event.stage,
      rung: Math.max(run.rung, LADDER[event.stage] ?? 0),
      done: event.done,
      of: event.of,
      code: event.code,
    })),
};
