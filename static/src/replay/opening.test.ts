import { describe, expect, test } from "vitest";
import type { LiveSession } from "../app/resources";
import { Problem } from "../session/api";
import type { View } from "../session/protocol";
import type { Recorded } from "../session/wire";
import { ANA, begun, event, lively, MARA, nothingYet } from "./fakes";
import type { EventsPage, Source, ViewAfter } from "./material";
import { open } from "./opening";

/** A server of a few lines. */
class FakeSource implements Source {
  readonly sessionId = "s";
  readonly turns: readonly number[] | null = null;
  readonly asked: number[] = [];
  refuse = 0;
  quiet = false;

  constructor(
    readonly me: string,
    readonly log: readonly Recorded[],
    readonly others: (seq: number) => View = () => nothingYet(false),
  ) {}

  async session(): Promise<LiveSession> {
    return { id: "s", title: "Clocks" } as LiveSession;
  }

  async events(cursor: string | null): Promise<EventsPage> {
    if (this.refuse > 0) {
      this.refuse -= 1;
      throw new Problem(429, { code: "rate_limited" }, 0.001);
    }
    const from = Number(cursor ?? 0);
    const items = this.log.slice(from, from + 200);
    const next = from + items.length;
    return { items, upto: next, nextCursor: next < this.log.length ? String(next) : null, people: { [ANA]: { name: "Ana" } } };
  }

  async viewAfter(seq: number): Promise<ViewAfter> {
    this.asked.push(seq);
    return { seq, view: this.others(seq) };
  }

  async recordings(): Promise<never[]> {
    if (this.quiet) throw new Problem(404, { code: "not_found" });
    return [];
  }

  async transcript(): Promise<null> {
    if (this.quiet) throw new Problem(500, { code: "internal" });
    return null;
  }

  async peaks(): Promise<Uint8Array> {
    return new Uint8Array();
  }
}

const never = new AbortController().signal;
const moves = (room?: string) => [{ userId: ANA, ...(room === undefined ? {} : { room }) }];

describe("opening a replay", () => {
  test("reads every page, and waits where the server asks for patience", async () => {
    const source = new FakeSource(MARA, lively(1_000), () => nothingYet(true));
    source.refuse = 2;
    const parts: number[] = [];
    const { past, names } = await open(source, (part) => parts.push(part), never);
    expect(past.events).toHaveLength(1_000);
    expect(names[ANA]?.name).toBe("Ana");
    expect(parts.at(-1)).toBe(1);
    expect(source.asked).toEqual([0]);
  });

  test("works without sound and without a transcript", async () => {
    const source = new FakeSource(ANA, begun());
    source.quiet = true;
    const material = await open(source, () => undefined, never);
    expect(material).toMatchObject({ recordings: [], transcript: null });
  });

  test("takes up another view where one comes to another place, and back", async () => {
    const log = [
      ...begun(),
      event(5, "breakout.moved", { setId: "x", moves: moves("r"), assigned: false }, MARA),
      event(6, "chat.sent", { messageId: "m", text: "here", room: "r" }),
      event(7, "breakout.moved", { setId: "x", moves: moves(), assigned: false }, MARA),
      event(8, "participant.left", { userId: ANA, lastSeen: "2030-01-01T10:00:08Z" }),
      event(9, "participant.joined", { userId: ANA, role: "participant" }),
    ];
    const place = (seq: number): View => {
      const view = nothingYet(false);
      const person = { user: ANA, role: "participant" as const, admitted: true, present: true };
      const title = seq === 0 ? "" : `asked at ${seq}`;
      return {
        ...view,
        lifecycle: { ...view.lifecycle, title },
        people: { persons: seq === 0 ? {} : { [ANA]: person }, banned: [] },
        breakouts: { sets: {}, places: seq === 6 ? { [ANA]: "r" } : {}, broadcasts: [] },
      } as unknown as View;
    };
    const source = new FakeSource(ANA, log, place);
    const { past } = await open(source, () => undefined, never);
    expect(source.asked).toEqual([0, 6, 8]);
    expect(past.viewAfter(5).lifecycle.title).toBe("Clocks");
    expect(past.viewAfter(7).lifecycle.title).toBe("asked at 6");
    expect(past.viewAfter(8).lifecycle.title).toBe("asked at 8");
  });

  test("who was put out unseen and let in again sees what they then saw", async () => {
    const log = [...begun(), event(9, "participant.joined", { userId: ANA, role: "participant" })];
    const source = new FakeSource(ANA, log);
    await open(source, () => undefined, never);
    expect(source.asked).toEqual([0, 6]);
  });

  test("staff see all places from everywhere", async () => {
    const log = [...begun(), event(5, "breakout.moved", { setId: "x", moves: [{ userId: MARA, room: "r" }], assigned: false }, MARA)];
    const source = new FakeSource(MARA, log, () => nothingYet(true));
    await open(source, () => undefined, never);
    expect(source.asked).toEqual([0]);
  });

  test("stops when the page is left", async () => {
    const leaving = new AbortController();
    const source = new FakeSource(MARA, lively(1_000), () => nothingYet(true));
    const opened = open(source, () => leaving.abort(), leaving.signal);
    await expect(opened).rejects.toThrow();
  });
});
