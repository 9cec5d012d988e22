// Who speaks just now, and how loud: from the signal `audio.levels`, which comes up to ten times a second while somebody
// does. Kept beside the session's state, so that a voice draws one small mark anew and not the room.
import type { SignalFrame } from "./wire";

/** 0: silent; 1 to 3: soft, as one speaks, loud. */
export type Loudness = 0 | 1 | 2 | 3;

/** A pause between two words is not the end of speaking. */
const SPEAKS_ON_MS = 600;

interface Voice {
  loudness: Loudness;
  /** The breakout room it was heard in; undefined: the main room. */
  room: string | undefined;
  until: ReturnType<typeof setTimeout>;
}

export class Levels {
  readonly #changed = new Set<() => void>();
  readonly #voices = new Map<string, Voice>();
  #speaking: readonly string[] = [];

  readonly subscribe = (changed: () => void): (() => void) => {
    this.#changed.add(changed);
    return () => this.#changed.delete(changed);
  };

  /** In the order in which they began; the same array while it stays the same. */
  get speaking(): readonly string[] {
    return this.#speaking;
  }

  of(user: string): Loudness {
    return this.#voices.get(user)?.loudness ?? 0;
  }

  /** `levels` are 0 to 1; none at all says that the place fell silent. */
  hear(signal: SignalFrame): void {
    const { type, levels, room } = signal;
    if (type !== "audio.levels" || typeof levels !== "object" || levels === null) return;
    const place = typeof room === "string" ? room : undefined;
    const heard = Object.entries(levels).map(([user, level]) => this.#take(user, loudnessOf(level), place));
    if (heard.length > 0 ? heard.includes(true) : this.#silence(place)) this.#tell();
  }

  forget(): void {
    for (const { until } of this.#voices.values()) clearTimeout(until);
    this.#voices.clear();
    this.#tell();
  }

  /** Whether that changed anything. */
  #take(user: string, loudness: Loudness, room: string | undefined): boolean {
    const was = this.#voices.get(user);
    if (loudness === 0) return false; // it ends by itself, a little later
    clearTimeout(was?.until);
    this.#voices.set(user, { loudness, room, until: setTimeout(() => this.#end(user), SPEAKS_ON_MS) });
    return was?.loudness !== loudness;
  }

  #silence(room: string | undefined): boolean {
    const there = [...this.#voices].filter(([, voice]) => voice.room === room);
    for (const [user, { until }] of there) {
      clearTimeout(until);
      this.#voices.delete(user);
    }
    return there.length > 0;
  }

  #end(user: string): void {
    this.#voices.delete(user);
    this.#tell();
  }

  #tell(): void {
    const speaking = [...this.#voices.keys()];
    if (speaking.length !== this.#speaking.length || speaking.some((user, place) => user !== this.#speaking[place]))
      this.#speaking = speaking;
    for (const changed of this.#changed) changed();
  }
}

const PLAIN = 0.45;
const LOUD = 0.65;

/** `level`: 0 to 1 for -50 to 0 dBFS. */
export function loudnessOf(level: unknown): Loudness {
  if (typeof level !== "number" || !(level > 0)) return 0;
  return level > LOUD ? 3 : level > PLAIN ? 2 : 1;
}
