// The law of design.md 2.7 in the browser: a view plus the visible events after it is the later view. The cases are made
// by Python from random legal histories (tests/laws) and written in the JSON of the wire.
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { View } from "../protocol";
import type { Recorded } from "../wire";
import { applyAll } from "./room";

interface Case {
  standing: { user: string | null; staff: boolean; admitted: boolean; room: string | null };
  view: View;
  events: Recorded[];
  after: View;
}

const file = fileURLToPath(new URL("../../../../tests/laws/cases.json.gz", import.meta.url));

/** A view as both sides compare it: without its place in the log, times to the microsecond in one spelling. */
function normal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normal);
  if (typeof value === "string") return instant(value);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, held]) => held !== undefined && held !== null);
  return Object.fromEntries(entries.map(([key, held]) => [key, normal(held)]));
}

function instant(text: string): string {
  const found = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(?:Z|\+00:00)$/.exec(text);
  return found === null ? text : `${found[1]}.${(found[2] ?? "").padEnd(6, "0")}Z`;
}

function slices(view: View): unknown {
  const { seq: _seq, at: _at, ...rest } = view;
  return normal(rest);
}

describe("a view plus the visible events after it", () => {
  test("the cases were generated", () => {
    expect(existsSync(file), "tests/laws/cases.json.gz is missing: `make types` writes it").toBe(true);
  });

  test("is the later view, for every standing", () => {
    const cases = JSON.parse(gunzipSync(readFileSync(file)).toString("utf8")) as Case[];
    expect(cases.length).toBeGreaterThan(50);
    const seen = new Set<string>();
    cases.forEach(({ view, events, after }, index) => {
      for (const event of events) seen.add(event.type);
      expect(slices(applyAll(view, events)), `case ${index}`).toEqual(slices(after));
    });
    expect(seen.size).toBeGreaterThan(25);
  });
});
