// Commands that were given and are not yet known to be in the log. Each is kept in the browser under its own key until
// the server acknowledged it, so that it outlives a reload and several tabs of one person never overwrite each other:
// a command sent twice is the same command, because its id is the same. Knows nothing of sockets.
import type { Kept } from "./kept";
import type { Command } from "./protocol";

const PENDING_MAX = 200;

export interface Pending {
  readonly id: string;
  readonly command: Command;
  /** When it was given, milliseconds of this browser's clock; commands are sent in this order. */
  readonly given: number;
  /** It was sent before, and no answer came: also what an earlier page left behind. */
  readonly sent?: true;
  /** Its place in the log once acknowledged: it is dropped when the view has got there. */
  readonly seq?: number;
}

export class Outbox {
  readonly #kept: Kept;
  readonly #prefix: string;
  #pending: readonly Pending[];

  constructor(kept: Kept, sessionId: string, userId: string) {
    this.#kept = kept;
    this.#prefix = `atelier.outbox.${sessionId}.${userId}.`;
    this.#pending = kept
      .keys(this.#prefix)
      .flatMap((key) => parse(key.slice(this.#prefix.length), kept.get(key)))
      .sort((one, other) => one.given - other.given);
  }

  /** In the order in which they were given. */
  get pending(): readonly Pending[] {
    return this.#pending;
  }

  get unsent(): readonly Pending[] {
    return this.#pending.filter((each) => each.seq === undefined);
  }

  /** False when too much waits already; then nothing is kept. */
  add(id: string, command: Command, now: number): boolean {
    if (this.unsent.length >= PENDING_MAX) return false;
    const given = Math.max(now, (this.#pending.at(-1)?.given ?? 0) + 0.001);
    this.#pending = [...this.#pending, { id, command, given }];
    this.#kept.set(this.#prefix + id, JSON.stringify({ given, command }));
    return true;
  }

  noteSent(id: string): void {
    this.#pending = this.#pending.map((each) => (each.id === id ? { ...each, sent: true } : each));
  }

  acknowledge(id: string, seq: number): void {
    this.#kept.drop(this.#prefix + id);
    this.#pending = this.#pending.map((each) => (each.id === id ? { ...each, seq } : each));
  }

  drop(id: string): void {
    this.#kept.drop(this.#prefix + id);
    this.#pending = this.#pending.filter((each) => each.id !== id);
  }

  /** Forgets what the view at `seq` already shows. */
  settle(seq: number): void {
    if (this.#pending.some((each) => each.seq !== undefined && each.seq <= seq))
      this.#pending = this.#pending.filter((each) => each.seq === undefined || each.seq > seq);
  }

  clear(): void {
    for (const { id } of this.#pending) this.drop(id);
  }
}

/** Commands of one lane are sent one after the other; lanes do not wait for each other. */
export function laneOf(command: Command): string {
  return command.type.split(".", 1)[0] ?? "";
}

function parse(id: string, text: string | null): Pending[] {
  try {
    const { given, command } = JSON.parse(text ?? "null") as Pending;
    return typeof given === "number" && typeof command.type === "string" ? [{ id, command, given, sent: true }] : [];
  } catch {
    return [];
  }
}
