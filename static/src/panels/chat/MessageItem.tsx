// One message: who, when, its words, what it answers, the reactions, and what one may do with it.
import { memo, useEffect, useRef, useState } from "react";
import { Dialog, DialogTrigger } from "react-aria-components/Dialog";
import { Popover } from "react-aria-components/Popover";
import { IconButton } from "../../design/Button";
import { Icon } from "../../design/Icon";
import { MenuButton, type Act } from "../../design/Menu";
import { Confirm } from "../../design/Overlay";
import type { Message, SendReaction } from "../../session/protocol";
import { useFormats, useTexts } from "../../texts";
import { EmojiGrid } from "../room/ControlBar";
import { type RoomNow, useRoom } from "../room/RoomContext";
import type { Writing } from "./ChatPanel";
import { MarkupText } from "./MarkupText";

type Emoji = SendReaction["emoji"];

export interface MessageItemProps {
  message: Message;
  /** Of the same person, shortly after the one before. */
  follows: boolean;
  original: Message | undefined;
  tabStop: boolean;
  onFocus(): void;
  onWrite(writing: Writing): void;
}

export function MessageItem(props: MessageItemProps) {
  const { message, follows, tabStop, onFocus } = props;
  const room = useRoom();
  const [near, setNear] = useState(false);
  const pending = room.isPending(message.id);
  const name = room.nameOf(message.sender);
  const box = useRef<HTMLElement>(null);
  // Whoever deletes it keeps their place: the button they did it with goes with its words.
  const deletes = useRef(false);
  useEffect(() => {
    if (message.deleted && deletes.current) box.current?.focus();
  }, [message.deleted]);
  const classes = [
    "message",
    follows ? "message-follows" : "",
    pending ? "message-pending" : "",
    message.sender === room.me ? "message-mine" : "",
  ];
  return (
    <article
      ref={box}
      className={classes.join(" ")}
      data-message={message.id}
      tabIndex={tabStop ? 0 : -1}
      onFocus={(event) => {
        setNear(true);
        if (event.target === event.currentTarget) onFocus();
      }}
      onBlur={(event) => event.currentTarget.contains(event.relatedTarget) || hasOpen(event.currentTarget) || setNear(false)}
      onMouseEnter={() => setNear(true)}
      onMouseLeave={(event) =>
        event.currentTarget.contains(document.activeElement) || hasOpen(event.currentTarget) || setNear(false)
      }
    >
      <Words {...props} name={name} pending={pending} />
      {near && !message.deleted && !pending && room.takesPart && (
        <Actions
          {...props}
          room={room}
          onDelete={() => {
            deletes.current = true;
          }}
        />
      )}
    </article>
  );
}

/** A menu of this message is open: it lies elsewhere in the document, and would go with its button. */
const hasOpen = (message: HTMLElement): boolean => message.querySelector('[aria-expanded="true"]') !== null;

interface WordsProps extends MessageItemProps {
  name: string;
  pending: boolean;
}

const Words = memo(function Words({ message, follows, original, name, pending }: WordsProps) {
  const t = useTexts();
  const formats = useFormats();
  const { nameOf } = useRoom();
  return (
    <>
      <p className={follows ? "unseen" : "message-head"}>
        <span className="message-name">{name}</span> <time dateTime={message.at}>{formats.time(message.at)}</time>
      </p>
      {message.replyTo !== undefined && (
        <p className="message-quote clip">
          <Icon name="reply" />
          <span className="clip">
            {original === undefined
              ? t.chat.original
              : t.chat.said(nameOf(original.sender), original.deleted ? t.chat.deletedOriginal : original.text)}
          </span>
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
      <Reactions message={message} />
    </>
  );
});

function Reactions({ message }: { message: Message }) {
  const t = useTexts();
  const { me, submit, takesPart, nameOf } = useRoom();
  const formats = useFormats();
  const all = Object.entries(message.reactions);
  if (all.length === 0) return null;
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
            title={formats.list(people.slice(0, 20).map(nameOf))}
            disabled={!takesPart}
            onClick={() => void submit({ type: "chat.react", messageId: message.id, emoji: emoji as Emoji, on: !on })}
          >
            {emoji} <span className="numbers">{people.length}</span>
          </button>
        );
      })}
    </p>
  );
}

function Actions({ message, onWrite, room, onDelete }: MessageItemProps & { room: RoomNow; onDelete(): void }) {
  const t = useTexts();
  const { me, may, view, submit } = room;
  const [reacting, setReacting] = useState(false);
  const [deleting, setDeleting] = useState(false);
  const mine = message.sender === me;
  const moderates = may("can_moderate");
  const pinned = view.chat?.channels[message.channel]?.pins.some((pin) => pin.messageId === message.id) ?? false;
  const writable = moderates || !(view.chat?.locked ?? false);
  const acts: Act[] = [];
  if (writable) acts.push({ id: "reply", label: t.chat.reply, icon: "reply", run: () => onWrite({ to: message, as: "reply" }) });
  if (mine && writable) acts.push({ id: "edit", label: t.chat.edit, icon: "edit", run: () => onWrite({ to: message, as: "edit" }) });
  if (moderates && !message.channel.includes(":"))
    acts.push({
      id: "pin",
      label: pinned ? t.chat.unpin : t.chat.pin,
      icon: "pin",
      run: () => void submit({ type: "chat.pin", messageId: message.id, pinned: !pinned }),
    });
  if (mine || moderates)
    acts.push({ id: "delete", label: t.chat.delete, icon: "trash", danger: true, run: () => setDeleting(true) });
  return (
    <div className="message-actions">
      <DialogTrigger isOpen={reacting} onOpenChange={setReacting}>
        <IconButton icon="smile" size="small" label={t.chat.react} />
        <Popover className="popover" placement="top end">
          <Dialog aria-label={t.controls.reactions}>
            <EmojiGrid
              onPick={(emoji) => {
                setReacting(false);
                void submit({ type: "chat.react", messageId: message.id, emoji, on: true });
              }}
            />
          </Dialog>
        </Popover>
      </DialogTrigger>
      <MenuButton label={t.chat.actions(room.nameOf(message.sender))} groups={[{ acts }]}>
        <IconButton icon="more" size="small" label={t.common.more} />
      </MenuButton>
      <Confirm
        open={deleting}
        title={t.chat.deleteTitle}
        text={t.chat.deleteText}
        act={t.chat.delete}
        danger
        onClose={() => setDeleting(false)}
        onConfirm={() => {
          onDelete();
          void submit({ type: "chat.delete", messageId: message.id });
        }}
      />
    </div>
  );
}
