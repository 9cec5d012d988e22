// Who somebody is in a session and what they may do now, read from a view as rooms/people.py reads it from the state. The
// server decides; this only keeps the page from offering what would be refused.
import type { Permission, Person, Role, Shown, View } from "./protocol";

export const PERMISSIONS: readonly Permission[] = [
  "can_speak",
  "can_share_screen",
  "can_use_whiteboard",
  "can_create_polls",
  "can_moderate",
];
const STAFF: readonly Role[] = ["instructor", "assistant"];
const BY_ROLE: Readonly<Record<Role, readonly Permission[]>> = {
  instructor: PERMISSIONS,
  assistant: PERMISSIONS,
  participant: ["can_speak"],
  observer: [],
};

export function personOf(view: View, user: string): Person | undefined {
  return view.people?.persons[user];
}

export function hostOf(view: View): Person | undefined {
  return Object.values(view.people?.persons ?? {}).find((each) => each.role === "instructor");
}

/** The role of somebody who was let in and does not wait (again) for a seat. */
export function roleOf(view: View, user: string): Role | undefined {
  const person = personOf(view, user);
  if (person === undefined || !person.admitted) return undefined;
  return view.lobby?.waiting.some((each) => each.user === user) ? undefined : person.role;
}

/** The breakout room somebody is in; undefined: the main room. */
export function placeOf(view: View, user: string): string | undefined {
  return view.breakouts?.places[user];
}

/** What is shown on the stage of a place: each room has one of its own. */
export function stageAt(view: View, place: string | undefined): Shown {
  return (place === undefined ? view.stage : view.stage?.rooms[place]) ?? { kind: "nothing" };
}

interface Held {
  until?: string;
}

export interface Grant {
  permission: Permission;
  /** Milliseconds of the server's clock; undefined: for good. */
  until?: number;
}

const holds = (grant: Held, now: number): boolean => grant.until === undefined || now < Date.parse(grant.until);

/** What was given to one person beyond the role, and still holds. */
export function grantsOf(view: View, user: string, now: number): Grant[] {
  return Object.entries(view.rights?.personal[user] ?? {})
    .filter(([, grant]) => holds(grant, now))
    .map(([permission, { until }]) => ({
      permission: permission as Permission,
      ...(until === undefined ? {} : { until: Date.parse(until) }),
    }));
}

export function permissionsOf(view: View, user: string, now: number): ReadonlySet<Permission> {
  const role = roleOf(view, user);
  if (role === undefined) return new Set();
  const held = new Set<Permission>(BY_ROLE[role]);
  if (role === "instructor") return held;
  if (role === "participant")
    for (const [permission, grant] of Object.entries(view.rights?.everyone ?? {}))
      if (holds(grant, now)) held.add(permission as Permission);
  for (const permission of view.rights?.revoked[user] ?? []) held.delete(permission);
  for (const { permission } of grantsOf(view, user, now)) held.add(permission);
  return held;
}

export const isStaffRole = (role: Role | undefined): boolean => role !== undefined && STAFF.includes(role);

export function isStaff(view: View, user: string): boolean {
  const role = roleOf(view, user);
  if (role === undefined) return false;
  return isStaffRole(role) || view.rights?.personal[user]?.["can_moderate"] !== undefined;
}

/** What one may do to another person. */
export interface Over {
  /** May lower a hand, grant and revoke. */
  rights: readonly Permission[];
  role: boolean;
  remove: boolean;
  mute: boolean;
  /** Write directly to them. */
  write: boolean;
}

export function over(view: View, me: string, user: string, now: number): Over {
  const own = permissionsOf(view, me, now);
  const mine = roleOf(view, me);
  const theirs = personOf(view, user)?.role;
  const moderates = own.has("can_moderate");
  const host = mine === "instructor";
  const above = moderates && user !== me && theirs !== "instructor" && (host || !isStaffRole(theirs));
  const config = view.lifecycle.features.find((each) => each.type === "chat" && each.isEnabled)?.config;
  const among = moderates || isStaff(view, user) || config?.["direct"] !== false;
  return {
    rights: above ? PERMISSIONS.filter((each) => own.has(each) && (each !== "can_moderate" || host)) : [],
    role: host && user !== me,
    remove: above,
    mute: moderates && user !== me,
    write: user !== me && mine !== undefined && mine !== "observer" && config !== undefined && among,
  };
}
