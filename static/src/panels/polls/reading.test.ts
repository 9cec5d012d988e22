import { describe, expect, test } from "vitest";
import type { Poll } from "../../session/protocol";
import { averageOf, barsOf, choiceAt, cloudOf, isRight, partsOf, wordsGiven, wordsOf } from "./reading";

const poll = (some: Partial<Poll>): Poll => ({
  id: "p",
  seq: 1,
  question: "How was it?",
  kind: "single",
  options: ["a", "b"],
  many: false,
  anonymous: false,
  results: "live",
  status: "open",
  live: true,
  published: false,
  armed: 0,
  votes: {},
  ...some,
});

test("the run is in its order, what is open or closed shows the latest first", () => {
  const all = [
    poll({ id: "c", seq: 3, status: "draft" }),
    poll({ id: "a", seq: 1, status: "draft" }),
    poll({ id: "x", seq: 4, status: "closed" }),
    poll({ id: "y", seq: 5, status: "closed" }),
  ];
  const parts = partsOf({ polls: Object.fromEntries(all.map((each) => [each.id, each])) });
  expect(parts.drafts.map((each) => each.id)).toEqual(["a", "c"]);
  expect(parts.closed.map((each) => each.id)).toEqual(["y", "x"]);
});

test("polls of one click speak the reader's language", () => {
  const french = { yesno: "Oui ou non ?", yes: "Oui", no: "Non", abcd: "A, B, C ou D ?" };
  expect(wordsOf(poll({ template: "yesno", question: "Yes/No", options: ["Yes", "No"] }), french)).toEqual({
    question: "Oui ou non ?",
    options: ["Oui", "Non"],
  });
  expect(wordsOf(poll({ template: "yesno", question: "Shall we go on?" }), french).question).toBe("Shall we go on?");
  expect(wordsOf(poll({}), french)).toEqual({ question: "How was it?", options: ["a", "b"] });
});

describe("counts", () => {
  test("as shares of those who answered", () => {
    const bars = barsOf(poll({ kind: "quiz", correct: [1], tally: { answered: 4, counts: [1, 3], words: [] } }));
    expect(bars).toEqual([
      { count: 1, share: 0.25, right: false },
      { count: 3, share: 0.75, right: true },
    ]);
    expect(barsOf(poll({})).map((bar) => bar.share)).toEqual([0, 0]);
  });

  test("a rating counts from 1 and has an average", () => {
    const rating = poll({
      kind: "rating",
      options: ["1", "2", "3"],
      tally: { answered: 2, counts: [0, 1, 1], words: [] },
    });
    expect([choiceAt(rating, 0), choiceAt(poll({}), 0)]).toEqual([1, 0]);
    expect(averageOf(rating)).toBe(2.5);
    expect(averageOf(poll({ kind: "rating" }))).toBeNull();
  });

  test("a cloud keeps its order and sizes by count", () => {
    const words: [string, number][] = [
      ["clear", 3],
      ["fast", 1],
      ["fun", 5],
    ];
    const cloud = cloudOf(poll({ kind: "text", options: [], tally: { answered: 6, counts: [], words } }));
    expect(cloud.map((each) => [each.word, each.size])).toEqual([
      ["clear", 3],
      ["fast", 1],
      ["fun", 5],
    ]);
    expect(cloudOf(poll({ tally: { answered: 6, counts: [], words } }), 1).map((each) => each.word)).toEqual(["fun"]);
  });
});

test("words are separated by commas, each once, at most five", () => {
  expect(wordsGiven(" clear, a bit fast ,, clear;x\ny,z,q")).toEqual(["clear", "a bit fast", "x", "y", "z"]);
});

test("a quiz of several answers is right with all of them and no other", () => {
  const quiz = poll({ kind: "quiz", correct: [0, 2] });
  expect([isRight(quiz, [2, 0]), isRight(quiz, [0]), isRight(quiz, [0, 1, 2])]).toEqual([true, false, false]);
});
