import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { settled } from "./fakes";
import { type Lane, NO_SOUND, type Peer, type PeerListener, Sound } from "./sound";
import type { SignalFrame } from "./wire";

class FakeLane implements Lane {
  state: Lane["state"] = { phase: "live" };
  readonly sent: SignalFrame[] = [];
  #heard: ((signal: SignalFrame) => void)[] = [];
  #changed: (() => void)[] = [];

  signal(signal: SignalFrame): void {
    this.sent.push(signal);
  }

  onSignals(heard: (signal: SignalFrame) => void): () => void {
    this.#heard.push(heard);
    return () => (this.#heard = this.#heard.filter((each) => each !== heard));
  }

  subscribe(changed: () => void): () => void {
    this.#changed.push(changed);
    return () => (this.#changed = this.#changed.filter((each) => each !== changed));
  }

  say(signal: SignalFrame): void {
    for (const heard of this.#heard) heard(signal);
  }

  turn(phase: Lane["state"]["phase"]): void {
    this.state = { phase };
    for (const changed of this.#changed) changed();
  }
}

class FakePeer implements Peer {
  readonly answers: string[] = [];
  readonly sent: (MediaStreamTrack | null)[] = [];
  closed = false;

  constructor(
    readonly name: string,
    readonly servers: RTCIceServer[],
    readonly speaks: boolean,
    readonly listener: PeerListener,
  ) {}

  async offer(): Promise<string> {
    return `offer of ${this.name}`;
  }

  async answer(sdp: string): Promise<void> {
    if (sdp === "nonsense") throw new Error("no answer");
    this.answers.push(sdp);
  }

  async send(track: MediaStreamTrack | null): Promise<void> {
    this.sent.push(track);
  }

  close(): void {
    this.closed = true;
  }
}

const VOICE = { id: "voice" } as MediaStreamTrack;
const OTHER_VOICE = { id: "other voice" } as MediaStreamTrack;
const STREAM = { id: "room" } as MediaStream;

function soundOn(servers: RTCIceServer[] | null = []) {
  const lane = new FakeLane();
  const peers: FakePeer[] = [];
  const sound = new Sound({
    lane,
    iceServers: async () => servers,
    makePeer: (given, speaks, listener) => {
      const peer = new FakePeer(`peer ${peers.length + 1}`, given, speaks, listener);
      peers.push(peer);
      return peer;
    },
  });
  const peer = (): FakePeer => {
    const last = peers.at(-1);
    if (last === undefined) throw new Error("nothing was offered");
    return last;
  };
  const connect = async (): Promise<FakePeer> => {
    lane.say({ type: "audio.answer", sdp: "yes" });
    await settled();
    peer().listener.heard(STREAM);
    peer().listener.news("connected");
    return peer();
  };
  return { sound, lane, peers, peer, connect };
}

/** Lets `ms` pass, and whatever is due in it happen. */
async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  await settled();
}

async function listening(servers?: RTCIceServer[]) {
  const all = soundOn(servers);
  all.sound.open();
  await pass(0);
  const first = await all.connect();
  return { ...all, first };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("listening", () => {
  test("offers a peer without a voice, and plays what it hears", async () => {
    const { sound, lane, peer, connect } = soundOn([{ urls: "turn:here" }]);
    expect(sound.state.phase).toBe("idle");
    sound.open();
    expect(sound.state.phase).toBe("connecting");
    await pass(0);
    expect(peer().speaks).toBe(false);
    expect(peer().servers).toEqual([{ urls: "turn:here" }]);
    expect(lane.sent).toEqual([{ type: "audio.offer", sdp: "offer of peer 1" }]);
    await connect();
    expect(peer().answers).toEqual(["yes"]);
    expect(sound.state).toEqual({ phase: "connected", stream: STREAM });
  });

  test("a server without sound is not asked again", async () => {
    const { sound, lane, peers } = soundOn(null);
    sound.open();
    await pass(60_000);
    expect(peers).toHaveLength(0);
    expect(lane.sent).toEqual([]);
    expect(sound.state).toMatchObject({ phase: "idle", refused: { code: NO_SOUND } });
  });

  test("closing ends the peer and everything that was planned", async () => {
    const { sound, first, peers } = await listening();
    sound.close();
    await pass(60_000);
    expect(first.closed).toBe(true);
    expect(peers).toHaveLength(1);
    expect(sound.state).toEqual({ phase: "idle", stream: null });
  });
});

describe("speaking", () => {
  test("takes a new peer that sends; the old one plays until the new one is there", async () => {
    const { sound, first, peer, connect } = await listening();
    sound.mute(false);
    sound.speak(VOICE);
    await pass(1_000);
    expect(peer().speaks).toBe(true);
    expect(peer().sent).toEqual([VOICE]);
    expect(first.closed).toBe(false);
    expect(sound.state.phase).toBe("connected");
    first.listener.news("failed"); // the server ends it when it answers
    await connect();
    expect(first.closed).toBe(true);
    expect(sound.state.phase).toBe("connected");
  });

  test("mute sends nothing at all; another microphone takes the place of the first without a new offer", async () => {
    const { sound, lane, peer, connect } = await listening();
    sound.mute(false);
    sound.speak(VOICE);
    await pass(1_000);
    await connect();
    sound.mute(true);
    sound.speak(OTHER_VOICE);
    sound.mute(false);
    sound.speak(null);
    expect(peer().sent).toEqual([VOICE, null, null, OTHER_VOICE, null]);
    await pass(10_000);
    expect(lane.sent).toHaveLength(2);
  });

  test("who is muted sends nothing from the first packet on", async () => {
    const { sound, peer } = soundOn();
    sound.mute(true);
    sound.speak(VOICE);
    sound.open();
    await pass(0);
    expect(peer().speaks).toBe(true);
    expect(peer().sent).toEqual([null]);
  });
});

describe("offering again", () => {
  test("after the socket returned", async () => {
    const { lane, first, connect, sound } = await listening();
    lane.turn("away");
    await pass(5_000);
    expect(lane.sent).toHaveLength(1);
    expect(sound.state.stream).toBe(STREAM);
    lane.turn("live");
    await pass(0);
    expect(lane.sent).toHaveLength(2);
    await connect();
    expect(first.closed).toBe(true);
  });

  test("after a refusal, when it says; not by itself when it does not say", async () => {
    const { sound, lane, peers } = soundOn();
    sound.open();
    await pass(0);
    lane.say({ type: "audio.refused", code: "elsewhere", detail: "another process", retryIn: 4 });
    expect(sound.state).toMatchObject({ phase: "retrying", refused: { code: "elsewhere" } });
    await pass(3_900);
    expect(peers).toHaveLength(1);
    await pass(200);
    expect(peers).toHaveLength(2);
    lane.say({ type: "audio.refused", code: "participant.not_admitted", detail: "" });
    await pass(60_000);
    expect(peers).toHaveLength(2);
    expect(sound.state.phase).toBe("idle");
    sound.open();
    await pass(0);
    expect(peers).toHaveLength(3);
  });

  test("a refusal of the next peer leaves the one that plays; one of the peer itself ends it", async () => {
    const { sound, lane, first } = await listening();
    sound.speak(VOICE);
    await pass(1_000);
    lane.say({ type: "audio.refused", code: "rate_limited", retryIn: 2 });
    expect(first.closed).toBe(false);
    await pass(500);
    lane.say({ type: "audio.refused", code: "unavailable", retryIn: 2 });
    expect(first.closed).toBe(true);
    expect(sound.state).toMatchObject({ phase: "retrying", stream: null });
  });

  test("another window took the sound: not by itself, not even when the socket returns", async () => {
    const { sound, lane, peers } = await listening();
    lane.say({ type: "audio.refused", code: "taken_over" });
    lane.turn("away");
    lane.turn("live");
    await pass(60_000);
    expect(peers).toHaveLength(1);
    expect(sound.state).toMatchObject({ phase: "idle", refused: { code: "taken_over" } });
    sound.open();
    await pass(0);
    expect(peers).toHaveLength(2);
  });

  test("when the peer fails, or stays unsteady for three seconds", async () => {
    const { first, connect, peers, peer } = await listening();
    await pass(5_000);
    first.listener.news("failed");
    await pass(1_000);
    expect(peers).toHaveLength(2);
    await connect();
    await pass(5_000);
    peer().listener.news("unsteady");
    await pass(2_500);
    peer().listener.news("connected");
    await pass(5_000);
    expect(peers).toHaveLength(2);
    peer().listener.news("unsteady");
    await pass(4_000);
    expect(peers).toHaveLength(3);
  });

  test.each([
    ["no answer comes", () => undefined],
    ["the answer is no answer", (lane: FakeLane) => lane.say({ type: "audio.answer", sdp: "nonsense" })],
    ["the answer leads nowhere", (lane: FakeLane) => lane.say({ type: "audio.answer", sdp: "yes" })],
  ])("when %s", async (_what, answer) => {
    const { sound, lane, peers } = soundOn();
    sound.open();
    await pass(0);
    answer(lane);
    await pass(10_000);
    expect(peers.length).toBeGreaterThan(1);
    expect(peers[0]?.closed).toBe(true);
    expect(sound.state.phase).toBe("retrying");
  });

  test("never more than one offer a second, whatever happens", async () => {
    const { sound, lane, peer } = soundOn();
    const offeredAt: number[] = [];
    const signal = lane.signal.bind(lane);
    lane.signal = (frame) => {
      offeredAt.push(Date.now());
      signal(frame);
    };
    sound.open();
    await pass(0);
    for (let step = 0; step < 200; step += 1) {
      if (step % 3 === 0) peer().listener.news("failed");
      if (step % 5 === 0) lane.say({ type: "audio.refused", code: "overloaded", retryIn: 0 });
      if (step % 7 === 0) sound.speak(step % 2 === 0 ? VOICE : null);
      if (step % 11 === 0) lane.turn("away");
      lane.turn("live");
      await pass(100);
    }
    const gaps = offeredAt.slice(1).map((at, place) => at - (offeredAt[place] ?? 0));
    expect(offeredAt.length).toBeGreaterThan(10);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1_000);
  });
});
