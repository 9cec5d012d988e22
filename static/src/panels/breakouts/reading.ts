// What can be read off the breakout rooms of a view: which set runs, who is where, what one may choose, where a tour leads
// next. Pure. The server decides; this keeps the page from offering what would be refused.
import type { BreakoutRoom, Breakouts, BreakoutSet, Person, View } from "../../session/protocol";
import { placeOf, roleOf } from "../../session/standing";

export interface RoomInSet {
  set: BreakoutSet;
  room: BreakoutRoom;
}

/** The latest first. */
export function setsOf(breakouts: Breakouts | undefined): BreakoutSet[] {
  return Object.values(breakouts?.sets ?? {}).sort((one, other) => other.seq - one.seq);
}

/** The set that opens or is open now; there is at most one. Of an opening others than staff know the countdown only. */
export function runningSet(breakouts: Breakouts | undefined): BreakoutSet | undefined {
  return setsOf(breakouts).find((each) => each.status === "opening" || each.status === "open");
}

export function lastClosed(breakouts: Breakouts | undefined): BreakoutSet | undefined {
  return setsOf(breakouts).find((each) => each.status === "closed");
}

export function roomOf(breakouts: Breakouts | undefined, id: string | undefined): RoomInSet | undefined {
  if (id === undefined) return undefined;
  for (const set of Object.values(breakouts?.sets ?? {})) {
    const room = set.rooms.find((each) => each.id === id);
    if (room !== undefined) return { set, room };
  }
  return undefined;
}

export const openRooms = (set: BreakoutSet | undefined): BreakoutRoom[] =>
  set?.status === "open" ? set.rooms.filter((each) => each.status === "open") : [];

/** Who is there now, in a breakout room or (undefined) in the main room. */
export function peopleIn(view: View, room: string | undefined): Person[] {
  return Object.values(view.people?.persons ?? {}).filter(
    (each) => each.admitted && each.present && placeOf(view, each.user) === room,
  );
}

/** Milliseconds until a moment; undefined where none is set. Never below zero: a timer that is late is due. */
export function leftMs(until: string | undefined, now: number): number | undefined {
  return until === undefined ? undefined : Math.max(0, Date.parse(until) - now);
}

/** When the last of the rooms closes, if each of them does. */
export function closesAt(rooms: readonly BreakoutRoom[]): string | undefined {
  const times = rooms.map((each) => each.closesAt);
  if (times.length === 0 || times.some((each) => each === undefined)) return undefined;
  return (times as string[]).reduce((one, other) => (Date.parse(one) > Date.parse(other) ? one : other));
}

/** Rooms one may go to by oneself now; and whether back to the main room. */
export interface Ways {
  rooms: BreakoutRoom[];
  back: boolean;
}

export function waysOf(view: View, me: string, staff: boolean): Ways {
  const set = runningSet(view.breakouts);
  const here = placeOf(view, me);
  if (set?.status !== "open") return { rooms: [], back: false };
  const others = openRooms(set).filter((each) => each.id !== here);
  const home = set.rooms.find((each) => each.members.includes(me));
  const back = here !== undefined && (staff || set.mayReturn || home?.id !== here);
  const observes = roleOf(view, me) === "observer" && set.observers !== "assigned";
  if (staff || (observes && set.observers === "roam")) return { rooms: others, back };
  const chooses = !observes && (set.assignment === "self" || (set.late === "ask" && home === undefined));
  return { rooms: others.filter((each) => each === home || (chooses && seatsLeft(each) > 0)), back };
}

/** A place is kept for everybody who belongs to a room; visitors take none. */
export function seatsLeft(room: BreakoutRoom): number {
  return room.capacity === undefined ? Infinity : Math.max(0, room.capacity - room.members.length);
}

/** Where a tour goes next: to a room that asks for help, else to the next in their order, round and round. */
export function nextRoom(rooms: readonly BreakoutRoom[], here: string | undefined): BreakoutRoom | undefined {
  const at = rooms.findIndex((each) => each.id === here);
  const round = [...rooms.slice(at + 1), ...rooms.slice(0, Math.max(0, at))];
  return round.find((each) => each.help !== undefined) ?? round[0];
}

/** How many wait for help now. */
export const helpAsked = (set: BreakoutSet | undefined): BreakoutRoom[] =>
  openRooms(set).filter((each) => each.help !== undefined);

/** What went on in a room that those see who receive it: messages, questions and votes. */
export function activityIn(view: View, room: string): number {
  const messages = Object.values(view.chat?.channels[room]?.messages ?? {}).filter((each) => !each.deleted);
  const questions = Object.values(view.questions?.questions ?? {}).filter((each) => each.room === room);
  const polls = Object.values(view.polls?.polls ?? {}).filter((each) => each.room === room && each.status !== "draft");
  return messages.length + questions.length + polls.length;
}
