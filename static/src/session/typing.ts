// Who is writing just now. One says so at most every 3 s while keys are struck and once when done; others believe it for
// 5 s. These are signals: they may be lost, and nothing depends on them.
import type { SignalFrame } from "./wire";

const SAY_EVERY_MS = 3_000;
const BELIEVE_MS = 5_000;

export class Typing {
  readonly #send: (signal: SignalFrame) => void;
  readonly #changed: () => void;
  readonly #until = new Map<string, ReturnType<typeof setTimeout>>();
  #saidAt = Number.NEGATIVE_INFINITY;

  constructor(send: (signal: SignalFrame) => void, changed: () => void) {
    this.#send = send;
    this.#changed = changed;
  }

  get who(): readonly string[] {
    return [...this.#until.keys()];
  }

  /** A key was struck (`on`), or the field was left or sent. */
  say(on: boolean): void {
    const now = Date.now();
    if (on && now - this.#saidAt < SAY_EVERY_MS) return;
    if (!on && this.#saidAt === Number.NEGATIVE_INFINITY) return;
    this.#saidAt = on ? now : Number.NEGATIVE_INFINITY;
    this.#send({ type: "typing", on });
  }

  heard(user: string, on: boolean): void {
    const known = this.#until.get(user);
    clearTimeout(known);
    if (on)
      this.#until.set(
        user,
        setTimeout(() => this.heard(user, false), BELIEVE_MS),
      );
    else this.#until.delete(user);
    if (on !== (known !== undefined)) this.#changed();
  }

  forget(): void {
    for (const timer of this.#until.values()) clearTimeout(timer);
    this.#until.clear();
  }
}
