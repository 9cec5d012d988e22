// What people were given beyond their role, as rooms/rights.py applies it.
import type { Permission, Rights } from "../protocol";
import { compact, type Reducers, without } from "./slice";

type Grant = Rights["everyone"][string];

function unasked(rights: Rights, user: string, permission: Permission): Rights["asked"] {
  return rights.asked.filter((each) => !(each.user === user && each.permission === permission));
}

function revokedWithout(rights: Rights, user: string, permission: Permission): Rights["revoked"] {
  const left = (rights.revoked[user] ?? []).filter((each) => each !== permission);
  return left.length > 0 ? { ...rights.revoked, [user]: left } : without(rights.revoked, user);
}

/** Who is let in again starts with the rights of their role; what was taken from them stays taken. */
const putOut = (now: Rights, event: { userId: string }): Rights => ({
  ...now,
  personal: without(now.personal, event.userId),
  asked: now.asked.filter((each) => each.user !== event.userId),
});

export const rights: Reducers<Rights> = {
  "permission.asked": (now, event) => ({
    ...now,
    asked: [...now.asked, { user: event.userId, permission: event.permission, since: event.at }],
  }),
  "permission.granted": (now, event) => {
    const grant = compact<Grant>({ armed: event.seq, until: event.until } as Grant);
    if (event.userId === undefined) return { ...now, everyone: { ...now.everyone, [event.permission]: grant } };
    const own = { ...now.personal[event.userId], [event.permission]: grant };
    return {
      ...now,
      personal: { ...now.personal, [event.userId]: own },
      // What is only lent leaves the revocation standing for the time after it.
      revoked: event.until === undefined ? revokedWithout(now, event.userId, event.permission) : now.revoked,
      asked: unasked(now, event.userId, event.permission),
    };
  },
  "permission.revoked": (now, event) => {
    if (event.userId === undefined) return { ...now, everyone: without(now.everyone, event.permission) };
    const asked = unasked(now, event.userId, event.permission);
    if (event.declined) return { ...now, asked };
    const left = without(now.personal[event.userId] ?? {}, event.permission);
    const personal =
      Object.keys(left).length > 0 ? { ...now.personal, [event.userId]: left } : without(now.personal, event.userId);
    const others = (now.revoked[event.userId] ?? []).filter((each) => each !== event.permission);
    const revoked = event.expired ? now.revoked : { ...now.revoked, [event.userId]: [...others, event.permission] };
    return { ...now, personal, revoked, asked };
  },
  "participant.removed": putOut,
  "participant.banned": putOut,
};
