import { expect, test } from "vitest";
import type { BreakoutRoom, BreakoutSet, View } from "../../session/protocol";
import { closesAt, leftMs, nextRoom, openRooms, peopleIn, roomOf, runningSet, seatsLeft, waysOf } from "./reading";

const AT = "2026-11-22T10:00:00Z";

function room(id: string, change: Partial<BreakoutRoom> = {}): BreakoutRoom {
  return { id, name: `Room ${id}`, members: [], status: "open", closing: false, stayed: [], ...change };
}

function set(change: Partial<BreakoutSet> = {}): BreakoutSet {
  return {
    id: "s",
    seq: 5,
    name: "Pairs",
    assignment: "random",
    late: "place",
    observers: "roam",
    mayReturn: false,
    results: "everyone",
    repeats: 0,
    status: "open",
    rooms: [room("1", { members: ["ana"] }), room("2", { members: ["ben"] })],
    ...change,
  };
}

function view(sets: BreakoutSet[], places: Record<string, string> = {}): View {
  const person = (user: string, role: string) => ({ user, role, admitted: true, present: true });
  return {
    seq: 9,
    at: AT,
    lifecycle: {},
    people: {
      persons: {
        mara: person("mara", "instructor"),
        ana: person("ana", "participant"),
        ben: person("ben", "participant"),
        kim: person("kim", "participant"),
        otto: person("otto", "observer"),
      },
      banned: [],
    },
    breakouts: { sets: Object.fromEntries(sets.map((each) => [each.id, each])), places, broadcasts: [] },
  } as unknown as View;
}

const ids = (rooms: readonly BreakoutRoom[]): string[] => rooms.map((each) => each.id);

test("one set runs at a time; planned and closed ones do not", () => {
  const planned = set({ id: "p", status: "planned" });
  expect(runningSet(view([planned, set()]).breakouts)?.id).toBe("s");
  expect(runningSet(view([planned, set({ status: "closed" })]).breakouts)).toBeUndefined();
  expect(openRooms(planned)).toEqual([]);
});

test("people are where their place says, and in the main room without one", () => {
  const now = view([set()], { ana: "1" });
  expect(peopleIn(now, "1").map((each) => each.user)).toEqual(["ana"]);
  expect(peopleIn(now, undefined).map((each) => each.user)).toEqual(["mara", "ben", "kim", "otto"]);
  expect(roomOf(now.breakouts, "2")?.room.name).toBe("Room 2");
  expect(roomOf(now.breakouts, "9")).toBeUndefined();
});

test("staff go anywhere and back", () => {
  expect(ids(waysOf(view([set()], { mara: "1" }), "mara", true).rooms)).toEqual(["2"]);
  expect(waysOf(view([set()], { mara: "1" }), "mara", true).back).toBe(true);
  expect(waysOf(view([set()]), "mara", true).back).toBe(false);
});

test("who was placed stays there, unless people may return; then the own room stays open to them", () => {
  expect(waysOf(view([set()], { ana: "1" }), "ana", false)).toEqual({ rooms: [], back: false });
  const free = set({ mayReturn: true });
  expect(waysOf(view([free], { ana: "1" }), "ana", false)).toEqual({ rooms: [], back: true });
  expect(ids(waysOf(view([free]), "ana", false).rooms)).toEqual(["1"]);
});

test("where people choose, full rooms are no choice, but one's own is", () => {
  const rooms = [room("1", { capacity: 1, members: ["ana"] }), room("2", { capacity: 2, members: ["ben"] })];
  const free = view([set({ assignment: "self", rooms })]);
  expect(ids(waysOf(free, "kim", false).rooms)).toEqual(["2"]);
  expect(ids(waysOf(free, "ana", false).rooms)).toEqual(["1", "2"]);
  expect(rooms.map(seatsLeft)).toEqual([0, 1]);
});

test("who comes late chooses only where that was said", () => {
  expect(waysOf(view([set()]), "kim", false).rooms).toEqual([]);
  expect(ids(waysOf(view([set({ late: "ask" })]), "kim", false).rooms)).toEqual(["1", "2"]);
});

test("observers roam, stay, or are placed like everybody", () => {
  expect(ids(waysOf(view([set()]), "otto", false).rooms)).toEqual(["1", "2"]);
  expect(waysOf(view([set()], { otto: "2" }), "otto", false).back).toBe(true);
  expect(waysOf(view([set({ observers: "main", assignment: "self" })]), "otto", false).rooms).toEqual([]);
  const placed = set({ observers: "assigned", assignment: "self" });
  expect(ids(waysOf(view([placed]), "otto", false).rooms)).toEqual(["1", "2"]);
});

test("a tour goes through all rooms and round again", () => {
  const rooms = [room("1"), room("2"), room("3")];
  expect(nextRoom(rooms, undefined)?.id).toBe("1");
  expect(nextRoom(rooms, "1")?.id).toBe("2");
  expect(nextRoom(rooms, "3")?.id).toBe("1");
  expect(nextRoom([room("1")], "1")).toBeUndefined();
  expect(nextRoom([], undefined)).toBeUndefined();
});

test("a tour goes first where help is asked for", () => {
  const rooms = [room("1"), room("2"), room("3", { help: { at: AT, user: "ana" } })];
  expect(nextRoom(rooms, undefined)?.id).toBe("3");
  expect(nextRoom(rooms, "3")?.id).toBe("1");
});

test("the time of all is that of the last room, if each has one", () => {
  const later = "2026-11-22T10:05:00Z";
  expect(closesAt([room("1", { closesAt: AT }), room("2", { closesAt: later })])).toBe(later);
  expect(closesAt([room("1", { closesAt: AT }), room("2")])).toBeUndefined();
  expect(closesAt([])).toBeUndefined();
  expect(leftMs(AT, Date.parse(AT) - 1_500)).toBe(1_500);
  expect(leftMs(AT, Date.parse(AT) + 1)).toBe(0);
  expect(leftMs(undefined, 0)).toBeUndefined();
});
