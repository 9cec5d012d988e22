import { expect, test } from "vitest";
import { entryOf, isOutdated } from "./build";

const page = (src: string) => `<html><head><script type="module" crossorigin src="${src}"></script></head></html>`;

test("the entry of a built page is found", () => {
  expect(entryOf(page("/assets/index-abc.js"))).toBe("/assets/index-abc.js");
  expect(entryOf("<html>")).toBeNull();
});

test("only another entry means another build", async () => {
  const loaded = "/assets/index-abc.js";
  expect(await isOutdated(loaded, async () => page("/assets/index-def.js"))).toBe(true);
  expect(await isOutdated(loaded, async () => page(loaded))).toBe(false);
  expect(await isOutdated(loaded, async () => "starting up")).toBe(false);
  expect(await isOutdated(loaded, () => Promise.reject(new Error("down")))).toBe(false);
  expect(await isOutdated(null, async () => page(loaded))).toBe(false);
});
