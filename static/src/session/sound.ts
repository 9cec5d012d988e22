// The sound of one session as this browser has it: offers a peer over the signal lane, takes the server's answer, and does
// so again by itself when the socket came back, when the server asked for patience, and when the peer failed. Every offer
// is a new peer; the old one goes on until the new one is there. Knows no device and no page: whoever has a microphone
// hands its track in, whoever plays takes `stream`.
import { delayMs } from "./backoff";
import type { SignalFrame } from "./wire";

/** `idle` does not try; `retrying` waits for its next turn. */
export type SoundPhase = "idle" | "connecting" | "connected" | "retrying";

export interface SoundState {
  phase: SoundPhase;
  /** What the room sounds like; stays while the next peer is on its way. */
  stream: MediaStream | null;
  /** What the server said last, until it is connected: why it waits, or why it does not try any more. */
  refused?: { code: string; detail: string };
}

type Changes = { [Field in keyof SoundState]?: SoundState[Field] | undefined };

/** The session as the sound needs it. */
export interface Lane {
  readonly state: { readonly phase: "away" | "live" | "closed" };
  signal(signal: SignalFrame): void;
  onSignals(heard: (signal: SignalFrame) => void): () => void;
  subscribe(changed: () => void): () => void;
}

export type PeerNews = "connected" | "unsteady" | "failed";

export interface PeerListener {
  heard(stream: MediaStream): void;
  news(news: PeerNews): void;
}

/** One peer connection from its one offer to its end. */
export interface Peer {
  /** Whether one's own voice has a way in it. */
  readonly speaks: boolean;
  /** With all candidates inside. */
  offer(): Promise<string>;
  answer(sdp: string): Promise<void>;
  /** What is sent from now on; null: nothing at all. */
  send(track: MediaStreamTrack | null): Promise<void>;
  close(): void;
}

export type MakePeer = (servers: RTCIceServer[], speaks: boolean, listener: PeerListener) => Peer;

export interface SoundOptions {
  lane: Lane;
  makePeer: MakePeer;
  /** Null: this server has no sound. */
  iceServers(): Promise<RTCIceServer[] | null>;
}

const OFFER_EVERY_MS = 1_000;
const ANSWER_WITHIN_MS = 3_000;
const CONNECT_WITHIN_MS = 8_000;
/** A peer that lost its way for less than this finds it again by itself. */
const UNSTEADY_MAX_MS = 3_000;
/** Another window of the same person has the sound now; this one must not take it back by itself. */
const TAKEN_OVER = "taken_over";
export const NO_SOUND = "no_sound";

export class Sound {
  readonly #options: SoundOptions;
  readonly #changed = new Set<() => void>();
  readonly #stop: (() => void)[] = [];
  #state: SoundState = { phase: "idle", stream: null };
  #wanted = false;
  #given: string | null = null;
  #live = false;
  #track: MediaStreamTrack | null = null;
  #muted = true;
  #peer: Peer | null = null;
  #next: Peer | null = null;
  #run = 0;
  #attempt = 0;
  #failingSince = 0;
  #offeredAt = Number.NEGATIVE_INFINITY;
  #turn: ReturnType<typeof setTimeout> | undefined;
  #deadline: ReturnType<typeof setTimeout> | undefined;
  #unsteady: ReturnType<typeof setTimeout> | undefined;

  constructor(options: SoundOptions) {
    this.#options = options;
  }

  get state(): SoundState {
    return this.#state;
  }

  readonly subscribe = (changed: () => void): (() => void) => {
    this.#changed.add(changed);
    return () => this.#changed.delete(changed);
  };

  // -- What one wants --

  /** Wants sound from now on, also after having been told not to come back. */
  open(): void {
    if (this.#stop.length === 0) {
      const { lane } = this.#options;
      this.#live = lane.state.phase === "live";
      this.#stop.push(
        lane.onSignals((signal) => this.#hear(signal)),
        lane.subscribe(() => this.#follow()),
      );
    }
    if (this.#wanted && this.#given === null) return;
    this.#wanted = true;
    this.#given = null;
    this.#publish({ refused: undefined });
    this.#soon(0);
  }

  close(): void {
    for (const stop of this.#stop.splice(0)) stop();
    this.#wanted = false;
    this.#rest();
  }

  /** The voice of this person, or none: where there is no way for it yet, a new peer makes one. */
  speak(track: MediaStreamTrack | null): void {
    if (track === this.#track) return;
    this.#track = track;
    this.#send();
    const latest = this.#next ?? this.#peer;
    if (track !== null && latest?.speaks === false) this.#soon(0);
  }

  mute(muted: boolean): void {
    if (muted === this.#muted) return;
    this.#muted = muted;
    this.#send();
  }

  #send(): void {
    const track = this.#muted ? null : this.#track;
    for (const peer of [this.#peer, this.#next]) if (peer?.speaks) void peer.send(track).catch(() => this.#again());
  }

  // -- What happens --

  /** The socket came back: whoever held the sound before may be gone, so it is offered anew. */
  #follow(): void {
    const { phase } = this.#options.lane.state;
    const was = this.#live;
    this.#live = phase === "live";
    if (phase === "closed") this.close();
    else if (this.#live && !was && this.#wanted && this.#given !== TAKEN_OVER) {
      this.#given = null;
      this.#soon(0);
    }
  }

  #hear(signal: SignalFrame): void {
    if (signal.type === "audio.answer" && typeof signal["sdp"] === "string") void this.#answered(signal["sdp"]);
    if (signal.type === "audio.refused") this.#refused(signal);
  }

  async #answered(sdp: string): Promise<void> {
    const peer = this.#next;
    if (peer === null) return;
    this.#expect(CONNECT_WITHIN_MS);
    try {
      await peer.answer(sdp);
    } catch {
      if (peer === this.#next) this.#again();
    }
  }

  #refused(signal: SignalFrame): void {
    if (!this.#wanted) return;
    const code = typeof signal["code"] === "string" ? signal["code"] : "";
    const detail = typeof signal["detail"] === "string" ? signal["detail"] : "";
    const retryIn = signal["retryIn"];
    if (typeof retryIn === "number" && this.#next !== null) this.#dropNext(); // what is there already goes on
    else this.#rest();
    if (typeof retryIn === "number") this.#soon(retryIn * 1_000);
    else this.#given = code;
    this.#publish({ phase: this.#given === null ? "retrying" : "idle", refused: { code, detail } });
  }

  #news(peer: Peer, news: PeerNews): void {
    // The server ends the old peer when it answers the next one: from then on only the next one counts.
    if (peer !== (this.#next ?? this.#peer)) return;
    clearTimeout(this.#unsteady);
    if (news === "failed") this.#again();
    else if (news === "unsteady") this.#unsteady = setTimeout(() => this.#again(), UNSTEADY_MAX_MS);
    else if (peer === this.#next) {
      clearTimeout(this.#deadline);
      this.#peer?.close();
      this.#peer = peer;
      this.#next = null;
      this.#attempt = 0;
      this.#publish({ phase: "connected", refused: undefined });
    }
  }

  // -- Offering --

  /** In `ms`, but never a second offer within a second. */
  #soon(ms: number): void {
    clearTimeout(this.#turn);
    const early = this.#offeredAt + OFFER_EVERY_MS - Date.now();
    this.#turn = setTimeout(() => void this.#offer(), Math.max(ms, early, 0));
    if (this.#state.phase === "idle") this.#publish({ phase: "connecting" });
  }

  async #offer(): Promise<void> {
    const { lane, makePeer, iceServers } = this.#options;
    clearTimeout(this.#unsteady);
    this.#dropNext();
    if (!this.#wanted || lane.state.phase !== "live") return; // it goes on when the socket is back
    const run = this.#run;
    this.#offeredAt = Date.now();
    this.#expect(ANSWER_WITHIN_MS);
    try {
      const servers = await iceServers();
      if (run !== this.#run) return;
      if (servers === null) {
        this.#rest();
        this.#given = NO_SOUND;
        this.#publish({ phase: "idle", refused: { code: NO_SOUND, detail: "" } });
        return;
      }
      const peer = makePeer(servers, this.#track !== null, {
        heard: (stream) => peer === this.#next && this.#publish({ stream }),
        news: (news) => this.#news(peer, news),
      });
      this.#next = peer;
      if (peer.speaks) await peer.send(this.#muted ? null : this.#track);
      const sdp = await peer.offer();
      if (peer !== this.#next) return;
      this.#offeredAt = Date.now();
      this.#expect(ANSWER_WITHIN_MS);
      lane.signal({ type: "audio.offer", sdp });
    } catch {
      if (run === this.#run) this.#again();
    }
  }

  /** This attempt led nowhere. What still plays goes on playing until the next one is there. */
  #again(): void {
    if (this.#attempt === 0) this.#failingSince = Date.now();
    this.#dropNext();
    this.#publish({ phase: "retrying" });
    this.#soon(delayMs(this.#attempt, Date.now() - this.#failingSince, Math.random()));
    this.#attempt += 1;
  }

  #expect(withinMs: number): void {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.#again(), withinMs);
  }

  #dropNext(): void {
    this.#run += 1;
    clearTimeout(this.#deadline);
    this.#next?.close();
    this.#next = null;
  }

  /** Nothing is connected, and nothing is tried. */
  #rest(): void {
    clearTimeout(this.#turn);
    clearTimeout(this.#unsteady);
    this.#dropNext();
    this.#peer?.close();
    this.#peer = null;
    this.#publish({ phase: "idle", stream: null });
  }

  #publish(changes: Changes): void {
    const { phase = this.#state.phase, stream = this.#state.stream } = changes;
    const refused = "refused" in changes ? changes.refused : this.#state.refused;
    this.#state = { phase, stream, ...(refused === undefined ? {} : { refused }) };
    for (const changed of this.#changed) changed();
  }
}
