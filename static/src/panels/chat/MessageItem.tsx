// One message: who, when, its words, what it answers, the reactions, and what one may do with it. Drawn again only when
// something of it changed; what it needs of the room at a click it asks the room for then.
import { memo, type RefObject, useEffect, useRef, useState } from "react";
import { Icon } from "../../design/Icon";
import { Confirm } from "../../design/Overlay";
import type { Message, SendReaction } from "../../session/protocol";
import { useFormats, useTexts } from "../../texts";
import { useLatestRoom } from "../room/RoomContext";
import type { Writing } from "./ChatPanel";
import { MarkupText } from "./MarkupText";
import { MessageActions } from "./MessageActions";

export interface MessageItemProps {
  message: Message;
  name: string;
  me: string;
  /** Of the same person, shortly after the one before. */
  follows: boolean;
  /** What it answers, as one line. */
  quote: string | undefined;
  pending: boolean;
  /** Whether one may react and the like now. */
  active: boolean;
  tabStop: boolean;
  onFocus(id: string): void;
  onWrite(writing: Writing): void;
}

export const MessageItem = memo(function MessageItem(props: MessageItemProps) {
  const { message, name, me, follows, quote, pending, active, tabStop, onFocus, onWrite } = props;
  const t = useTexts();
  const formats = useFormats();
  const [near, setNear] = useState(false);
  const [deleting, setDeleting] = useState(false);
  const box = useBack(deleting);
  const room = useLatestRoom();
  const classes = ["message"];
  if (follows) classes.push("message-follows");
  if (pending) classes.push("message-pending");
  if (message.sender === me) classes.push("message-mine");
  return (
    <article
      ref={box}
      className={classes.join(" ")}
      data-message={message.id}
      tabIndex={tabStop ? 0 : -1}
      onFocus={(event) => {
        setNear(true);
        if (event.target === event.currentTarget) onFocus(message.id);
      }}
      onBlur={(event) =>
        event.currentTarget.contains(event.relatedTarget) || hasOpen(event.currentTarget) || setNear(false)
      }
      onMouseEnter={() => setNear(true)}
      onMouseLeave={(event) =>
        event.currentTarget.contains(document.activeElement) || hasOpen(event.currentTarget) || setNear(false)
      }
    >
      <p className={follows ? "unseen" : "message-head"}>
        <span className="message-name">{name}</span> <time dateTime={message.at}>{formats.time(message.at)}</time>
      </p>
      {quote !== undefined && (
        <p className="message-quote clip">
          <Icon name="reply" />
          <span className="clip">{quote}</span>
        </p>
      )}
      {message.deleted ? (
        <p className="soft message-deleted">{t.chat.deleted}</p>
      ) : (
        <div className="message-words words">
          <MarkupText text={message.text} />
        </div>
      )}
      {(message.editedAt !== undefined || pending) && (
        <p className="message-note soft">{pending ? t.common.pending : t.chat.edited}</p>
      )}
      <Reactions message={message} me={me} active={active} />
      {near && active && !message.deleted && !pending && (
        <MessageActions message={message} onWrite={onWrite} onDelete={() => setDeleting(true)} />
      )}
      {deleting && (
        <Confirm
          open
          title={t.chat.deleteTitle}
          text={t.chat.deleteText}
          act={t.chat.delete}
          danger
          onClose={() => setDeleting(false)}
          onConfirm={() => void room.current.submit({ type: "chat.delete", messageId: message.id })}
        />
      )}
    </article>
  );
});

/** A menu of this message is open: it lies elsewhere in the document, and would go with its button. */
const hasOpen = (message: HTMLElement): boolean => message.querySelector('[aria-expanded="true"]') !== null;

/** Who was asked whether to delete it is back at the message then: the button that led there is gone meanwhile. */
function useBack(asked: boolean): RefObject<HTMLElement> {
  const box = useRef<HTMLElement>(null);
  const before = useRef(asked);
  useEffect(() => {
    if (before.current && !asked) box.current?.focus();
    before.current = asked;
  }, [asked]);
  return box;
}

function Reactions({ message, me, active }: { message: Message; me: string; active: boolean }) {
  const t = useTexts();
  const formats = useFormats();
  const room = useLatestRoom();
  const all = Object.entries(message.reactions);
  if (all.length === 0) return null;
  const react = (emoji: string, on: boolean) =>
    void room.current.submit({
      type: "chat.react",
      messageId: message.id,
      emoji: emoji as SendReaction["emoji"],
      on,
    });
  return (
    <p className="reactions">
      {all.map(([emoji, people]) => {
        const on = people.includes(me);
        return (
          <button
            key={emoji}
            type="button"
            className={`reaction ${on ? "reaction-on" : ""}`}
            aria-pressed={on}
            aria-label={t.chat.reactedWith(emoji, people.length)}
            title={formats.list(people.slice(0, 20).map(room.current.nameOf))}
            disabled={!active}
            onClick={() => react(emoji, !on)}
          >
            {emoji} <span className="numbers">{people.length}</span>
          </button>
        );
      })}
    </p>
  );
}
