import { expect, test } from "vitest";
import { readCsv } from "./csv";
import { attendanceOf, binsOf, type Score, shareOf, silentOf } from "./reading";

const score = (some: Partial<Score>): Score => ({
  userId: "u",
  role: "participant",
  scored: true,
  participationScore: 50,
  totalTimeMinutes: 1,
  interactionCount: 0,
  questionsAsked: 0,
  pollsAnswered: 0,
  ...some,
});

test("quotes, commas and lines inside of cells", () => {
  expect(readCsv('a,b\r\n"x, ""y""","1\n2"\r\n,z\r\n')).toEqual([
    { a: 'x, "y"', b: "1\n2" },
    { a: "", b: "z" },
  ]);
  expect(readCsv("")).toEqual([]);
});

test("stays are read from the intervals, an open one ends with what is shown", () => {
  const csv = [
    "userId,name,role,registration,firstJoined,lastLeft,minutes,intervals",
    "u1,Ana,participant,,,,30,2030-01-01T10:00:00Z/2030-01-01T10:20:00Z; 2030-01-01T10:30:00Z/",
    "u2,'=Ben,participant,registered,,,0,",
  ].join("\r\n");
  const end = Date.parse("2030-01-01T10:40:00Z");
  const [ana, ben] = attendanceOf(csv, end);
  expect(ana?.stays.map((stay) => (stay.to - stay.from) / 60_000)).toEqual([20, 10]);
  expect(ben).toMatchObject({ name: "=Ben", stays: [] });
});

test("a stay is placed in the width and never outside of it", () => {
  expect(shareOf({ from: 50, to: 75 }, 0, 100)).toEqual({ from: 0.5, width: 0.25 });
  expect(shareOf({ from: -50, to: 200 }, 0, 100)).toEqual({ from: 0, width: 1 });
});

test("scores are spread over ten bins, 100 in the last; who is not scored is in none", () => {
  const bins = binsOf([0, 9, 10, 99, 100].map((participationScore) => score({ participationScore })));
  expect(bins).toEqual([2, 1, 0, 0, 0, 0, 0, 0, 0, 2]);
  expect(binsOf([score({ participationScore: null })]).every((count) => count === 0)).toBe(true);
});

test("silent are those who answered and asked nothing", () => {
  const all = [score({ userId: "a" }), score({ userId: "b", pollsAnswered: 1 }), score({ userId: "c", scored: false })];
  expect(silentOf(all).map((each) => each.userId)).toEqual(["a"]);
});
