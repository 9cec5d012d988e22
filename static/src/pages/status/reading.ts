// What the server tells operators, read: what of it somebody should look at, and the samples that the page keeps of it. Pure.

export type Health = "none" | "good" | "behind" | "away";

export interface Finding {
  at: string;
  kind: "log" | "delivery";
  sessionId: string;
  seq: number;
  why: string;
}

export interface Figures {
  host: string;
  pid: number;
  connections: number;
  sessions: number;
  commands: number;
  events: number;
  ackP50Ms?: number;
  ackP99Ms?: number;
  commitP50Ms?: number;
  commitP99Ms?: number;
  poolWaitP99Ms?: number;
  poolInUse: number;
  poolSize: number;
  loopLagMs: number;
  fanoutLag: number;
  outboxBytes: number;
  memoryBytes: number;
  recorderGapS: number;
  draining: boolean;
  checked: { events: number; frames: number; at?: string; violations: number; last?: Finding };
}

export interface ProcessStatus {
  id: string;
  startedAt: string;
  beatAt: string;
  fresh: boolean;
  answering: boolean;
  figures?: Figures;
}

export interface InstallationStatus {
  processes: ProcessStatus[];
  postgres: { version: string; bytes: number; connections: number; connectionsMax: number; archiveFailing: boolean };
  replica: { health: Health; behindS?: number };
  redis: { health: Health };
  store: { health: Health; bucket: boolean; bytes?: number; freeBytes?: number; diskBytes?: number };
  backups: {
    ours: boolean;
    runs: { kind: string; status: string; startedAt: string; endedAt?: string; doneAt?: string }[];
  };
  jobs: { kind: string; queued: number; running: number; dead: number; waitingS: number }[];
}

/** Of all processes that live, at one moment; null where nothing happened. */
export interface Sample {
  at: number;
  connections: number;
  commands: number;
  ackP99Ms: number | null;
  commitP99Ms: number | null;
  loopLagMs: number;
  poolInUse: number;
}

export type Measure = Exclude<keyof Sample, "at">;

/** What somebody should look at, as a word of the catalogue and what it is about. */
export type Concern =
  | { what: "violation"; finding: Finding }
  | { what: "gone"; host: string }
  | { what: "late"; host: string; ms: number }
  | { what: "recorder"; host: string; seconds: number }
  | { what: "pool"; host: string }
  | { what: "replica" | "replicaBehind" | "redis" | "store" | "archive" }
  | { what: "disk"; part: number }
  | { what: "connections"; part: number }
  | { what: "dead" | "waiting"; kind: string; count: number }
  | { what: "backup"; kind: string };

export const SAMPLES_MAX = 120;
const SAMPLES_SHOWN_MIN = 25;
const LAG_MS = 100;
const RECORDER_S = 5;
const DISK_PART = 0.1;
const CONNECTIONS_PART = 0.9;
const WAITING_S = 300;

const living = (status: InstallationStatus): Figures[] =>
  status.processes.flatMap((each) => (each.fresh && each.figures !== undefined ? [each.figures] : []));

export function sampleOf(status: InstallationStatus, at: number): Sample {
  const figures = living(status);
  const sum = (of: (each: Figures) => number) => figures.reduce((total, each) => total + of(each), 0);
  return {
    at,
    connections: sum((each) => each.connections),
    commands: sum((each) => each.commands),
    ackP99Ms: worst(figures.map((each) => each.ackP99Ms)),
    commitP99Ms: worst(figures.map((each) => each.commitP99Ms)),
    loopLagMs: worst(figures.map((each) => each.loopLagMs)) ?? 0,
    poolInUse: sum((each) => each.poolInUse),
  };
}

function worst(values: readonly (number | undefined)[]): number | null {
  const known = values.filter((each): each is number => each !== undefined);
  return known.length === 0 ? null : Math.max(...known);
}

export const withSample = (samples: readonly Sample[], next: Sample): Sample[] =>
  [...samples, next].slice(-SAMPLES_MAX);

/** The worst first. */
export function concernsOf(status: InstallationStatus): Concern[] {
  const found: Concern[] = [];
  for (const each of status.processes) {
    const figures = each.figures;
    const host = figures === undefined ? each.id.slice(0, 8) : `${figures.host} ${figures.pid}`;
    if (figures?.checked.last !== undefined) found.push({ what: "violation", finding: figures.checked.last });
    if (!each.fresh) found.push({ what: "gone", host });
    if (figures === undefined || !each.fresh) continue;
    if (figures.loopLagMs > LAG_MS) found.push({ what: "late", host, ms: figures.loopLagMs });
    if (figures.recorderGapS > RECORDER_S) found.push({ what: "recorder", host, seconds: figures.recorderGapS });
    if (figures.poolSize > 0 && figures.poolInUse >= figures.poolSize) found.push({ what: "pool", host });
  }
  const { postgres, replica, redis, store, backups, jobs } = status;
  if (store.health === "away") found.push({ what: "store" });
  if (store.freeBytes !== undefined && store.diskBytes !== undefined && store.freeBytes < DISK_PART * store.diskBytes)
    found.push({ what: "disk", part: store.freeBytes / store.diskBytes });
  if (postgres.archiveFailing) found.push({ what: "archive" });
  if (postgres.connections > CONNECTIONS_PART * postgres.connectionsMax)
    found.push({ what: "connections", part: postgres.connections / postgres.connectionsMax });
  for (const each of backups.runs) if (each.status === "failed") found.push({ what: "backup", kind: each.kind });
  for (const each of jobs) {
    if (each.dead > 0) found.push({ what: "dead", kind: each.kind, count: each.dead });
    if (each.waitingS > WAITING_S) found.push({ what: "waiting", kind: each.kind, count: each.queued });
  }
  if (replica.health === "away") found.push({ what: "replica" });
  if (replica.health === "behind") found.push({ what: "replicaBehind" });
  if (redis.health === "away") found.push({ what: "redis" });
  const rank = (each: Concern) => (each.what === "violation" ? 0 : 1);
  return found.sort((one, other) => rank(one) - rank(other));
}

/** Points of a line in a box of this size, from 0 up to the highest value; what is not known leaves a gap between lines. The box is two
 * minutes wide at first, and as wide as what there is later. */
export function linesOf(values: readonly (number | null)[], width: number, height: number): string[] {
  const top = Math.max(1e-9, ...values.map((each) => each ?? 0));
  const step = width / (Math.max(SAMPLES_SHOWN_MIN, values.length) - 1);
  const start = width - step * (values.length - 1);
  const lines: string[][] = [];
  let open: string[] | null = null;
  values.forEach((value, index) => {
    if (value === null) {
      open = null;
      return;
    }
    if (open === null) {
      open = [];
      lines.push(open);
    }
    open.push(`${(start + step * index).toFixed(1)},${(height - (value / top) * height).toFixed(1)}`);
  });
  return lines.map((points) => points.join(" "));
}
