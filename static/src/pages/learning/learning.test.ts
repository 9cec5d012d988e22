import { describe, expect, test } from "vitest";
import type { ModuleStanding } from "../../app/learning";
import { waitsFor } from "./locks";
import { criteriaOf, rubricOf, scoreOf } from "./rubric";
import { slugOf } from "./slug";

describe("a rubric", () => {
  test("is read however it was written", () => {
    const written = {
      Clarity: 40,
      Care: "how carefully",
      Use: { points: 60, description: "who can use it" },
      Depth: { max_points: 5 },
      Odd: null,
    };
    expect(criteriaOf(written)).toEqual([
      { name: "Clarity", points: 40 },
      { name: "Care", text: "how carefully" },
      { name: "Use", points: 60, text: "who can use it" },
      { name: "Depth", points: 5 },
      { name: "Odd" },
    ]);
  });

  test.each([
    ["Clarity: 40\n\n Use : 60", { Clarity: 40, Use: 60 }],
    ["Ratio 1:2: 2,5", { "Ratio 1:2": 2.5 }],
    ["", {}],
    ["Clarity", null],
    ["Clarity: many", null],
    ["Clarity: 4\nClarity: 5", null],
    [Array.from({ length: 21 }, (_, n) => `c${n}: 1`).join("\n"), null],
  ])("is typed in lines: %j", (text, rubric) => expect(rubricOf(text)).toEqual(rubric));

  test("gives the score once every criterion has its points", () => {
    const criteria = criteriaOf({ Clarity: 4, Use: 6, Care: "in words" });
    expect(scoreOf(criteria, { Clarity: "3" }, 100)).toBeNull();
    expect(scoreOf(criteria, { Clarity: "3", Use: "4,5" }, 100)).toBe(75);
    expect(scoreOf(criteria, { Clarity: "5", Use: "1" }, 100)).toBeNull();
    expect(scoreOf(criteria, { Clarity: "-1", Use: "1" }, 100)).toBeNull();
    expect(scoreOf(criteriaOf({ Care: "in words" }), {}, 100)).toBeNull();
  });
});

test.each([
  ["Designing with Farmers", "designing-with-farmers"],
  ["L'été à la ferme, 2ᵉ partie", "lete-a-la-ferme-2e-partie"],
  ["«»", ""],
])("the short name of %s", (title, slug) => expect(slugOf(title)).toBe(slug));

describe("what a locked module waits for", () => {
  const module = (id: string, some: Partial<ModuleStanding>): ModuleStanding =>
    ({ id, title: id, moduleOrder: 1, prerequisites: [], isAccessible: true, progressStatus: "not_started", ...some }) as ModuleStanding;

  test("is what comes before it and is not completed, in order", () => {
    const third = module("third", { prerequisites: ["second", "first", "zeroth"], isAccessible: false });
    const all = [
      module("second", { moduleOrder: 2 }),
      module("first", { moduleOrder: 1, progressStatus: "in_progress" }),
      module("zeroth", { progressStatus: "completed" }),
      third,
    ];
    expect(waitsFor(third, all)).toEqual(["first", "second"]);
    expect(waitsFor({ ...third, isAccessible: true }, all)).toEqual([]);
  });
});
