// The messages of a channel. It stays at the end while one reads the end, and nowhere else moves by itself: what arrives
// meanwhile is a count. Arrow keys go from message to message, so that the list is one stop of the tab key.
import { Fragment, type KeyboardEvent, type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";
import { Button } from "../../design/Button";
import type { Message } from "../../session/protocol";
import { useFormats, useTexts } from "../../texts";
import { useRoom } from "../room/RoomContext";
import type { Writing } from "./ChatPanel";
import type { Earlier } from "./earlier";
import { plainOf } from "./markup";
import { MessageItem } from "./MessageItem";

const WINDOW = 100;
const WINDOW_DIRECT = 20;
const NEAR_PX = 48;
const TOGETHER_MS = 5 * 60_000;

export interface MessageListProps {
  channel: string;
  messages: readonly Message[];
  earlier: Earlier;
  empty: ReactNode;
  onWrite(writing: Writing): void;
}

export function MessageList({ channel, messages, earlier, empty, onWrite }: MessageListProps) {
  const t = useTexts();
  const room = useRoom();
  const { me, session } = room;
  const scroller = useRef<HTMLDivElement>(null);
  const [atEnd, setAtEnd] = useState(true);
  const [seen, setSeen] = useState(() => messages.at(-1)?.seq ?? 0);
  const [active, setActive] = useState<string | null>(null);
  const last = messages.at(-1);
  const news = messages.filter((each) => each.seq > seen && each.sender !== me).length;

  const toEnd = () => {
    const box = scroller.current;
    if (box !== null) box.scrollTop = box.scrollHeight;
  };
  const lastKey = last === undefined ? "" : `${last.id}.${last.text.length}`;
  const mine = last?.sender === me;
  useLayoutEffect(() => {
    if (atEnd || mine) toEnd();
  }, [lastKey]);
  useKeepEnd(scroller, atEnd);
  useEffect(() => {
    if (atEnd && last !== undefined && last.seq > seen) setSeen(last.seq);
  }, [atEnd, last, seen]);
  const keepPlace = useKeepPlace(scroller, messages[0]?.id);

  const look = () => {
    const box = scroller.current;
    if (box !== null) setAtEnd(box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_PX);
  };
  const walk = (event: KeyboardEvent) => {
    const step = { ArrowUp: -1, ArrowDown: 1, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined || event.target !== event.currentTarget.querySelector("[data-message]:focus")) return;
    event.preventDefault();
    const at = messages.findIndex((each) => each.id === active);
    const to = messages[Math.max(0, Math.min(messages.length - 1, (at < 0 ? messages.length : at) + step))];
    if (to === undefined) return;
    setActive(to.id);
    scroller.current?.querySelector<HTMLElement>(`[data-message="${to.id}"]`)?.focus();
  };

  // What is fetched from before the first message that was there is no news: it stands outside of the live region.
  const [first] = useState(() => messages[0]?.seq ?? 0);
  const older = messages.findIndex((each) => each.seq >= first);
  const byId = new Map(messages.map((message) => [message.id, message]));
  const quoteOf = ({ replyTo }: Message): string | undefined => {
    if (replyTo === undefined) return undefined;
    const original = byId.get(replyTo);
    if (original === undefined) return t.chat.original;
    return t.chat.said(
      room.nameOf(original.sender),
      original.deleted ? t.chat.deletedOriginal : plainOf(original.text),
    );
  };
  const entry = (message: Message, index: number) => {
    const before = messages[index - 1];
    const newDay = before !== undefined && dayOf(before) !== dayOf(message);
    return (
      <Fragment key={session.originOf(message.id) ?? message.id}>
        {newDay && <Day at={message.at} />}
        <MessageItem
          message={message}
          name={room.nameOf(message.sender)}
          me={me}
          follows={!newDay && follows(message, before)}
          quote={quoteOf(message)}
          pending={room.isPending(message.id)}
          active={room.takesPart}
          tabStop={message.id === tabStop}
          onFocus={setActive}
          onWrite={onWrite}
        />
      </Fragment>
    );
  };
  const windowed = messages.length >= (channel.includes(":") ? WINDOW_DIRECT : WINDOW);
  const tabStop = active !== null && messages.some((each) => each.id === active) ? active : last?.id;
  return (
    <div className="chat-scroll" ref={scroller} onScroll={look} onKeyDown={walk}>
      {windowed && earlier.more && (
        <Button
          size="small"
          place="chat-earlier"
          isPending={earlier.busy}
          onPress={() => {
            keepPlace();
            earlier.load(messages[0]?.seq ?? 0);
          }}
        >
          {earlier.busy ? t.common.loading : t.chat.earlier}
        </Button>
      )}
      {earlier.problem !== null && <p className="field-error">{t.problem(earlier.problem)}</p>}
      {messages.length === 0 && empty}
      <div className="chat-log">
        {older > 0 && <div>{messages.slice(0, older).map(entry)}</div>}
        <div role="log" aria-live="polite" aria-relevant="additions" aria-label={t.chat.title}>
          {messages.slice(older).map((message, index) => entry(message, older + index))}
        </div>
      </div>
      {!atEnd && (
        <div className="chat-latest">
          <Button size="small" look="primary" icon="down" onPress={toEnd}>
            {t.chat.latest(news)}
          </Button>
        </div>
      )}
    </div>
  );
}

const days = new WeakMap<Message, string>();

function dayOf(message: Message): string {
  const day = days.get(message) ?? new Date(message.at).toDateString();
  days.set(message, day);
  return day;
}

/** Messages of one person close together share one heading. */
function follows(message: Message, before: Message | undefined): boolean {
  return (
    before !== undefined &&
    before.sender === message.sender &&
    message.replyTo === undefined &&
    Date.parse(message.at) - Date.parse(before.at) < TOGETHER_MS
  );
}

/** A line where a new day begins. */
function Day({ at }: { at: string }) {
  const formats = useFormats();
  return <p className="chat-day soft">{formats.day(at)}</p>;
}

type Box = { readonly current: HTMLDivElement | null };

/** At the end it stays at the end when the box itself changes: a keyboard opens, a field grows. */
function useKeepEnd(scroller: Box, atEnd: boolean): void {
  useEffect(() => {
    const box = scroller.current;
    if (box === null || !atEnd) return;
    const watcher = new ResizeObserver(() => {
      box.scrollTop = box.scrollHeight;
    });
    watcher.observe(box);
    return () => watcher.disconnect();
  }, [scroller, atEnd]);
}

/** What one reads stays where it is when older messages come in above it. */
function useKeepPlace(scroller: Box, first: string | undefined): () => void {
  const distance = useRef<number | null>(null);
  useLayoutEffect(() => {
    const box = scroller.current;
    if (box === null || distance.current === null || first === undefined) return;
    box.scrollTop = box.scrollHeight - distance.current;
    distance.current = null;
  }, [scroller, first]);
  return () => {
    const box = scroller.current;
    distance.current = box === null ? null : box.scrollHeight - box.scrollTop;
  };
}
