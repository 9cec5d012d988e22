// One connection to the server's socket, as the session sees it. connection.ts makes real ones; tests make their own.
import type { Command } from "./protocol";
import type { Ack, ByeFrame, EventsFrame, JoinAck, SignalFrame, SnapshotFrame } from "./wire";

export interface Position {
  epoch: string;
  after: number;
}

/** Promises reject when no answer came in time; the link is then of no use any more. */
export interface Link {
  join(sessionId: string, position: Position | null): Promise<JoinAck>;
  /** `resent`: it was sent before, and no answer came. */
  submit(id: string, command: Command, resent?: true): Promise<Ack>;
  signal(signal: SignalFrame): void;
  leave(): void;
  close(): void;
}

/** Why a link is down: `code` when the server refused it. */
export interface Down {
  code?: string;
  detail?: string;
  /** Seconds. */
  retryAfter?: number;
}

export interface LinkListener {
  open(): void;
  events(frame: EventsFrame): void;
  snapshot(frame: SnapshotFrame): void;
  signal(frame: SignalFrame): void;
  bye(frame: ByeFrame): void;
  /** At most once, and nothing after it. */
  down(reason: Down): void;
}

export type Connect = (token: string, listener: LinkListener) => Link;
