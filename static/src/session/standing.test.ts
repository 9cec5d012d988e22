import { describe, expect, test } from "vitest";
import { ANA, BEN, viewAt } from "./fakes";
import type { Role, View } from "./protocol";
import { grantsOf, isStaff, over, permissionsOf, roleOf } from "./standing";

const MARA = "00000000-0000-4000-8000-0000000000aa";
const THEO = "00000000-0000-4000-8000-0000000000bb";
const NOW = Date.parse("2030-01-01T10:00:00Z");

function room(rights: Partial<NonNullable<View["rights"]>> = {}): View {
  const person = (user: string, role: Role) => [user, { user, role, admitted: true, present: true }] as const;
  const persons = Object.fromEntries([
    person(MARA, "instructor"),
    person(THEO, "assistant"),
    person(ANA, "participant"),
    person(BEN, "observer"),
  ]);
  const view = viewAt(1);
  const features = [{ type: "chat" as const, isEnabled: true, config: {} }];
  return {
    ...view,
    lifecycle: { ...view.lifecycle, features },
    people: { persons, banned: [] },
    rights: { personal: {}, revoked: {}, everyone: {}, asked: [], ...rights },
  };
}

describe("what somebody may do", () => {
  test("follows the role", () => {
    expect([...permissionsOf(room(), ANA, NOW)]).toEqual(["can_speak"]);
    expect([...permissionsOf(room(), BEN, NOW)]).toEqual([]);
    expect(permissionsOf(room(), MARA, NOW).size).toBe(5);
  });

  test("a grant holds until its time, also against a revocation, which then holds again", () => {
    const until = "2030-01-01T10:01:00Z";
    const personal = { [ANA]: { can_create_polls: { armed: 1, until } } };
    expect(permissionsOf(room({ personal }), ANA, NOW).has("can_create_polls")).toBe(true);
    expect(grantsOf(room({ personal }), ANA, NOW)).toEqual([
      { permission: "can_create_polls", until: Date.parse(until) },
    ]);
    expect(permissionsOf(room({ personal }), ANA, NOW + 60_000).has("can_create_polls")).toBe(false);
    const revoked = { [ANA]: ["can_create_polls" as const, "can_speak" as const] };
    expect([...permissionsOf(room({ personal, revoked }), ANA, NOW)]).toEqual(["can_create_polls"]);
    expect(permissionsOf(room({ personal, revoked }), ANA, NOW + 60_000).size).toBe(0);
  });

  test("what everybody was given is for participants only", () => {
    const everyone = { can_use_whiteboard: { armed: 1 } };
    expect(permissionsOf(room({ everyone }), ANA, NOW).has("can_use_whiteboard")).toBe(true);
    expect(permissionsOf(room({ everyone }), BEN, NOW).has("can_use_whiteboard")).toBe(false);
  });

  test("whoever was taken out or waits has no role", () => {
    const view = room();
    const gone = {
      ...view,
      people: { persons: { [ANA]: { ...view.people!.persons[ANA]!, admitted: false } }, banned: [] },
    };
    expect(roleOf(gone, ANA)).toBeUndefined();
    const waiting = { user: ANA, role: "participant" as const, since: "2030-01-01T10:00:00Z", reason: "seat" as const };
    expect(roleOf({ ...view, lobby: { waiting: [waiting], denied: [] } }, ANA)).toBeUndefined();
  });
});

describe("what one may do to another", () => {
  test("the host everything to all but themselves", () => {
    expect(over(room(), MARA, THEO, NOW)).toMatchObject({ role: true, remove: true, mute: true, write: true });
    expect(over(room(), MARA, ANA, NOW).rights).toHaveLength(5);
    expect(over(room(), MARA, MARA, NOW)).toEqual({ rights: [], role: false, remove: false, mute: false, write: false });
  });

  test("an assistant everything below staff, but makes no moderators and gives no roles", () => {
    expect(over(room(), THEO, ANA, NOW).rights).not.toContain("can_moderate");
    expect(over(room(), THEO, ANA, NOW)).toMatchObject({ role: false, remove: true, mute: true });
    expect(over(room(), THEO, MARA, NOW)).toMatchObject({ rights: [], role: false, remove: false, mute: true });
  });

  test("a participant may write, an observer nothing", () => {
    expect(over(room(), ANA, BEN, NOW)).toEqual({ rights: [], role: false, remove: false, mute: false, write: true });
    expect(over(room(), BEN, ANA, NOW).write).toBe(false);
    expect(isStaff(room(), ANA)).toBe(false);
  });
});
