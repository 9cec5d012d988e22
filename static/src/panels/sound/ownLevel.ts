// How loud one is oneself, ten times a second, beside everything else that is drawn less often.
import { type Loudness, loudnessOf } from "../../session/levels";
import { isSpeech } from "./voice";

export class OwnLevel {
  readonly #heard = new Set<(level: number) => void>();

  /** Told of every measurement; returns how to stop. */
  readonly listen = (heard: (level: number) => void): (() => void) => {
    this.#heard.add(heard);
    return () => this.#heard.delete(heard);
  };

  hear(level: number): void {
    for (const heard of this.#heard) heard(level);
  }
}

const SOFTEST_DB = -50;

/** As the others see it: they are told decibels, a meter gives the root mean square, 0 to 1. */
export function ownLoudness(level: number): Loudness {
  return isSpeech(level) ? loudnessOf(1 - (20 * Math.log10(level)) / SOFTEST_DB) : 0;
}
