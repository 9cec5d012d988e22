import { expect, test } from "vitest";
import { readList, roomsFor, sizesOf } from "./planning";

test.each([
  [0, 2],
  [5, 2],
  [9, 3],
  [24, 6],
  [1_000, 50],
])("%i people are given %i rooms", (people, rooms) => expect(roomsFor(people)).toBe(rooms));

test("sizes of groups", () => {
  expect(sizesOf(9, 2)).toEqual([4, 5]);
  expect(sizesOf(8, 2)).toEqual([4, 4]);
});

const PEOPLE = [
  { user: "a", name: "Ana Demo" },
  { user: "b", name: "Ben Demo" },
  { user: "c", name: "Ben Other" },
  { user: "z", name: "Zoë" },
];

test("a list of rooms with people by their whole or first names", () => {
  expect(readList("Ink: ana, Ben Demo\n\n Pencil :zoe;", PEOPLE)).toEqual({
    rooms: [
      { name: "Ink", members: ["a", "b"] },
      { name: "Pencil", members: ["z"] },
    ],
    unknown: [],
    unclear: [],
  });
});

test("a line without a colon is a room, a room without a name has a number", () => {
  expect(readList("Ink\n: Ana", PEOPLE).rooms).toEqual([
    { name: "Ink", members: [] },
    { name: "2", members: ["a"] },
  ]);
});

test("who is not here, could be two people, or stands twice is said", () => {
  const read = readList("Ink: Kim, Ben\nPencil: Ana, ana demo", PEOPLE);
  expect(read.unknown).toEqual(["Kim"]);
  expect(read.unclear).toEqual(["Ben", "ana demo"]);
  expect(read.rooms.map((each) => each.members)).toEqual([[], ["a"]]);
});
