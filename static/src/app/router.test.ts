import { beforeAll, describe, expect, test, vi } from "vitest";

let router: typeof import("./router");

beforeAll(async () => {
  vi.stubGlobal("window", { addEventListener: () => undefined });
  router = await import("./router");
});

const SESSION = "00000000-0000-4000-8000-000000000001";

describe("where an address leads", () => {
  test.each([
    ["/", { page: "sessions" }],
    ["/join", { page: "join" }],
    ["/reset", { page: "reset" }],
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
  ])("%s", (path, place) => expect(router.placeOf(path)).toEqual(place));

  test.each(["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)"])(
    "after the sign-in it never leads away: %s",
    (next) => expect(router.inside(next)).toBe("/"),
  );
});
