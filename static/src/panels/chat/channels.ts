// Which channels of the chat somebody has, and what they are called.
import { channelOf, EVERYONE, MAIN, STAFF } from "../../session/fold/chat";
import type { Channel, Message } from "../../session/protocol";
import { openRooms, runningSet } from "../breakouts/reading";
import type { RoomNow } from "../room/RoomContext";

export interface ChannelNow {
  key: string;
  /** The other person of a direct one. */
  other: string | null;
  channel: Channel | undefined;
}

/**
 * The one of the place one is in, the staff's for staff, then direct ones by their latest message, then those of other
 * places, which only staff receive; the open one always.
 */
export function channelsOf({ view, me, staff, here }: RoomNow, open: string): ChannelNow[] {
  const held = view.chat?.channels ?? {};
  const direct = Object.keys(held).filter((key) => key.includes(":"));
  if (open.includes(":") && !direct.includes(open)) direct.push(open);
  direct.sort((one, other) => latest(held[other]) - latest(held[one]));
  const home = here ?? EVERYONE;
  const rooms = openRooms(runningSet(view.breakouts)).map((each) => each.id);
  const places = staff && rooms.length > 0 ? [EVERYONE, ...rooms] : [];
  if (staff && isPlace(open) && !places.includes(open)) places.push(open);
  const keys = [home, ...(staff ? [STAFF] : []), ...direct, ...places.filter((each) => each !== home)];
  return keys.map((key) => ({ key, other: otherOf(key, me), channel: held[key] }));
}

/** The main room or a breakout room, not the staff and not one person. */
export const isPlace = (key: string): boolean => key !== STAFF && !key.includes(":");

export function otherOf(key: string, me: string): string | null {
  if (!key.includes(":")) return null;
  return key.split(":").find((user) => user !== me) ?? null;
}

/** Whom a command that writes into this channel is for. The place is named: a message that is late must not go elsewhere. */
export function audienceOf(key: string, me: string): { to?: string; room?: string } {
  if (isPlace(key)) return { room: key === EVERYONE ? MAIN : key };
  return { to: key === STAFF ? STAFF : (otherOf(key, me) ?? me) };
}

/** The channel that a message of one's own, sent or not, belongs to. */
export function channelOfOwn({ to, room }: { to?: string | null; room?: string | null }, me: string): string {
  if (to !== undefined && to !== null) return channelOf(me, { to });
  return room === undefined || room === null || room === MAIN ? EVERYONE : room;
}

function latest(channel: Channel | undefined): number {
  return Math.max(0, ...Object.values(channel?.messages ?? {}).map((message) => message.seq));
}

export function inOrder(messages: Iterable<Message>): Message[] {
  return [...messages].sort((one, other) => one.seq - other.seq);
}
