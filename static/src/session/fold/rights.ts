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
      revoked: revokedWithout(now, event.userId, event.permission),
      asked: unasked(now, event.userId, event.permission),
    };
  },
  "permission.revoked": (now, event) => {
    if (event.userId === undefined) return { ...now, everyone: without(now.everyone, event.permission) };
    const left = without(now.personal[event.userId] ?? {}, event.permission);
    const personal =
      Object.keys(left).length > 0 ? { ...now.personal, [event.userId]: left } : without(now.personal, event.userId);
    const others = (now.revoked[event.userId] ?? []).filter((each) => each !== event.permission);
    const revoked = event.expired ? now.revoked : { ...now.revoked, [event.userId]: [...others, event.permission] };
    return { ...now, personal, revoked, asked: unasked(now, event.userId, event.permission) };
  },
};
