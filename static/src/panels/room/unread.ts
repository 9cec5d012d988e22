// What arrived in a panel since one last had it open: a small count, kept over a reload. Only what others did counts.
import { useEffect, useMemo, useState } from "react";
import { kept } from "../../app/client";
import type { View } from "../../session/protocol";
import { usePlace } from "./place";
import { useRoom } from "./RoomContext";

export interface Unread {
  chat: number;
  questions: number;
  polls: number;
  /** By channel. */
  channels: Readonly<Record<string, number>>;
}

/** Until which event each panel, and each channel of the chat, was seen. */
type Seen = Record<string, number>;

export function useUnread(): Unread {
  const { view, me, session } = useRoom();
  const { panel, channel } = usePlace();
  const key = `atelier.seen.${session.sessionId}.${me}`;
  const [seen, setSeen] = useState<Seen>(() => read(key) ?? everything(view));
  const attentive = useAttention();
  const open = panel === "chat" ? `chat.${channel}` : panel;
  const latest = view.seq;
  const counts = useMemo(() => count(view, me, seen), [view, me, seen]);
  const here = panel === "chat" ? (counts.channels[channel] ?? 0) : panel === "people" ? 0 : counts[panel];

  // A poll on the stage is seen there.
  const { kind, target } = view.stage ?? { kind: "nothing" };
  const staged = kind === "poll" && target !== undefined ? (view.polls?.polls[target]?.seq ?? 0) : 0;
  const staging = staged > (seen["polls"] ?? seen["rest"] ?? 0);
  useEffect(() => {
    if (!attentive || (here === 0 && !staging)) return;
    setSeen((now) => {
      const next = { ...now, ...(here > 0 ? { [open]: latest } : {}), ...(staging ? { polls: staged } : {}) };
      kept.set(key, JSON.stringify(next));
      return next;
    });
  }, [attentive, here, open, latest, key, staging, staged]);
  return counts;
}

function count(view: View, me: string, seen: Seen): Unread {
  const from = (name: string): number => seen[name] ?? seen["rest"] ?? 0;
  const channels = Object.fromEntries(
    Object.entries(view.chat?.channels ?? {}).map(([name, channel]) => [
      name,
      Object.values(channel.messages).filter(
        (each) => each.seq > from(`chat.${name}`) && each.sender !== me && !each.deleted,
      ).length,
    ]),
  );
  const questions = Object.values(view.questions?.questions ?? {});
  const polls = Object.values(view.polls?.polls ?? {});
  return {
    chat: Object.values(channels).reduce((sum, each) => sum + each, 0),
    questions: questions.filter((each) => each.seq > from("questions") && each.author !== me).length,
    polls: polls.filter((each) => each.seq > from("polls") && each.author !== me && each.status !== "draft").length,
    channels,
  };
}

const everything = (view: View): Seen => ({ rest: view.seq });

function read(key: string): Seen | null {
  try {
    return JSON.parse(kept.get(key) ?? "null") as Seen | null;
  } catch {
    return null;
  }
}

/** Whether the page is looked at. */
function useAttention(): boolean {
  const [attentive, setAttentive] = useState(document.visibilityState === "visible");
  useEffect(() => {
    const look = () => setAttentive(document.visibilityState === "visible");
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, []);
  return attentive;
}
