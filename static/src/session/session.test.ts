import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ANA, AT, BEN, FakeServer, raised, ROOM, settled, viewAt } from "./fakes";
import { KeptInMemory } from "./kept";
import { Session, SignedOut } from "./session";

const RAISE = { type: "hand.raise" } as const;

function sessionOn(server: FakeServer, kept = new KeptInMemory(), token = async () => "token") {
  let made = 0;
  const run = kept.keys("").length;
  const newId = () => `c${run}-${(made += 1)}`;
  return new Session({ sessionId: ROOM, userId: ANA, connect: server.connect, kept, token, newId });
}

async function joined(server = new FakeServer(), kept = new KeptInMemory()) {
  const session = sessionOn(server, kept);
  session.open();
  await server.admit(4, viewAt(4));
  return { server, session, kept };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("joining", () => {
  test("takes the snapshot and goes live at its seq", async () => {
    const { server, session } = await joined();
    expect(server.link.token).toBe("token");
    expect(server.link.joins).toEqual([null]);
    expect(session.state.phase).toBe("live");
    expect(session.state.view?.seq).toBe(4);
    expect(session.state.names[ANA]?.name).toBe("Ana");
  });

  test("a refusal for good closes, a refusal for now is tried again after retryAfter", async () => {
    const server = new FakeServer();
    const session = sessionOn(server);
    session.open();
    await settled();
    server.link.listener.open();
    server.link.answerJoin({ ok: false, code: "overloaded", retryAfter: 7 });
    await settled();
    vi.advanceTimersByTime(6_900);
    await settled();
    expect(server.links).toHaveLength(1);
    vi.advanceTimersByTime(200);
    await settled();
    expect(server.links).toHaveLength(2);
    server.link.listener.open();
    server.link.answerJoin({ ok: false, code: "not_found" });
    await settled();
    expect(session.state.phase).toBe("closed");
    expect(session.state.closed?.code).toBe("not_found");
    vi.advanceTimersByTime(100_000);
    expect(server.links).toHaveLength(2);
  });
});

describe("following the log", () => {
  test("folds events and moves on, also over a range with nothing to see", async () => {
    const { server, session } = await joined();
    server.send(4, 5, [raised(5, BEN)]);
    server.send(5, 9, []);
    expect(session.state.view?.hands?.raised.map((hand) => hand.user)).toEqual([BEN]);
    expect(session.state.view?.seq).toBe(9);
  });

  test("a frame that was seen already changes nothing", async () => {
    const { server, session } = await joined();
    server.send(4, 5, [raised(5, BEN)]);
    server.send(4, 5, [raised(5, BEN)]);
    expect(session.state.view?.seq).toBe(5);
    expect(session.state.phase).toBe("live");
  });

  test("a gap makes it join again from where it stands, and nothing of the frame is applied", async () => {
    const { server, session } = await joined();
    server.send(6, 7, [raised(7, BEN)]);
    expect(session.state.phase).toBe("away");
    expect(session.state.view?.hands?.raised).toEqual([]);
    vi.advanceTimersByTime(2_000);
    await server.admit(4);
    expect(server.link.joins).toEqual([{ epoch: "e1", after: 4 }]);
    server.send(4, 7, [raised(7, BEN)]);
    expect(session.state.view?.hands?.raised).toHaveLength(1);
  });

  test("another epoch makes it join again", async () => {
    const { server, session } = await joined();
    server.link.listener.events({ sessionId: ROOM, epoch: "e2", after: 4, upto: 5, events: [] });
    expect(session.state.phase).toBe("away");
  });

  test("a snapshot frame replaces the view and the standing", async () => {
    const { server, session } = await joined();
    server.link.listener.snapshot({
      sessionId: ROOM,
      epoch: "e1",
      seq: 9,
      view: viewAt(9),
      you: { userId: ANA, role: "assistant", standing: { staff: true, admitted: true } },
    });
    expect(session.state.you?.standing.staff).toBe(true);
    server.send(9, 10, [raised(10, BEN)]);
    expect(session.state.view?.seq).toBe(10);
  });

  test("many frames in a moment are told together, the state is there at once", async () => {
    const { server, session } = await joined();
    vi.advanceTimersByTime(1_000);
    let told = 0;
    session.subscribe(() => (told += 1));
    for (let seq = 5; seq < 45; seq += 1) server.send(seq - 1, seq, [raised(seq, BEN)]);
    expect(session.state.view?.seq).toBe(44);
    expect(told).toBe(1);
    vi.advanceTimersByTime(100);
    expect(told).toBe(2);
  });

  test("an event of a type it does not know only moves it on", async () => {
    const { server, session } = await joined();
    server.send(4, 5, [{ ...raised(5, BEN), type: "future.happened" } as never]);
    expect(session.state.view?.seq).toBe(5);
    expect(session.state.view?.hands?.raised).toEqual([]);
  });
});

describe("acting", () => {
  test("is seen at once, before the server answered, and stays when the event comes", async () => {
    const { server, session } = await joined();
    void session.submit(RAISE);
    expect(session.state.view?.hands?.raised.map((hand) => hand.user)).toEqual([ANA]);
    expect(session.state.pending).toHaveLength(1);
    server.send(4, 5, [raised(5, ANA, "c0-1")]);
    expect(session.state.view?.hands?.raised).toHaveLength(1);
    expect(session.state.pending).toHaveLength(0);
  });

  test("what was shown before the answer is known to be the same thing after it", async () => {
    const { server, session } = await joined();
    void session.submit({ type: "chat.send", text: "hello" });
    const sent = { type: "chat.sent", seq: 5, at: AT, actor: ANA, command: "c0-1", messageId: "m1", text: "hello" };
    server.send(4, 5, [sent as never]);
    expect(session.originOf("m1")).toBe("c0-1");
    expect(session.originOf("m2")).toBeUndefined();
  });

  test("it does so, too, when the answer comes before the event", async () => {
    const { server, session } = await joined();
    const answer = session.submit({ type: "chat.send", text: "hello" });
    server.link.submitted[0]?.answer({ ok: true, seq: 5 });
    await answer;
    const sent = { type: "chat.sent", seq: 5, at: AT, actor: ANA, command: "c0-1", messageId: "m1", text: "hello" };
    server.send(4, 5, [sent as never]);
    expect(session.originOf("m1")).toBe("c0-1");
    expect(session.state.pending).toHaveLength(0);
  });

  test("an acknowledgement before the event keeps the echo until the view gets there", async () => {
    const { server, session } = await joined();
    const answer = session.submit(RAISE);
    server.link.submitted[0]?.answer({ ok: true, seq: 6 });
    expect(await answer).toEqual({ ok: true, seq: 6 });
    expect(session.state.view?.hands?.raised).toHaveLength(1);
    server.send(4, 5, []);
    expect(session.state.view?.hands?.raised).toHaveLength(1);
    server.send(5, 6, [raised(6, ANA)]);
    expect(session.state.pending).toHaveLength(0);
    expect(session.state.view?.hands?.raised).toHaveLength(1);
  });

  test("a refusal takes the echo back, keeps the words and says why", async () => {
    const { server, session, kept } = await joined();
    void session.submit(RAISE);
    server.link.submitted[0]?.answer({ ok: false, code: "session.paused", detail: "paused" });
    await settled();
    expect(session.state.view?.hands?.raised).toEqual([]);
    expect(session.state.refused).toMatchObject([{ command: RAISE, code: "session.paused" }]);
    expect(kept.keys("atelier.outbox")).toEqual([]);
    session.discard("c0-1");
    expect(session.state.refused).toEqual([]);
  });

  test("commands of one lane go one after the other, those of another do not wait", async () => {
    const { server, session } = await joined();
    void session.submit(RAISE);
    void session.submit({ type: "hand.lower" });
    void session.submit({ type: "permission.ask", permission: "can_share_screen" });
    expect(server.link.submitted.map((each) => each.command.type)).toEqual(["hand.raise", "permission.ask"]);
    server.link.submitted[0]?.answer({ ok: true, seq: 5 });
    await settled();
    expect(server.link.submitted.map((each) => each.command.type)).toContain("hand.lower");
  });

  test("retryAfter is honoured: the same id again, not before its time", async () => {
    const { server, session } = await joined();
    void session.submit(RAISE);
    server.link.submitted[0]?.answer({ ok: false, code: "rate_limited", retryAfter: 3 });
    await settled();
    vi.advanceTimersByTime(2_900);
    expect(server.link.submitted).toHaveLength(1);
    vi.advanceTimersByTime(200);
    expect(server.link.submitted.map((each) => each.id)).toEqual(["c0-1", "c0-1"]);
  });
});

describe("an outage", () => {
  test("unsent commands are sent again under the same id, after joining from where one stood", async () => {
    const { server, session } = await joined();
    void session.submit(RAISE);
    server.cut();
    expect(session.state.phase).toBe("away");
    expect(session.state.lostAt).toBeDefined();
    void session.submit({ type: "hand.lower" });
    expect(session.state.pending).toHaveLength(2);
    vi.advanceTimersByTime(2_000);
    await server.admit(4);
    expect(session.state.lostAt).toBeUndefined();
    expect(server.link.submitted.map((each) => each.id)).toEqual(["c0-1"]);
    server.link.submitted[0]?.answer({ ok: true, seq: 5 });
    await settled();
    expect(server.link.submitted.map((each) => each.id)).toEqual(["c0-1", "c0-2"]);
    expect(server.link.submitted.map((each) => each.resent)).toEqual([true, false]);
  });

  test("a reload keeps them too, in their order", async () => {
    const { server, session, kept } = await joined();
    server.cut();
    void session.submit(RAISE);
    void session.submit({ type: "hand.lower" });
    session.close();
    const next = await joined(new FakeServer(), kept);
    expect(next.session.state.pending.map((each) => each.id)).toEqual(["c0-1", "c0-2"]);
    expect(next.server.link.submitted.map((each) => [each.id, each.resent])).toEqual([["c0-1", true]]);
  });

  test("is retried within 2 s for a whole minute", async () => {
    const { server } = await joined();
    const started = Date.now();
    server.cut();
    while (Date.now() - started < 58_000) {
      const tries = server.links.length;
      vi.advanceTimersByTime(2_000);
      await settled();
      expect(server.links.length).toBeGreaterThan(tries);
      server.cut();
    }
  });

  test("an answer that never came counts as a lost link", async () => {
    const { server, session } = await joined();
    void session.submit(RAISE);
    server.link.submit = () => Promise.reject(new Error("timeout"));
    server.link.submitted[0]?.answer({ ok: true, seq: 5 });
    await settled();
    void session.submit({ type: "hand.lower" });
    await settled();
    expect(session.state.phase).toBe("away");
    expect(session.state.pending.some((each) => each.command.type === "hand.lower")).toBe(true);
  });

  test("goodbye with a time waits that long, goodbye for good closes", async () => {
    const { server, session } = await joined();
    server.link.listener.bye({ code: "draining", reconnect: true, retryIn: 4 });
    vi.advanceTimersByTime(3_900);
    await settled();
    expect(server.links).toHaveLength(1);
    vi.advanceTimersByTime(200);
    await server.admit(4);
    server.link.listener.bye({ code: "participant.banned", reconnect: false });
    expect(session.state.closed?.code).toBe("participant.banned");
  });

  test("a refused token is renewed once, and then it is over", async () => {
    const server = new FakeServer();
    const asked: boolean[] = [];
    const session = new Session({
      sessionId: ROOM,
      userId: ANA,
      connect: server.connect,
      kept: new KeptInMemory(),
      token: async (renewed) => {
        asked.push(renewed);
        return "token";
      },
    });
    session.open();
    await settled();
    server.cut({ code: "token_expired" });
    vi.advanceTimersByTime(2_000);
    await settled();
    expect(asked).toEqual([false, true]);
    server.cut({ code: "token_invalid" });
    expect(session.state.closed?.code).toBe("unauthenticated");
  });

  test("without any token it is over, without a server it is not", async () => {
    const server = new FakeServer();
    const out = sessionOn(server, new KeptInMemory(), () => Promise.reject(new SignedOut("over")));
    out.open();
    await settled();
    expect(out.state.closed?.code).toBe("unauthenticated");
    const offline = sessionOn(server, new KeptInMemory(), () => Promise.reject(new Error("offline")));
    offline.open();
    await settled();
    expect(offline.state.phase).toBe("away");
  });
});

describe("signals", () => {
  test("who writes is believed for 5 s", async () => {
    const { server, session } = await joined();
    server.link.listener.signal({ type: "typing", from: BEN, on: true });
    expect(session.state.typing).toEqual([BEN]);
    vi.advanceTimersByTime(5_000);
    expect(session.state.typing).toEqual([]);
  });

  test("pings go out every 5 s and three lost ones in a row end the link", async () => {
    const { server, session } = await joined();
    expect(server.link.signals[0]?.type).toBe("ping");
    server.link.listener.signal({ type: "pong", t: server.link.signals[0]?.["t"] });
    expect(session.state.pulse.rttMs).toBeDefined();
    vi.advanceTimersByTime(20_000);
    expect(session.state.phase).toBe("away");
  });
});
