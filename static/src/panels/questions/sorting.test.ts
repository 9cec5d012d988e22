import { expect, test } from "vitest";
import type { Question } from "../../session/protocol";
import { partsOf } from "./sorting";

const question = (id: string, seq: number, votes: number, state: Question["state"] = "open"): Question => ({
  id,
  seq,
  votes,
  state,
  at: "2030-01-01T10:00:00Z",
  text: id,
  anonymous: false,
  hidden: state === "pending",
  voters: [],
});

const held = {
  pins: ["pinned"],
  questions: Object.fromEntries(
    [
      question("old", 1, 2),
      question("liked", 2, 9),
      question("new", 3, 2),
      question("pinned", 4, 0),
      question("now", 5, 0, "answering"),
      question("waits", 6, 0, "pending"),
      question("done", 7, 5, "answered"),
      question("gone", 8, 0, "dismissed"),
    ].map((each) => [each.id, each]),
  ),
};

const ids = (questions: Question[]) => questions.map((each) => each.id);

test("by votes: answered now, pinned, most votes, then the older one", () => {
  const parts = partsOf(held, "votes");
  expect(ids(parts.open)).toEqual(["now", "pinned", "liked", "old", "new"]);
  expect([ids(parts.queue), ids(parts.answered), ids(parts.away)]).toEqual([["waits"], ["done"], ["gone"]]);
});

test("by age: the newest first, below what is answered now and pinned", () => {
  expect(ids(partsOf(held, "age").open)).toEqual(["now", "pinned", "new", "liked", "old"]);
});
