// What one may do with a message, beside it while one points at it or has come to it by the keys.
import { useState } from "react";
import { Dialog, DialogTrigger } from "react-aria-components/Dialog";
import { Popover } from "react-aria-components/Popover";
import { IconButton } from "../../design/Button";
import { type Act, MenuButton } from "../../design/Menu";
import type { Message } from "../../session/protocol";
import { useTexts } from "../../texts";
import { EmojiGrid } from "../room/ControlBar";
import { useRoom } from "../room/RoomContext";
import type { Writing } from "./ChatPanel";

interface Props {
  message: Message;
  onWrite(writing: Writing): void;
  onDelete(): void;
}

export function MessageActions({ message, onWrite, onDelete }: Props) {
  const t = useTexts();
  const { me, may, view, submit, nameOf } = useRoom();
  const [reacting, setReacting] = useState(false);
  const mine = message.sender === me;
  const moderates = may("can_moderate");
  const pinned = view.chat?.channels[message.channel]?.pins.some((pin) => pin.messageId === message.id) ?? false;
  const writable = moderates || !(view.chat?.locked ?? false);
  const acts: (Act | false)[] = [
    writable && { id: "reply", label: t.chat.reply, icon: "reply", run: () => onWrite({ to: message, as: "reply" }) },
    mine &&
      writable && { id: "edit", label: t.chat.edit, icon: "edit", run: () => onWrite({ to: message, as: "edit" }) },
    moderates &&
      !message.channel.includes(":") && {
        id: "pin",
        label: pinned ? t.chat.unpin : t.chat.pin,
        icon: "pin",
        run: () => void submit({ type: "chat.pin", messageId: message.id, pinned: !pinned }),
      },
    (mine || moderates) && {
      id: "delete",
      label: t.chat.delete,
      icon: "trash",
      danger: true,
      run: onDelete,
    },
  ];
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
      <MenuButton
        label={t.chat.actions(nameOf(message.sender))}
        groups={[{ acts: acts.filter((act): act is Act => act !== false) }]}
      >
        <IconButton icon="more" size="small" label={t.common.more} />
      </MenuButton>
    </div>
  );
}
