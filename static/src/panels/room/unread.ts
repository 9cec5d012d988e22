// What arrived in a panel since one last had it open: a small count, kept over a reload. Only what others did counts.
import { useEffect, useMemo, useState } from "react";
import { kept } from "../../app/client";
import { EVERYONE, STAFF } from "../../session/fold/chat";
import type { View } from "../../session/protocol";
import { stageAt } from "../../session/standing";
import { usePlace } from "./place";
import { useRoom } from "./RoomContext";

export interface Unread {
  chat: number;
  questions: number;
  polls: number;
  /** By channel; those of other rooms, which only staff have, count nowhere else. */
  channels: Readonly<Record<string, number>>;
}

/** Until which event each panel, and each channel of the chat, was seen. */
type Seen = Record<string, number>;

export function useUnread(): Unread {
  const { view, me, session, here } = useRoom();
  const { panel, channel } = usePlace();
  const key = `atelier.seen.${session.sessionId}.${me}`;
  const [seen, setSeen] = useState<Seen>(() => read(key) ?? everything(view));
  const attentive = useAttention();
  const open = panel === "chat" ? `chat.${channel}` : at(panel, here);
  const latest = view.seq;
  const counts = useMemo(() => count(view, me, seen, here), [view, me, seen, here]);
  const news = panel === "chat" ? (counts.channels[channel] ?? 0) : panel === "people" || panel === "notes" ? 0 : counts[panel];

  // A poll on the stage is seen there.
  const { kind, target } = stageAt(view, here);
  const staged = kind === "poll" && target !== undefined ? (view.polls?.polls[target]?.seq ?? 0) : 0;
  const staging = staged > (seen[at("polls", here)] ?? seen["rest"] ?? 0);
  useEffect(() => {
    if (!attentive || (news === 0 && !staging)) return;
    setSeen((now) => {
      const read = news > 0 ? { [open]: latest } : {};
      const next = { ...now, ...read, ...(staging ? { [at("polls", here)]: staged } : {}) };
      kept.set(key, JSON.stringify(next));
      return next;
    });
  }, [attentive, news, open, latest, key, staging, staged, here]);
  return counts;
}

/** What a panel shows is another thing in each place. */
const at = (panel: string, place: string | undefined): string => (place === undefined ? panel : `${panel}.${place}`);

function count(view: View, me: string, seen: Seen, here: string | undefined): Unread {
  const from = (name: string): number => seen[name] ?? seen["rest"] ?? 0;
  const channels = Object.fromEntries(
    Object.entries(view.chat?.channels ?? {}).map(([name, channel]) => [
      name,
      Object.values(channel.messages).filter(
        (each) => each.seq > from(`chat.${name}`) && each.sender !== me && !each.deleted,
      ).length,
    ]),
  );
  const mine = Object.entries(channels).filter(
    ([name]) => name.includes(":") || name === STAFF || name === (here ?? EVERYONE),
  );
  const questions = Object.values(view.questions?.questions ?? {}).filter((each) => each.room === here);
  const known = Object.values(view.polls?.polls ?? {}).filter((each) => each.status !== "draft");
  const polls = known.filter((each) => each.room === here);
  return {
    chat: mine.reduce((sum, [, news]) => sum + news, 0),
    questions: questions.filter((each) => each.seq > from(at("questions", here)) && each.author !== me).length,
    polls: polls.filter((each) => each.seq > from(at("polls", here)) && each.author !== me).length,
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
