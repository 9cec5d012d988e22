import { describe, expect, it } from "vitest";
import type { Boards, Element, Page } from "../../session/protocol";
import { type Drawer, mayDraw, pagesOf, sharesOf } from "./reading";

const page = (id: string, more: Partial<Page> = {}): Page => ({
  id,
  seq: 1,
  name: "",
  order: 0,
  everyone: false,
  locked: false,
  changed: 1,
  live: 0,
  size: 0,
  ...more,
});

const ana: Drawer = {
  moderates: false,
  allowed: false,
  participant: true,
  running: true,
  active: true,
  here: undefined,
};

describe("pages", () => {
  it("are those of one room, in their order", () => {
    const pages = {
      b: page("b", { order: 1 }),
      main: page("main"),
      r: page("r", { room: "r" }),
    };
    const boards: Boards = { pages, images: {}, whole: true };
    expect(pagesOf(boards, undefined).map(({ id }) => id)).toEqual(["main", "b"]);
    expect(pagesOf(boards, "r").map(({ id }) => id)).toEqual(["r"]);
    expect(pagesOf(undefined, undefined)).toEqual([]);
  });
});

describe("who may draw", () => {
  it.each([
    ["nobody without the right", page("main"), {}, "not_allowed"],
    ["who has it", page("main"), { allowed: true }, "yes"],
    ["everybody, where the page is everybody's", page("main", { everyone: true }), {}, "yes"],
    ["no observer by that", page("main", { everyone: true }), { participant: false }, "not_allowed"],
    ["an observer with the right", page("main"), { participant: false, allowed: true }, "yes"],
    ["nobody on a locked page", page("main", { locked: true }), { allowed: true }, "locked"],
    ["moderators on a locked page", page("main", { locked: true }), { moderates: true }, "yes"],
    ["nobody in another room", page("r", { room: "r", everyone: true }), { allowed: true }, "elsewhere"],
    ["moderators in every room", page("r", { room: "r" }), { moderates: true }, "yes"],
    ["nobody while it is paused", page("main"), { allowed: true, active: false }, "not_now"],
    ["moderators while it is paused", page("main"), { moderates: true, active: false }, "yes"],
    ["no moderator before the start", page("main"), { moderates: true, running: false }, "not_now"],
  ] as const)("%s", (_who, on, more, answer) => {
    expect(mayDraw(on, { ...ana, ...more })).toBe(answer);
  });
});

describe("in words", () => {
  const element = (id: string, creator: string | undefined, body: Record<string, unknown>): Element =>
    ({ id, version: 1, versionNonce: 1, deleted: false, seq: 1, creator, body }) as Element;

  it("tells texts from the top to the bottom, and how much else there is, by person", () => {
    const elements = {
      low: element("low", "ana", { type: "text", text: "below", y: 90, x: 0 }),
      high: element("high", "ana", { type: "text", text: " above ", y: 10, x: 0 }),
      line: element("line", "ben", { type: "line" }),
      empty: element("empty", "ben", { type: "text", text: "  " }),
      gone: { ...element("gone", "ben", { type: "text", text: "gone" }), deleted: true },
    };
    expect(sharesOf(elements)).toEqual([
      { user: "ana", texts: ["above", "below"], shapes: 0 },
      { user: "ben", texts: [], shapes: 1 },
    ]);
  });
});
