// Where one is in the session, and what drives it on: the sound where there is some, the time that passes where there is
// none. Both are the same clock to whoever looks. Knows no element of a page: what sounds is a `Sounding`.
import { type Stretch, stretchAt } from "./timeline";

/** One address being played. Positions are seconds from its beginning. */
export interface Sounding {
  load(url: string, at: number): void;
  play(): Promise<void>;
  pause(): void;
  rate(rate: number): void;
  /** Undefined while it is not there yet. */
  position(): number | undefined;
  ended(): boolean;
  failed(): boolean;
}

export interface PlayerState {
  /** Seconds since the session began. */
  at: number;
  playing: boolean;
  rate: number;
  /** The sound is being fetched. */
  waiting: boolean;
  /** The sound of this moment cannot be had. */
  silenced: boolean;
}

export const RATES = [0.75, 1, 1.25, 1.5, 1.75, 2] as const;
const NEAR_S = 0.25;

export class Player {
  readonly lengthS: number;
  readonly #sounding: Sounding;
  readonly #now: () => number;
  readonly #renew: () => void;
  readonly #changed = new Set<() => void>();
  #stretches: readonly Stretch[] = [];
  #state: PlayerState = { at: 0, playing: false, rate: 1, waiting: false, silenced: false };
  #on: Stretch | undefined;
  #ticked = 0;
  #scrubbing = false;
  #silent = new Set<string>();

  /** `now`: milliseconds. `renew` is called when an address has come to its end: `sound` brings new ones. */
  constructor(lengthS: number, sounding: Sounding, now: () => number, renew: () => void = () => undefined) {
    this.lengthS = lengthS;
    this.#sounding = sounding;
    this.#now = now;
    this.#renew = renew;
  }

  get state(): PlayerState {
    return this.#state;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#changed.add(listener);
    return () => this.#changed.delete(listener);
  };

  /** What there is to hear. */
  sound(stretches: readonly Stretch[]): void {
    this.#stretches = stretches;
    this.#silent = new Set();
    this.#on = undefined;
    this.#become({ silenced: false });
    if (this.#state.playing) this.#follow();
  }

  play(): void {
    if (this.#state.playing) return;
    const at = this.#state.at >= this.lengthS ? 0 : this.#state.at;
    this.#ticked = this.#now();
    this.#become({ playing: true, at });
    this.#follow();
  }

  pause(): void {
    this.#sounding.pause();
    this.#become({ playing: false, waiting: false });
  }

  toggle(): void {
    if (this.#state.playing) this.pause();
    else this.play();
  }

  seek(at: number): void {
    this.#scrubbing = false;
    this.#on = undefined;
    this.#ticked = this.#now();
    this.#become({ at: this.#within(at) });
    if (this.#state.playing) this.#follow();
    else this.#sounding.pause();
  }

  /** Looks somewhere else while the slider is held; the sound follows when it is let go, by `seek`. */
  scrub(at: number): void {
    this.#scrubbing = true;
    this.#sounding.pause();
    this.#become({ at: this.#within(at) });
  }

  speed(rate: number): void {
    this.tick();
    this.#sounding.rate(rate);
    this.#become({ rate });
  }

  /** To be called often while it plays. */
  tick(): void {
    const now = this.#now();
    const passed = (Math.max(0, now - this.#ticked) / 1_000) * this.#state.rate;
    this.#ticked = now;
    if (!this.#state.playing || this.#scrubbing) return;
    const on = this.#on;
    if (on === undefined) this.#become({ at: this.#within(this.#state.at + passed), waiting: false });
    else if (this.#sounding.failed()) this.#lost(on);
    else this.#hear(on);
    if (this.#state.at >= this.lengthS) this.pause();
    else this.#follow();
  }

  #hear(on: Stretch): void {
    const position = this.#sounding.position();
    if (this.#sounding.ended()) this.#become({ at: this.#within(on.toS), waiting: false });
    else if (position === undefined) this.#become({ waiting: true });
    else this.#become({ at: this.#within(on.fromS + position), waiting: false });
  }

  /** Asks for another address once; what stays silent is passed over by the clock. */
  #lost(on: Stretch): void {
    this.#silent.add(on.key);
    this.#on = undefined;
    this.#become({ silenced: true, waiting: false });
    this.#renew();
  }

  /** Has the sound of this moment playing, or none. */
  #follow(): void {
    const stretch = stretchAt(this.#stretches, this.#state.at);
    const wanted = stretch === undefined || this.#silent.has(stretch.key) ? undefined : stretch;
    if (wanted?.key === this.#on?.key) return;
    this.#on = wanted;
    if (wanted === undefined) {
      this.#sounding.pause();
      return;
    }
    const position = this.#state.at - wanted.fromS;
    this.#sounding.load(wanted.url, position < NEAR_S ? 0 : position);
    this.#sounding.rate(this.#state.rate);
    this.#become({ silenced: false });
    this.#sounding.play().catch(() => this.#on === wanted && this.#sounding.failed() && this.#lost(wanted));
  }

  readonly #within = (at: number): number => Math.min(this.lengthS, Math.max(0, at));

  #become(change: Partial<PlayerState>): void {
    const next = { ...this.#state, ...change };
    const same = (Object.keys(next) as (keyof PlayerState)[]).every((key) => next[key] === this.#state[key]);
    if (same) return;
    this.#state = next;
    for (const each of this.#changed) each();
  }
}
