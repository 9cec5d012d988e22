// The field to write a message in. Enter sends, Shift+Enter makes a line, Escape gives an answer or a change up; what is
// being written is kept over looking elsewhere and over a reload.
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { IconButton } from "../../design/Button";
import { Icon } from "../../design/Icon";
import { EVERYONE, STAFF } from "../../session/fold/chat";
import { placeOf } from "../../session/standing";
import { useFormats, useTexts } from "../../texts";
import { useDraft } from "../room/drafts";
import { usePlace } from "../room/place";
import { useClock, useRoom } from "../room/RoomContext";
import { nameOfPlace } from "../breakouts/words";
import { audienceOf, isPlace, otherOf } from "./channels";
import { NotNow } from "../room/NotNow";
import type { Writing } from "./ChatPanel";

const TEXT_MAX = 5_000;

export function Composer({ channel, writing, onDone }: { channel: string; writing: Writing; onDone(): void }) {
  const t = useTexts();
  const { submit, session, me, nameOf, takesPart, may, view, role, here } = useRoom();
  const { opened, enters, phone } = usePlace();
  const edited = writing?.as === "edit" ? writing.to : null;
  const [draft, setDraft] = useDraft(`chat.${channel}`);
  const [change, setChange] = useState(edited?.text ?? "");
  const text = edited === null ? draft : change;
  const write = edited === null ? setDraft : setChange;
  const field = useRef<HTMLTextAreaElement>(null);
  const wait = useSlow(channel);
  const nameOfChannel = (key: string): string =>
    key === STAFF ? t.chat.staff : isPlace(key) ? nameOfPlace(view, key, t) : nameOf(otherOf(key, me) ?? undefined);

  useEffect(() => {
    if (enters("chat") || writing !== null) field.current?.focus();
  }, [opened, enters, writing]);

  const locked = (view.chat?.locked ?? false) && !may("can_moderate");
  if (role === "observer" && !may("can_moderate")) return <p className="composer-off soft">{t.chat.readOnly}</p>;
  if (locked) return <p className="composer-off soft">{t.chat.locked}</p>;

  const send = () => {
    const words = text.trim();
    if (words === "" || !takesPart) return;
    if (edited !== null) void submit({ type: "chat.edit", messageId: edited.id, text: words });
    else {
      const replyTo = writing?.to.id;
      void submit({
        type: "chat.send",
        text: words,
        ...audienceOf(channel, me),
        ...(replyTo === undefined ? {} : { replyTo }),
      });
      setDraft("");
      session.typing(false);
    }
    onDone();
    field.current?.focus();
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing && !phone) {
      event.preventDefault();
      send();
    }
    if (event.key === "Escape" && writing !== null) {
      event.stopPropagation();
      onDone();
    }
  };
  const label =
    edited !== null
      ? t.chat.editing
      : channel === (here ?? EVERYONE)
        ? t.chat.write
        : t.chat.writeTo(nameOfChannel(channel));

  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <TypingLine channel={channel} />
      {writing !== null && (
        <div className="composer-about">
          <Icon name={writing.as === "edit" ? "edit" : "reply"} />
          <span className="grow clip">
            {writing.as === "edit" ? t.chat.editing : t.chat.replyTo(nameOf(writing.to.sender))}
          </span>
          <IconButton icon="close" size="small" label={t.common.cancel} onPress={onDone} />
        </div>
      )}
      <div className="composer-row">
        <textarea
          ref={field}
          className="input input-grows"
          rows={1}
          maxLength={TEXT_MAX}
          value={text}
          placeholder={label}
          aria-label={label}
          disabled={!takesPart}
          enterKeyHint="send"
          onChange={(event) => {
            write(event.target.value);
            if (channel === (here ?? EVERYONE)) session.typing(event.target.value !== "");
          }}
          onBlur={() => session.typing(false)}
          onKeyDown={press}
        />
        <IconButton
          type="submit"
          icon={edited === null ? "send" : "check"}
          look="primary"
          label={edited === null ? t.chat.send : t.chat.saveEdit}
          isDisabled={text.trim() === "" || !takesPart}
        />
      </div>
      {takesPart ? wait !== null && <p className="soft small">{wait}</p> : <NotNow />}
    </form>
  );
}

/** Who else is writing to everyone in the same place. The line is always there, so that nothing moves when somebody begins. */
function TypingLine({ channel }: { channel: string }) {
  const t = useTexts();
  const { state, view, nameOf, me, here } = useRoom();
  const formats = useFormats();
  const near = state.typing.filter((user) => user !== me && placeOf(view, user) === here);
  const names = channel === (here ?? EVERYONE) ? near.map(nameOf) : [];
  return (
    <p className="typing soft" aria-hidden="true">
      {names.length > 0 && t.chat.typing(formats.list(names.slice(0, 3)), names.length > 1)}
    </p>
  );
}

const SECOND_MS = 1_000;

/** What slow mode says: how it is set, and how long one still waits. */
function useSlow(channel: string): string | null {
  const t = useTexts();
  const { view, may, me, feature } = useRoom();
  const now = useClock(SECOND_MS);
  const configured = feature("chat")?.config["slowSeconds"];
  const seconds = view.chat?.slowSeconds ?? (typeof configured === "number" ? configured : 0);
  if (seconds <= 0 || may("can_moderate")) return null;
  const own = Object.values(view.chat?.channels[channel]?.messages ?? {}).filter((each) => each.sender === me);
  const last = Math.max(0, ...own.map((each) => Date.parse(each.at)));
  const left = Math.min(seconds, Math.ceil((last + seconds * 1_000 - now) / 1_000));
  return left > 0 ? t.chat.slowWait(left) : t.chat.slow(seconds);
}
