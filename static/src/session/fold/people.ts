// Who is in the session, as rooms/participants.py applies it to the slice `people`.
import type { People, Person, Role } from "../protocol";
import type { Reducers } from "./slice";

function withPerson(people: People, person: Person): People {
  return { ...people, persons: { ...people.persons, [person.user]: person } };
}

function known(people: People, user: string, role: Role): Person {
  return people.persons[user] ?? { user, role, admitted: true, present: false };
}

function enter(people: People, event: { userId: string; role: Role; at: string }): People {
  const { leftAt: _leftAt, ...person } = known(people, event.userId, event.role);
  const joinedAt = person.joinedAt ?? event.at;
  return withPerson(people, { ...person, role: event.role, admitted: true, present: true, joinedAt });
}

function remove(people: People, event: { userId: string; at: string }): People {
  const person = people.persons[event.userId];
  if (person === undefined) return people;
  const gone: Person = { ...person, admitted: false, present: false };
  return withPerson(people, person.present ? { ...gone, leftAt: event.at } : gone);
}

export const people: Reducers<People> = {
  "session.scheduled": (now, event) =>
    withPerson(now, { user: event.instructorId, role: "instructor", admitted: true, present: false }),
  "role.changed": (now, event) => withPerson(now, { ...known(now, event.userId, event.role), role: event.role }),
  "participant.joined": enter,
  "participant.admitted": enter,
  "participant.left": (now, event) => {
    const person = now.persons[event.userId];
    if (person === undefined || event.waiting) return now;
    return withPerson(now, { ...person, present: false, leftAt: event.lastSeen });
  },
  "participant.removed": remove,
  "participant.banned": (now, event) => {
    const banned = now.banned.includes(event.userId) ? now.banned : [...now.banned, event.userId];
    return { ...remove(now, event), banned };
  },
  "participant.unbanned": (now, event) => ({ ...now, banned: now.banned.filter((user) => user !== event.userId) }),
  "person.erased": (now, event) => {
    const person = now.persons[event.userId];
    if (person === undefined) return now;
    const { quality: _quality, ...kept } = person;
    return withPerson(now, kept);
  },
  "participant.quality": (now, event) => {
    const person = now.persons[event.userId];
    return person === undefined ? now : withPerson(now, { ...person, quality: event.quality });
  },
};
