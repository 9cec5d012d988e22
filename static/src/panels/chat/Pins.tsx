// What a moderator pinned to the top of a channel, at most five.
import { useState } from "react";
import { IconButton } from "../../design/Button";
import { Icon } from "../../design/Icon";
import type { Channel } from "../../session/protocol";
import { useTexts } from "../../texts";
import { useRoom } from "../room/RoomContext";
import { MarkupText } from "./MarkupText";

export function Pins({ channel }: { channel: Channel | undefined }) {
  const t = useTexts();
  const { may, submit, nameOf } = useRoom();
  const [open, setOpen] = useState(false);
  const pins = channel?.pins ?? [];
  const last = pins.at(-1);
  if (last === undefined) return null;
  const shown = open ? pins : [last];
  return (
    <section className="pins" aria-label={t.chat.pinned}>
      {shown.map((pin) => (
        <div key={pin.messageId} className="pin">
          <Icon name="pin" />
          <div className="grow words message-words">
            <strong className="small">{nameOf(pin.sender)}</strong>
            <MarkupText text={pin.text} />
          </div>
          {may("can_moderate") && (
            <IconButton
              icon="close"
              size="small"
              label={t.chat.unpin}
              onPress={() => void submit({ type: "chat.pin", messageId: pin.messageId, pinned: false })}
            />
          )}
        </div>
      ))}
      {pins.length > 1 && (
        <button type="button" className="button button-small" aria-expanded={open} onClick={() => setOpen(!open)}>
          {t.chat.pinned} {pins.length}
        </button>
      )}
    </section>
  );
}
