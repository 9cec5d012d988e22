// A `Sounding` over the browser's own audio element.
import type { Sounding } from "./player";

export class AudioSounding implements Sounding {
  readonly #audio: HTMLAudioElement;
  #url = "";

  constructor(audio: HTMLAudioElement) {
    this.#audio = audio;
    audio.preload = "auto";
  }

  load(url: string, at: number): void {
    if (url !== this.#url || this.#audio.error !== null) {
      this.#url = url;
      this.#audio.src = url;
    }
    // Before anything of it is known this says where it begins.
    this.#audio.currentTime = at;
  }

  play(): Promise<void> {
    return this.#audio.play();
  }

  pause(): void {
    this.#audio.pause();
  }

  rate(rate: number): void {
    // The first is what a newly loaded address begins with.
    this.#audio.defaultPlaybackRate = rate;
    this.#audio.playbackRate = rate;
  }

  position(): number | undefined {
    const { seeking, readyState, currentTime } = this.#audio;
    return seeking || readyState < HTMLMediaElement.HAVE_CURRENT_DATA ? undefined : currentTime;
  }

  ended(): boolean {
    return this.#audio.ended;
  }

  failed(): boolean {
    return this.#audio.error !== null;
  }
}
