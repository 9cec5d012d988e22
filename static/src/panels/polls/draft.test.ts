import { expect, test } from "vitest";
import { definitionOf, draftOf } from "./draft";

const draft = { ...draftOf(undefined), question: " Which? ", options: ["a", "", " b "] };

test("empty answers are left out, words trimmed", () => {
  expect(definitionOf(draft)).toEqual({
    question: "Which?",
    kind: "single",
    anonymous: false,
    results: "live",
    options: ["a", "b"],
  });
});

test("nothing to save while something is missing", () => {
  expect(definitionOf({ ...draft, question: " " })).toBeNull();
  expect(definitionOf({ ...draft, options: ["a", ""] })).toBeNull();
  expect(definitionOf({ ...draft, options: ["a", "a"] })).toBeNull();
  expect(definitionOf({ ...draft, kind: "quiz" })).toBeNull();
});

test("right answers keep their places when an empty one before them falls out", () => {
  const quiz = { ...draft, kind: "quiz" as const, options: ["", "a", "b"], correct: [2] };
  expect(definitionOf(quiz)).toMatchObject({ options: ["a", "b"], correct: [1] });
});

test("a rating has steps, a free text nothing, a timer its seconds", () => {
  expect(definitionOf({ ...draft, kind: "rating", steps: 7 })).toMatchObject({ kind: "rating", scale: 7 });
  expect(definitionOf({ ...draft, kind: "text", seconds: 30 })).toEqual({
    question: "Which?",
    kind: "text",
    anonymous: false,
    results: "live",
    closesAfterS: 30,
  });
});
