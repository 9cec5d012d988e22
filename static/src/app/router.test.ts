import { beforeAll, describe, expect, test, vi } from "vitest";

let router: typeof import("./router");

beforeAll(async () => {
  vi.stubGlobal("window", { addEventListener: () => undefined });
  router = await import("./router");
});

const SESSION = "00000000-0000-4000-8000-000000000001";
const OTHER = "00000000-0000-4000-8000-000000000002";

describe("where an address leads", () => {
  test.each([
    ["/", { page: "sessions" }],
    ["/join", { page: "join" }],
    ["/reset", { page: "reset" }],
    ["/status", { page: "status" }],
    ["/status/more", { page: "nowhere" }],
    ["/demo/Mara", { page: "demo", name: "mara" }],
    [`/sessions/${SESSION}`, { page: "session", id: SESSION }],
    [`/sessions/${SESSION}/breakouts/${SESSION}`, { page: "session", id: SESSION, results: SESSION }],
    [`/sessions/${SESSION}/breakouts/nonsense`, { page: "nowhere" }],
    [`/sessions/${SESSION}/breakouts/${SESSION}/more`, { page: "nowhere" }],
    [`/sessions/${SESSION}/replay?t=12`, { page: "replay", id: SESSION }],
    [`/sessions/${SESSION}/replay/more`, { page: "nowhere" }],
    ["/sign-in?next=%2Fsessions%2Fx", { page: "sign-in", next: "/sessions/x" }],
    ["/sessions/nonsense", { page: "nowhere" }],
    ["/join/more", { page: "nowhere" }],
    ["/what", { page: "nowhere" }],
    ["/workbook", { page: "learning", path: "workbook", ids: [] }],
    [`/workbook/modules/${SESSION}?lesson=a`, { page: "learning", path: "workbook/modules/:", ids: [SESSION] }],
    [`/courses/${SESSION}/lessons/${OTHER}`, { page: "learning", path: "courses/:/lessons/:", ids: [SESSION, OTHER] }],
    [`/courses/${SESSION}/what`, { page: "nowhere" }],
    ["/courses/nonsense", { page: "nowhere" }],
    ["/verify/FP-2026-000001-7", { page: "verify", number: "FP-2026-000001-7" }],
    ["/verify", { page: "nowhere" }],
    ["/verify/one/more", { page: "nowhere" }],
  ])("%s", (path, place) => expect(router.placeOf(path)).toEqual(place));

  test.each(["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)"])(
    "after the sign-in it never leads away: %s",
    (next) => expect(router.inside(next)).toBe("/"),
  );
});
