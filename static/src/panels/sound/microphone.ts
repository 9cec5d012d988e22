// The microphone of this browser: asked for only when its owner wants it, switched while it runs, and found again when it
// was unplugged. Says in a word why there is none. Knows no session: what is done with the track is others' affair.

export type MicrophoneFault = "insecure" | "denied" | "none" | "busy" | "lost" | "unknown";

export interface MicrophoneState {
  status: "off" | "asking" | "on";
  track: MediaStreamTrack | null;
  /** Why it is not on, or why another one could not be switched to. */
  fault?: MicrophoneFault;
  /** What there is to choose from; without names until one was allowed. */
  inputs: readonly MediaDeviceInfo[];
  outputs: readonly MediaDeviceInfo[];
  /** The one that is wanted; empty: as the system has it. */
  wanted: string;
}

/** `navigator.mediaDevices`; undefined where the page is not secure. */
export type Devices = Pick<
  MediaDevices,
  "getUserMedia" | "enumerateDevices" | "addEventListener" | "removeEventListener"
>;

/** Undefined where the page is not secure, whatever the types say. */
export const devicesOfBrowser = (): MediaDevices | undefined => navigator.mediaDevices as MediaDevices | undefined;

const FAULTS: Readonly<Record<string, MicrophoneFault>> = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "none",
  OverconstrainedError: "none",
  NotReadableError: "busy",
  AbortError: "busy",
};

export class Microphone {
  readonly #devices: Devices | undefined;
  readonly #changed = new Set<() => void>();
  readonly #plugged = () => void this.look();
  #state: MicrophoneState;
  #round = 0;

  constructor(devices: Devices | undefined, wanted = "") {
    this.#devices = devices;
    this.#state = { status: "off", track: null, inputs: [], outputs: [], wanted };
    devices?.addEventListener("devicechange", this.#plugged);
  }

  get state(): MicrophoneState {
    return this.#state;
  }

  readonly subscribe = (changed: () => void): (() => void) => {
    this.#changed.add(changed);
    return () => this.#changed.delete(changed);
  };

  /** True when it is on. Asks the person where the browser was not told yet. */
  async start(wanted = this.#state.wanted): Promise<boolean> {
    if (this.#devices === undefined) {
      this.#publish({ wanted, fault: "insecure" });
      return false;
    }
    const round = (this.#round += 1);
    const before = this.#state.track;
    this.#publish({ wanted, fault: undefined, ...(before === null ? { status: "asking" } : {}) });
    try {
      const track = await this.#take(this.#devices, wanted);
      if (round !== this.#round) {
        track.stop();
        return false;
      }
      track.addEventListener("ended", () => this.#lose(track));
      before?.stop();
      this.#publish({ status: "on", track });
      void this.look();
      return true;
    } catch (error) {
      if (round !== this.#round) return false;
      const fault = FAULTS[error instanceof Error ? error.name : ""] ?? "unknown";
      this.#publish({ status: before === null ? "off" : "on", fault });
      return before !== null;
    }
  }

  stop(): void {
    this.#round += 1;
    this.#state.track?.stop();
    this.#publish({ status: "off", track: null, fault: undefined });
  }

  dismiss(): void {
    this.#publish({ fault: undefined });
  }

  /** Looks which devices there are now. */
  async look(): Promise<void> {
    const found = (await this.#devices?.enumerateDevices().catch(() => [])) ?? [];
    const named = found.filter((each) => each.deviceId !== "");
    this.#publish({
      inputs: named.filter((each) => each.kind === "audioinput"),
      outputs: named.filter((each) => each.kind === "audiooutput"),
    });
  }

  close(): void {
    this.#devices?.removeEventListener("devicechange", this.#plugged);
    this.stop();
    this.#changed.clear();
  }

  async #take(devices: Devices, wanted: string): Promise<MediaStreamTrack> {
    const stream = await devices.getUserMedia({
      audio: {
        echoCancellation: true,
        noiseSuppression: true,
        autoGainControl: true,
        ...(wanted === "" ? {} : { deviceId: { exact: wanted } }),
      },
    });
    const [track] = stream.getAudioTracks();
    if (track === undefined) throw new DOMException("no sound in it", "NotFoundError");
    return track;
  }

  /** Unplugged: whatever else there is takes its place, and it is said so where there is nothing. */
  #lose(track: MediaStreamTrack): void {
    if (track !== this.#state.track) return;
    this.#publish({ status: "off", track: null });
    void this.start("").then((on) => {
      if (!on && this.#state.fault === "none") this.#publish({ fault: "lost" });
    });
  }

  #publish(changes: { [Field in keyof MicrophoneState]?: MicrophoneState[Field] | undefined }): void {
    const { fault, ...rest } = { ...this.#state, ...changes };
    this.#state = { ...(rest as MicrophoneState), ...(fault === undefined ? {} : { fault }) };
    for (const changed of this.#changed) changed();
  }
}
