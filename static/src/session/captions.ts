// What people have just said, as the server wrote it down: from the signal `audio.caption`. The last lines only, each for a
// while, and kept nowhere. Beside the session's state, so that a sentence draws the captions anew and not the room.
import type { SignalFrame } from "./wire";

export interface CaptionLine {
  readonly id: number;
  readonly user: string;
  readonly text: string;
  /** The breakout room it was said in; undefined: the main room. */
  readonly room: string | undefined;
}

export interface CaptionsState {
  readonly lines: readonly CaptionLine[];
  /** Whether this server can write captions; undefined until it was asked. */
  readonly available?: boolean;
  /** One does not want to see them oneself. */
  readonly hidden: boolean;
}

const LINES_MAX = 3;
/** Enough to read eight seconds of speech twice. */
const STAYS_MS = 15_000;

export class Captions {
  readonly #changed = new Set<() => void>();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #count = 0;
  #state: CaptionsState;

  constructor(hidden = false) {
    this.#state = { lines: [], hidden };
  }

  readonly subscribe = (changed: () => void): (() => void) => {
    this.#changed.add(changed);
    return () => this.#changed.delete(changed);
  };

  get state(): CaptionsState {
    return this.#state;
  }

  hear({ type, userId, text, room }: SignalFrame): void {
    if (type !== "audio.caption" || typeof userId !== "string" || typeof text !== "string") return;
    const id = (this.#count += 1);
    const line = { id, user: userId, text, room: typeof room === "string" ? room : undefined };
    this.#publish({ lines: [...this.#state.lines, line].slice(-LINES_MAX) });
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      const lines = this.#state.lines.filter((each) => each.id !== id);
      if (lines.length < this.#state.lines.length) this.#publish({ lines });
    }, STAYS_MS);
    this.#timers.add(timer);
  }

  forget(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    if (this.#state.lines.length > 0) this.#publish({ lines: [] });
  }

  offer(available: boolean): void {
    if (available !== this.#state.available) this.#publish({ available });
  }

  hide(hidden: boolean): void {
    this.#publish({ hidden });
  }

  #publish(changes: Partial<CaptionsState>): void {
    this.#state = { ...this.#state, ...changes };
    for (const changed of this.#changed) changed();
  }
}
