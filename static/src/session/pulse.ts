// How good the connection is: a ping every 5 s, its round trip, and how many of the last ones were lost. The server
// rates it from what the pings say (W220); three lost in a row mean that the link is dead, whatever the socket believes.
import type { SignalFrame } from "./wire";

const EVERY_MS = 5_000;
const REMEMBERED = 12;
const LOST_IN_A_ROW_MAX = 3;

export interface Pulse {
  /** Milliseconds, the median of the last pings; undefined until the first came back. */
  rttMs?: number;
  /** 0 to 1. */
  loss: number;
}

export class Heart {
  readonly #send: (signal: SignalFrame) => void;
  readonly #dead: () => void;
  #timer: ReturnType<typeof setInterval> | undefined;
  #rtts: (number | null)[] = [];
  #waiting: number | undefined;

  constructor(send: (signal: SignalFrame) => void, dead: () => void) {
    this.#send = send;
    this.#dead = dead;
  }

  get pulse(): Pulse {
    const back = this.#rtts.filter((rtt) => rtt !== null).sort((one, other) => one - other);
    const median = back[Math.floor(back.length / 2)];
    const loss = this.#rtts.length > 0 ? 1 - back.length / this.#rtts.length : 0;
    return median === undefined ? { loss } : { rttMs: median, loss };
  }

  start(): void {
    this.stop();
    this.#beat();
    this.#timer = setInterval(() => this.#beat(), EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#waiting = undefined;
  }

  pong(sentAt: unknown): void {
    if (sentAt !== this.#waiting || this.#waiting === undefined) return;
    this.#remember(Math.max(0, Math.round(performance.now() - this.#waiting)));
    this.#waiting = undefined;
  }

  #beat(): void {
    if (this.#waiting !== undefined) this.#remember(null);
    const last = this.#rtts.slice(-LOST_IN_A_ROW_MAX);
    if (last.length === LOST_IN_A_ROW_MAX && last.every((rtt) => rtt === null)) {
      this.#rtts = [];
      this.#dead();
      return;
    }
    this.#waiting = Math.round(performance.now());
    const { rttMs, loss } = this.pulse;
    const known = rttMs === undefined ? {} : { rtt: rttMs, loss: Math.round(loss * 100) / 100 };
    this.#send({ type: "ping", t: this.#waiting, ...known });
  }

  #remember(rtt: number | null): void {
    this.#rtts = [...this.#rtts.slice(1 - REMEMBERED), rtt];
  }
}
