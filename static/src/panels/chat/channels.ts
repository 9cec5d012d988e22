// Which channels of the chat somebody has, and what they are called.
import { EVERYONE, STAFF } from "../../session/fold/chat";
import type { Channel, Message } from "../../session/protocol";
import type { RoomNow } from "../room/RoomContext";

export interface ChannelNow {
  key: string;
  /** The other person of a direct one. */
  other: string | null;
  channel: Channel | undefined;
}

/** Everyone, the staff's for staff, then direct ones by their latest message; the open one always. */
export function channelsOf({ view, me, staff }: RoomNow, open: string): ChannelNow[] {
  const held = view.chat?.channels ?? {};
  const direct = Object.keys(held).filter((key) => key.includes(":"));
  if (open.includes(":") && !direct.includes(open)) direct.push(open);
  direct.sort((one, other) => latest(held[other]) - latest(held[one]));
  const keys = [EVERYONE, ...(staff ? [STAFF] : []), ...direct];
  return keys.map((key) => ({ key, other: otherOf(key, me), channel: held[key] }));
}

export function otherOf(key: string, me: string): string | null {
  if (!key.includes(":")) return null;
  return key.split(":").find((user) => user !== me) ?? null;
}

/** The `to` of a command that writes into this channel. */
export function audienceOf(key: string, me: string): string | undefined {
  if (key === EVERYONE) return undefined;
  return key === STAFF ? STAFF : (otherOf(key, me) ?? undefined);
}

function latest(channel: Channel | undefined): number {
  return Math.max(0, ...Object.values(channel?.messages ?? {}).map((message) => message.seq));
}

export function inOrder(messages: Iterable<Message>): Message[] {
  return [...messages].sort((one, other) => one.seq - other.seq);
}
