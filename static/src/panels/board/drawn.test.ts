import { expect, it } from "vitest";
import type { Element } from "../../session/protocol";
import { seenOn } from "./drawn";

const element = (id: string, deleted = false): Element =>
  ({ id, version: 1, versionNonce: 7, deleted, seq: 1, body: { type: "line", index: id } }) as Element;

it("gives the same object for an element that did not change, whatever else did", () => {
  const [one, two, three] = [element("a"), element("b"), element("c")];
  const before = seenOn({ a: one, b: two });
  const after = seenOn({ a: one, b: { ...two, version: 2 }, c: three, d: element("d", true) });
  expect(after.map((each) => each.id)).toEqual(["a", "b", "c"]);
  expect(after[0]).toBe(before[0]);
  expect(after[1]).not.toBe(before[1]);
  expect(after[1]).toMatchObject({ version: 2, isDeleted: false, type: "line" });
});
