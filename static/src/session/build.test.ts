import { expect, test } from "vitest";
import { entryOf, newerBuild } from "./build";

const page = (src: string) => `<html><head><script type="module" crossorigin src="${src}"></script></head></html>`;

test("the entry of a built page is found", () => {
  expect(entryOf(page("/assets/index-abc.js"))).toBe("/assets/index-abc.js");
  expect(entryOf("<html>")).toBeNull();
});

test("only another entry means another build", async () => {
  const loaded = "/assets/index-abc.js";
  expect(await newerBuild(loaded, async () => page("/assets/index-def.js"))).toBe("/assets/index-def.js");
  expect(await newerBuild(loaded, async () => page(loaded))).toBeNull();
  expect(await newerBuild(loaded, async () => "starting up")).toBeNull();
  expect(await newerBuild(loaded, () => Promise.reject(new Error("down")))).toBeNull();
  expect(await newerBuild(null, async () => page(loaded))).toBeNull();
});
