// The shapes of frames and acknowledgements on the socket (docs/protocol.md). The contents of a session - commands,
// events, views - are in protocol.ts, which is generated.
import type { Command, Event, Role, View } from "./protocol";

/** Distributes over the union, so that `type` still tells the events apart. */
type Placed<E> = E extends unknown ? E & { seq: number; at: string; actor?: string; command?: string } : never;

/** An event at its place in the log, as far as this person may see it. */
export type Recorded = Placed<Event>;

export type CommandType = Command["type"];

export interface PersonName {
  name: string;
}

export type Names = Record<string, PersonName>;

export interface StandingOnWire {
  staff: boolean;
  admitted: boolean;
}

export interface You {
  userId: string;
  role?: Role;
  standing: StandingOnWire;
}

export interface JoinAccepted {
  ok: true;
  epoch: string;
  seq: number;
  you: You;
  snapshot?: { view: View; people?: Names };
  people?: Names;
  resync?: boolean;
}

export interface Refusal {
  ok: false;
  code: string;
  detail?: string;
  /** Seconds. */
  retryAfter?: number;
  allowed?: string[];
}

export type JoinAck = JoinAccepted | Refusal;
export type Ack = { ok: true; seq: number } | Refusal;

export interface EventsFrame {
  sessionId: string;
  epoch: string;
  after: number;
  upto: number;
  events: Recorded[];
  people?: Names;
}

export interface SnapshotFrame {
  sessionId: string;
  epoch: string;
  seq: number;
  view: View;
  people?: Names;
  you?: You;
}

export interface SignalFrame {
  type: string;
  from?: string;
  [field: string]: unknown;
}

export interface ByeFrame {
  code: string;
  reconnect: boolean;
  /** Seconds. */
  retryIn?: number;
}
