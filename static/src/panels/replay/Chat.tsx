// What had been written by then, the latest last; what was written just then is marked. A time plays from there.
import { memo, useEffect, useMemo, useRef, useState } from "react";
import { Empty } from "../../design/Bits";
import { Button } from "../../design/Button";
import { secondsAt } from "../../replay/timeline";
import { EVERYONE, STAFF } from "../../session/fold/chat";
import type { Message } from "../../session/protocol";
import { useFormats } from "../../texts";
import { useReplayTexts } from "../../texts/replay";
import { inOrder, isPlace } from "../chat/channels";
import { MarkupText } from "../chat/MarkupText";
import { useAt, useMoment, useReplay } from "./ReplayContext";
import { useRoving } from "./useRoving";
import "../chat/chat.css";

const SHOWN = 150;
const JUST_THEN_S = 15;

export function Chat() {
  const r = useReplayTexts();
  const { timeline } = useReplay();
  const { view, place } = useMoment();
  const [shown, setShown] = useState(SHOWN);
  const box = useRef<HTMLDivElement>(null);
  const roving = useRoving();
  const home = place ?? EVERYONE;
  const channels = view.chat?.channels;
  const messages = useMemo(() => {
    const own = Object.entries(channels ?? {}).filter(([key]) => key === home || !isPlace(key));
    return inOrder(own.flatMap(([, channel]) => Object.values(channel.messages)));
  }, [channels, home]);
  // Where "just then" begins moves with the clock; the list only when another message falls out of it.
  const fresh = useAt((at) => messages.filter((each) => secondsAt(timeline, each.at) > at - JUST_THEN_S).length);
  const last = messages.at(-1)?.id;
  useEffect(() => {
    if (box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [last]);
  if (messages.length === 0)
    return (
      <div className="replay-none">
        <Empty icon="chat" title={r.chatEmpty} />
      </div>
    );
  const seen = messages.slice(-shown);
  const stop = seen.some((each) => each.id === roving.stop) ? roving.stop : last;
  return (
    <div className="chat-scroll" ref={box}>
      {messages.length > seen.length && (
        <Button size="small" place="chat-earlier" onPress={() => setShown((now) => now + SHOWN)}>
          {r.earlier}
        </Button>
      )}
      <ol role="list" className="chat-log" onKeyDown={roving.onKeyDown}>
        {seen.map((message, index) => (
          <Line
            key={message.id}
            message={message}
            now={index >= seen.length - fresh}
            stop={message.id === stop}
            onFocus={roving.onFocus}
          />
        ))}
      </ol>
    </div>
  );
}

interface LineProps {
  message: Message;
  now: boolean;
  stop: boolean;
  onFocus(id: string): void;
}

const Line = memo(function Line({ message, now, stop, onFocus }: LineProps) {
  const r = useReplayTexts();
  const formats = useFormats();
  const { nameOf, player, timeline } = useReplay();
  const { id, sender, channel, text, deleted } = message;
  const atS = Math.max(0, secondsAt(timeline, message.at));
  const gone = deleted || text === "";
  return (
    <li className={`message ${now ? "message-then" : ""}`} data-message={id}>
      <p className="message-head">
        <span className="message-name">{nameOf(sender)}</span>{" "}
        <button
          type="button"
          className="message-time numbers"
          data-stop=""
          tabIndex={stop ? 0 : -1}
          aria-label={r.goTo(formats.clock(atS * 1_000))}
          onFocus={() => onFocus(id)}
          onClick={() => player.seek(atS)}
        >
          {formats.clock(atS * 1_000)}
        </button>
        {!isPlace(channel) && <span className="soft small">{channel === STAFF ? r.toStaff : r.direct}</span>}
        {now && <span className="unseen">{r.atThatMoment}</span>}
      </p>
      {gone ? (
        <p className="soft message-deleted">{r.deleted}</p>
      ) : (
        <div className="message-words words">
          <MarkupText text={text} />
        </div>
      )}
      {Object.keys(message.reactions).length > 0 && (
        <ul role="list" className="reactions">
          {Object.entries(message.reactions).map(([emoji, people]) => (
            <li key={emoji} className="reaction" aria-label={r.reacted(emoji, people.length)}>
              {emoji} <span className="numbers">{people.length}</span>
            </li>
          ))}
        </ul>
      )}
    </li>
  );
});
