// Breakout rooms as a view has them, as rooms/breakout_sets.py applies it. Who ever met where is never in a view.
import type { BreakoutRoom, Breakouts, BreakoutSet, Broadcast, Closing, Help, Move, RoomPlan, Seating } from "../protocol";
import { compact, type Reducers, without } from "./slice";

const BROADCASTS_KEPT = 20;

type Policy = Pick<BreakoutSet, "assignment" | "late" | "observers" | "mayReturn" | "results">;
type Planned = Policy & { setId: string; seq: number; name: string; rooms: RoomPlan[]; repeats: number };

function withSet(breakouts: Breakouts, set: BreakoutSet): Breakouts {
  return { ...breakouts, sets: { ...breakouts.sets, [set.id]: set } };
}

function change(breakouts: Breakouts, setId: string, changed: (set: BreakoutSet) => BreakoutSet): Breakouts {
  const set = breakouts.sets[setId];
  return set === undefined ? breakouts : withSet(breakouts, changed(set));
}

/** The set with some of its rooms changed. */
function withRooms(
  set: BreakoutSet,
  ids: readonly string[],
  changed: (room: BreakoutRoom) => BreakoutRoom,
): BreakoutSet {
  return { ...set, rooms: set.rooms.map((room) => (ids.includes(room.id) ? changed(room) : room)) };
}

function setOf(event: Planned, status: BreakoutRoom["status"]): BreakoutSet {
  const { setId, seq, name, assignment, late, observers, mayReturn, results, repeats } = event;
  const rooms = event.rooms.map(({ id, name, capacity, members }) =>
    compact<BreakoutRoom>({ id, name, capacity, members, status, closing: false, stayed: [] } as unknown as BreakoutRoom),
  );
  return {
    id: setId,
    seq,
    name,
    assignment,
    late,
    observers,
    mayReturn,
    results,
    rooms,
    repeats,
    status: "planned",
  };
}

function moved(breakouts: Breakouts, moves: readonly Move[]): Breakouts {
  if (moves.length === 0) return breakouts;
  const places = { ...breakouts.places };
  for (const { userId, room } of moves) {
    if (room === undefined) delete places[userId];
    else places[userId] = room;
  }
  return { ...breakouts, places };
}

/** From now on they belong where they went. */
function reassigned(set: BreakoutSet, moves: readonly Move[]): BreakoutSet {
  const to = new Map(moves.map(({ userId, room }) => [userId, room]));
  const rooms = set.rooms.map((room) => {
    const kept = room.members.filter((user) => !to.has(user));
    const come = [...to].filter(([, target]) => target === room.id).map(([user]) => user);
    return { ...room, members: [...kept, ...come] };
  });
  return { ...set, rooms };
}

function closings(set: BreakoutSet, armed: number, given: readonly Closing[], closing: boolean): BreakoutSet {
  const times = new Map(given.map(({ roomId, closesAt }) => [roomId, closesAt]));
  return withRooms(set, [...times.keys()], (room) =>
    compact<BreakoutRoom>({ ...room, closesAt: times.get(room.id), closing, armed } as BreakoutRoom),
  );
}

function shut(room: BreakoutRoom, places: Breakouts["places"], moves: readonly { userId: string }[]): BreakoutRoom {
  const { closesAt: _closesAt, armed: _armed, help: _help, ...kept } = room;
  const stayed = moves.map(({ userId }) => userId).filter((user) => places[user] === room.id);
  return { ...kept, status: "closed", closing: false, stayed };
}

function rings(breakouts: Breakouts, roomId: string | undefined, help: Help | undefined): Breakouts {
  const set = Object.values(breakouts.sets).find(({ rooms }) => rooms.some(({ id }) => id === roomId));
  if (set === undefined || roomId === undefined) return breakouts;
  const rung = (room: BreakoutRoom) => compact<BreakoutRoom>({ ...room, help } as BreakoutRoom);
  return withSet(breakouts, withRooms(set, [roomId], rung));
}

function rungWithoutWords(room: BreakoutRoom, user: string): BreakoutRoom {
  if (room.help?.user !== user) return room;
  const { text: _text, ...help } = room.help;
  return { ...room, help };
}

const notOpening = ({ opening: _opening, ...breakouts }: Breakouts): Breakouts => breakouts;

/** Who is removed starts again in the main room; who only lost the line comes back to where they were. */
const putOut = (now: Breakouts, event: { userId: string; inside: boolean }): Breakouts => {
  const open = event.inside ? Object.values(now.sets).find(({ status }) => status === "open") : undefined;
  const left = open === undefined ? now : withSet(now, reassigned(open, [{ userId: event.userId }]));
  return { ...left, places: without(now.places, event.userId) };
};

export const breakouts: Reducers<Breakouts> = {
  "breakout.created": (now, event) => withSet(now, setOf(event, "planned")),
  "breakout.updated": (now, event) =>
    change(now, event.setId, (set) => {
      const { name, late, observers, mayReturn, results } = event;
      const given = compact<Partial<BreakoutSet>>({ name, late, observers, mayReturn, results } as Partial<BreakoutSet>);
      return { ...set, ...given };
    }),
  "breakout.renamed": (now, event) =>
    change(now, event.setId, (set) => withRooms(set, [event.roomId], (room) => ({ ...room, name: event.name }))),
  "breakout.assigned": (now, event) =>
    change(now, event.setId, (set) => {
      const members = new Map(event.rooms.map(({ roomId, members }: Seating) => [roomId, members]));
      const seated = withRooms(set, [...members.keys()], (room) => ({ ...room, members: members.get(room.id) ?? [] }));
      return { ...seated, assignment: event.assignment, repeats: event.repeats };
    }),
  "breakout.discarded": (now, event) => ({ ...now, sets: without(now.sets, event.setId) }),
  "breakout.opening": (now, event) => ({
    ...change(now, event.setId, (set) =>
      compact<BreakoutSet>({ ...set, status: "opening", minutes: event.minutes, armed: event.seq } as BreakoutSet),
    ),
    opening: { setId: event.setId, name: event.name, opensAt: event.opensAt },
  }),
  "breakout.cancelled": (now, event) =>
    notOpening(
      change(now, event.setId, ({ minutes: _minutes, armed: _armed, ...set }) => ({ ...set, status: "planned" })),
    ),
  "breakout.opened": (now, event) => {
    const opened: BreakoutSet = { ...setOf(event, "open"), status: "open", openedAt: event.at };
    const set = closings(opened, event.seq, event.closings, false);
    return moved(notOpening(withSet(now, set)), event.moves);
  },
  "breakout.moved": (now, event) =>
    moved(event.assigned ? change(now, event.setId, (set) => reassigned(set, event.moves)) : now, event.moves),
  "breakout.extended": (now, event) =>
    change(now, event.setId, (set) => closings(set, event.seq, event.closings, false)),
  "breakout.closing": (now, event) => change(now, event.setId, (set) => closings(set, event.seq, event.closings, true)),
  "breakout.closed": (now, event) => {
    const closed = change(now, event.setId, (set) => {
      const left = withRooms(set, event.roomIds, (room) => shut(room, now.places, event.moves));
      const over = left.rooms.every(({ status }) => status === "closed");
      return over ? { ...left, status: "closed", closedAt: event.at } : left;
    });
    return moved(closed, event.moves);
  },
  "breakout.broadcasted": (now, event) => {
    const { broadcastId: id, seq, at, actor: sender, text } = event;
    const said = compact<Broadcast>({ id, seq, at, sender, text } as Broadcast);
    return { ...now, broadcasts: [...now.broadcasts, said].slice(-BROADCASTS_KEPT) };
  },
  "breakout.helpAsked": (now, event) =>
    rings(now, event.room, compact<Help>({ user: event.actor, at: event.at, text: event.text } as Help)),
  "person.erased": (now, event) => ({
    ...now,
    broadcasts: now.broadcasts.map((said) => (said.sender === event.userId ? { ...said, text: "" } : said)),
    sets: Object.fromEntries(
      Object.entries(now.sets).map(([id, set]) => [
        id,
        { ...set, rooms: set.rooms.map((room) => rungWithoutWords(room, event.userId)) },
      ]),
    ),
  }),
  "breakout.helpEnded": (now, event) => rings(now, event.room, undefined),
  "participant.removed": putOut,
  "participant.banned": putOut,
};
