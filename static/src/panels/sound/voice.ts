// What one's voice is now, read from everything that bears on it, and the two small judgements about one's own level: whether
// somebody speaks at all, and whether they speak while they are muted. Pure.
import type { View } from "../../session/protocol";
import { NO_SOUND, type SoundState } from "../../session/sound";

/**
 * `none`: this server has no sound. `out`: neither hears nor is heard. `listening`: no microphone. `forbidden`: hears, and
 * may not speak.
 */
export type Voice = "none" | "out" | "forbidden" | "listening" | "muted" | "live";

export interface Bearing {
  /** Whether one wants to hear the room. */
  on: boolean;
  sound: SoundState;
  maySpeak: boolean;
  microphone: boolean;
  muted: boolean;
}

export function voiceOf({ on, sound, maySpeak, microphone, muted }: Bearing): Voice {
  if (sound.refused?.code === NO_SOUND) return "none";
  if (!on || (sound.phase === "idle" && sound.refused !== undefined)) return "out";
  if (!maySpeak) return "forbidden";
  if (!microphone) return "listening";
  return muted ? "muted" : "live";
}

/** Muted by oneself or by a moderator: the server keeps that, so that it holds in every window. */
export const isMuted = (view: View, user: string): boolean => view.sound?.muted[user] !== undefined;

const SPEECH_LEVEL = 0.02;

export const isSpeech = (level: number): boolean => level > SPEECH_LEVEL;

const TALKS_AFTER_MS = 400;
const PAUSE_MAX_MS = 300;

/** Whether somebody has been speaking for a moment; a cough, or a key that clicks, is not speaking. */
export class Talk {
  #since: number | null = null;
  #last = 0;

  /** `at` in milliseconds. */
  heard(level: number, at: number): boolean {
    if (isSpeech(level)) {
      if (this.#since === null || at - this.#last > PAUSE_MAX_MS) this.#since = at;
      this.#last = at;
    }
    return this.#since !== null && this.#last - this.#since >= TALKS_AFTER_MS && at - this.#last <= PAUSE_MAX_MS;
  }
}
