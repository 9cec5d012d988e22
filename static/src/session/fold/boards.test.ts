// A board that many drew on over bad lines, made by Python (tests/laws): whoever followed it, opened it in between, merged it
// in another order, or looks at a moment of it, comes to the same scene as the server.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { Boards, Element, View } from "../protocol";
import type { Recorded } from "../wire";
import { BoardHistory, boards, drawn, type Elements, elementsOf, type LoadedBoard, load, merge } from "./boards";
import { applyAll } from "./room";

interface Case {
  user: string;
  view: View;
  events: Recorded[];
  loads: { head: number; board: LoadedBoard }[];
  moments: { seq: number; scene: Record<string, [number, number]> }[];
  merged: Record<string, [number, number]>;
  after: { elements: Elements; live: number; size: number; changed: number };
}

const file = fileURLToPath(new URL("../../../../tests/laws/board_cases.json.gz", import.meta.url));
const cases = JSON.parse(gunzipSync(readFileSync(file)).toString("utf8")) as Case[];

function boardsOf(view: View): Boards {
  if (view.boards === undefined) throw new Error("the view has no boards");
  return view.boards;
}

function follow(from: View, events: readonly Recorded[], after: number, upto = Number.POSITIVE_INFINITY): View {
  return applyAll(
    from,
    events.filter((each) => each.seq > after && each.seq <= upto),
  );
}

/** What is to be seen. */
function versions(elements: Iterable<Element>): Record<string, [number, number]> {
  const live = [...elements].filter((each) => !each.deleted);
  return Object.fromEntries(live.map((each) => [each.id, [each.version, each.versionNonce]]));
}

function versionsAtEnd({ after }: Case): Record<string, [number, number]> {
  return versions(Object.values(after.elements));
}

function shuffled<T>(list: readonly T[], seed: number): T[] {
  let state = seed;
  const next = (): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
  return list
    .map((each) => [next(), each] as const)
    .sort(([one], [other]) => one - other)
    .map(([, each]) => each);
}

const changesOf = (events: readonly Recorded[]) => events.filter((each) => each.type === "board.changed");

describe.each(cases.map((each, index) => [index, each] as const))("board %i", (_index, given) => {
  const start = boardsOf(given.view);
  const main = start.pages["main"];
  if (main === undefined) throw new Error("there is no first page");
  const empty: View = { ...given.view, boards: { ...start, pages: { main: { ...main, elements: {} } } } };

  test("whoever followed it from its beginning has the server's scene, tombstones included", () => {
    const page = boardsOf(applyAll(empty, given.events)).pages["main"];
    expect(page?.live).toBe(given.after.live);
    expect(page?.size).toBe(given.after.size);
    expect(page?.changed).toBe(given.after.changed);
    expect(Object.keys(page?.elements ?? {}).length).toBeGreaterThan(60);
    expect(bare(page?.elements ?? {})).toEqual(bare(given.after.elements));
  });

  test("a board that was not opened only counts", () => {
    const page = boardsOf(applyAll(given.view, given.events)).pages["main"];
    expect(page?.elements).toBeUndefined();
    expect(page?.live).toBe(given.after.live);
  });

  test.each([-40, -3, 0, 5, 60])("opened in between, %i events from where one stands, it follows from there", (ahead) => {
    const last = given.events.at(-1)?.seq ?? 0;
    let opened = 0;
    for (const { head, board } of given.loads) {
      const asked = Math.max(given.view.seq, Math.min(head, head + ahead));
      const now = Math.min(last, Math.max(given.view.seq, head + ahead));
      const view = follow(given.view, given.events, given.view.seq, now);
      const tail = given.events.filter((each) => each.seq > asked && each.seq <= now);
      const loaded = load(boardsOf(view), board, tail);
      if (loaded === undefined) continue;
      opened += 1;
      const page = boardsOf(follow({ ...view, boards: loaded }, given.events, now)).pages["main"];
      expect(page?.live).toBe(given.after.live);
      if (page?.elements !== undefined) {
        expect(versions(Object.values(page.elements))).toEqual(versionsAtEnd(given));
        const creators = Object.values(page.elements).filter((each) => !each.deleted);
        for (const each of creators) expect(each.creator).toBe(given.after.elements[each.id]?.creator);
      }
    }
    expect(opened).toBeGreaterThan(given.loads.length / 2);
  });

  test("an answer that is older than what one has seen is asked for again", () => {
    const { board } = given.loads[0] as Case["loads"][number];
    const end = boardsOf(applyAll(given.view, given.events));
    const behind = given.loads.filter((each) => each.board.changed < given.after.changed);
    expect(behind.length).toBeGreaterThan(0);
    for (const each of behind) expect(load(end, each.board)).toBeUndefined();
    expect(load({ ...end, pages: {} }, board)).toBeUndefined();
  });

  test("merged in any order, and repeated, it is the same", () => {
    const packets = changesOf(given.events).map((each) => elementsOf(each as never));
    for (const seed of [1, 2, 3]) {
      const order = shuffled([...packets, ...packets.slice(0, 50)], seed);
      const scene = order.reduce<Elements>((held, packet) => merge(held, packet), {});
      const found = Object.fromEntries(Object.values(scene).map((each) => [each.id, [each.version, each.versionNonce]]));
      expect(found).toEqual(given.merged);
    }
  });

  test("any moment of it is what was there, forwards and backwards", () => {
    const history = new BoardHistory("main", given.events);
    expect(history.moments.length).toBeGreaterThan(200);
    for (const { seq, scene } of shuffled(given.moments, 5))
      expect(versions(history.at(seq).values()), `at ${seq}`).toEqual(scene);
    expect(versions(history.at(0).values())).toEqual({});
  });
});

/** Without fields that hold nothing: the state in Python writes none of them. */
function bare(elements: Elements): unknown {
  return JSON.parse(JSON.stringify(elements, (_key, value) => (value === null ? undefined : (value as unknown))));
}

describe("an element", () => {
  const held: Element = { id: "a", version: 3, versionNonce: 9, deleted: true, seq: 4, body: { type: "line" } };

  test("that was deleted takes its fields from what the browser still has", () => {
    const local = { id: "a", type: "line", version: 2, versionNonce: 5, isDeleted: false, x: 7 };
    expect(drawn(held, local)).toEqual({ ...local, version: 3, versionNonce: 9, isDeleted: true });
    expect(drawn({ ...held, deleted: false, body: { type: "line", x: 1 } }, local)["x"]).toBe(1);
  });

  test("under a name of Object.prototype is only an element", () => {
    expect(merge({}, [{ ...held, id: "toString" }])).toEqual({ toString: { ...held, id: "toString" } });
  });

  test("of a page one does not have changes nothing", () => {
    const now: Boards = { pages: {}, images: {}, whole: false };
    const event = { seq: 9, type: "board.changed", boardId: "main", elements: [], live: 0, size: 0 };
    expect(boards["board.changed"]?.(now, event as never)).toBe(now);
  });
});
