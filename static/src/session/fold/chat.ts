// Messages in their channels, as rooms/chat.py applies it. A view may lack the message that an event speaks of.
import type { Channel, Chat, Message, Pin } from "../protocol";
import { type Reducers, without } from "./slice";

export const EVERYONE = "everyone";
export const STAFF = "staff";
/** How a command names the main room. */
export const MAIN = "main";

/** Whom an event says it is for. */
interface Audience {
  to?: string;
  room?: string;
}

interface About extends Audience {
  messageId: string;
  sender: string;
}

export function channelOf(sender: string | undefined, { to, room }: Audience): string {
  if (to === undefined) return room ?? EVERYONE;
  return to === STAFF ? STAFF : [String(sender), to].sort().join(":");
}

const NO_CHANNEL: Channel = { messages: {}, pins: [] };

function withChannel(chat: Chat, key: string, channel: Channel): Chat {
  return { ...chat, channels: { ...chat.channels, [key]: channel } };
}

function withMessage(chat: Chat, message: Message): Chat {
  const channel = chat.channels[message.channel] ?? NO_CHANNEL;
  return withChannel(chat, message.channel, {
    ...channel,
    messages: { ...channel.messages, [message.id]: message },
  });
}

function held(chat: Chat, event: About): Message | undefined {
  return chat.channels[channelOf(event.sender, event)]?.messages[event.messageId];
}

function change(chat: Chat, event: About, changed: (message: Message) => Message): Chat {
  const message = held(chat, event);
  return message === undefined ? chat : withMessage(chat, changed(message));
}

function withPins(chat: Chat, event: About, changed: (pins: Pin[]) => Pin[]): Chat {
  const key = channelOf(event.sender, event);
  const pins = chat.channels[key]?.pins ?? [];
  const now = changed(pins);
  if (now.length === pins.length && now.every((pin, index) => pin === pins[index])) return chat;
  return withChannel(chat, key, { ...(chat.channels[key] ?? NO_CHANNEL), pins: now });
}

const unpinned = (chat: Chat, event: About): Chat =>
  withPins(chat, event, (pins) => pins.filter((pin) => pin.messageId !== event.messageId));

function reacted(message: Message, emoji: string, user: string, on: boolean): Message {
  const others = (message.reactions[emoji] ?? []).filter((each) => each !== user);
  const people = on ? [...others, user] : others;
  const reactions = people.length > 0 ? { ...message.reactions, [emoji]: people } : without(message.reactions, emoji);
  return { ...message, reactions };
}

/** Empty slots, as of deleted messages. */
function withoutWordsOf(channel: Channel, user: string): Channel {
  const messages = Object.entries(channel.messages).map(([id, message]): [string, Message] => {
    if (message.sender !== user || message.deleted) return [id, message];
    const { editedAt: _editedAt, ...kept } = message;
    return [id, { ...kept, text: "", deleted: true, reactions: {} }];
  });
  return { ...channel, messages: Object.fromEntries(messages), pins: channel.pins.filter((pin) => pin.sender !== user) };
}

export const chat: Reducers<Chat> = {
  "chat.sent": (now, event) =>
    withMessage(now, {
      id: event.messageId,
      channel: channelOf(event.actor, event),
      seq: event.seq,
      at: event.at,
      text: event.text,
      deleted: false,
      reactions: {},
      ...(event.actor === undefined ? {} : { sender: event.actor }),
      ...(event.replyTo === undefined ? {} : { replyTo: event.replyTo }),
    } as Message),
  "chat.edited": (now, event) => {
    const edited = change(now, event, (message) => ({ ...message, text: event.text, editedAt: event.at }));
    return withPins(edited, event, (pins) =>
      pins.map((pin) => (pin.messageId === event.messageId ? { ...pin, text: event.text } : pin)),
    );
  },
  "chat.deleted": (now, event) => {
    const deleted = change(now, event, ({ editedAt: _editedAt, ...message }) => ({
      ...message,
      text: "",
      deleted: true,
      reactions: {},
    }));
    return unpinned(deleted, event);
  },
  "chat.reacted": (now, event) => {
    const user = event.actor;
    return user === undefined ? now : change(now, event, (message) => reacted(message, event.emoji, user, event.on));
  },
  "chat.pinned": (now, event) =>
    withPins(now, event, (pins) => [
      ...pins,
      {
        messageId: event.messageId,
        seq: event.sentSeq,
        at: event.sentAt,
        sender: event.sender,
        text: event.text,
      },
    ]),
  "chat.unpinned": unpinned,
  "person.erased": (now, event) => ({
    ...now,
    channels: Object.fromEntries(
      Object.entries(now.channels).map(([key, channel]) => [key, withoutWordsOf(channel, event.userId)]),
    ),
  }),
  "chat.locked": (now, event) => ({ ...now, locked: event.locked }),
  "chat.slowed": (now, event) => ({ ...now, slowSeconds: event.seconds }),
};
