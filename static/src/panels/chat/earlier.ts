// Older messages than the snapshot brought, paged backwards over REST. They follow the log too: what is edited, deleted or
// reacted to changes here by the same fold.
import { useCallback, useEffect, useState } from "react";
import { asProblem } from "../../app/asked";
import { api } from "../../app/client";
import type { Listing } from "../../app/resources";
import { chat } from "../../session/fold/chat";
import { reduce } from "../../session/fold/slice";
import type { Chat, Message } from "../../session/protocol";
import { useRoom } from "../room/RoomContext";

const PAGE = 100;
const NOTHING: Chat = { channels: {}, locked: false };

export interface Earlier {
  /** Of one channel. */
  messages(channel: string): readonly Message[];
  /** False once the beginning was reached. */
  more: boolean;
  busy: boolean;
  problem: string | null;
  load(before: number): void;
}

export function useEarlier(): Earlier {
  const { session } = useRoom();
  const [held, setHeld] = useState(NOTHING);
  const [state, setState] = useState({ more: true, busy: false, problem: null as string | null });

  useEffect(
    () =>
      session.onEvents((events) =>
        setHeld((now) =>
          events
            .filter((event) => event.type !== "chat.sent")
            .reduce((slice, event) => reduce(chat, slice, event), now),
        ),
      ),
    [session],
  );

  const load = useCallback(
    (before: number) => {
      setState({ more: true, busy: true, problem: null });
      api.get<Listing<Message>>(`/live-sessions/${session.sessionId}/chat?before=${before}&limit=${PAGE}`).then(
        ({ items, nextCursor, people }) => {
          session.learn(people ?? {});
          setHeld((now) => withMessages(now, items));
          setState({ more: typeof nextCursor === "string", busy: false, problem: null });
        },
        (error: unknown) => setState({ more: true, busy: false, problem: asProblem(error).code }),
      );
    },
    [session],
  );
  const messages = useCallback((channel: string) => Object.values(held.channels[channel]?.messages ?? {}), [held]);
  return { messages, load, ...state };
}

function withMessages(held: Chat, messages: readonly Message[]): Chat {
  const channels = { ...held.channels };
  for (const message of messages) {
    const channel = channels[message.channel] ?? { messages: {}, pins: [] };
    channels[message.channel] = { ...channel, messages: { ...channel.messages, [message.id]: message } };
  }
  return { ...held, channels };
}
