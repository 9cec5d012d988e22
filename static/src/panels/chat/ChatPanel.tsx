// The chat: one open channel - everyone, the staff, or one person - its pinned messages, its history, and a field to write.
import { useState } from "react";
import { Button } from "../../design/Button";
import { Empty } from "../../design/Bits";
import { Icon } from "../../design/Icon";
import { MenuButton } from "../../design/Menu";
import { EVERYONE, STAFF } from "../../session/fold/chat";
import type { Message } from "../../session/protocol";
import { useTexts } from "../../texts";
import { usePlace } from "../room/place";
import { useRoom } from "../room/RoomContext";
import { nameOfPlace } from "../breakouts/words";
import { type ChannelNow, channelsOf, inOrder, isPlace } from "./channels";
import { Composer } from "./Composer";
import { useEarlier } from "./earlier";
import { MessageList } from "./MessageList";
import { Pins } from "./Pins";
import { Unsent } from "./Unsent";
import "./chat.css";

/** What is being written: a new message, an answer to one, or a change of one's own. */
export type Writing = { to: Message; as: "reply" | "edit" } | null;

export function ChatPanel({ unread }: { unread: Readonly<Record<string, number>> }) {
  const t = useTexts();
  const room = useRoom();
  const { channel: open, openPanel } = usePlace();
  const [writing, setWriting] = useState<Writing>(null);
  const earlier = useEarlier();
  const channels = channelsOf(room, open);
  const now = channels.find((each) => each.key === open);
  if (room.feature("chat") === undefined) return <Empty icon="chat" title={t.chat.off} />;

  const held = now?.channel?.messages ?? {};
  const messages = inOrder([
    ...earlier.messages(open).filter((each) => held[each.id] === undefined),
    ...Object.values(held),
  ]);
  const inThis = writing !== null && writing.to.channel === open ? writing : null;
  const done = () => {
    setWriting(null);
    openPanel("chat", true); // the field is another one now; writing goes on in it
  };
  return (
    <section className="chat" aria-label={t.chat.title}>
      {channels.length > 1 && <ChannelChoice channels={channels} open={open} unread={unread} />}
      <Pins channel={now?.channel} />
      <MessageList
        key={open}
        channel={open}
        messages={messages}
        earlier={earlier}
        empty={
          <Empty icon="chat" title={t.chat.empty}>
            {open.includes(":") ? t.chat.emptyDirect : t.chat.emptyText}
          </Empty>
        }
        onWrite={setWriting}
      />
      <Unsent channel={open} />
      <Composer
        key={`${open}.${inThis?.as ?? ""}.${inThis?.to.id ?? ""}`}
        channel={open}
        writing={inThis}
        onDone={done}
      />
    </section>
  );
}

function ChannelChoice(props: { channels: ChannelNow[]; open: string; unread: Readonly<Record<string, number>> }) {
  const { channels, open, unread } = props;
  const t = useTexts();
  const { nameOf, here, view } = useRoom();
  const { openChannel } = usePlace();
  const home = here ?? EVERYONE;
  const nameOfChannel = ({ key, other }: ChannelNow): string =>
    key === home
      ? t.chat.everyone
      : key === STAFF
        ? t.chat.staff
        : isPlace(key)
          ? nameOfPlace(view, key, t)
          : nameOf(other ?? undefined);
  const now = channels.find((each) => each.key === open);
  const others = channels.filter((each) => each.key !== open);
  const elsewhere = others.reduce((sum, { key }) => sum + (unread[key] ?? 0), 0);
  return (
    <div className="chat-channel">
      <MenuButton
        label={t.chat.to}
        groups={[
          {
            acts: channels.map((each) => {
              const news = unread[each.key] ?? 0;
              return {
                id: each.key,
                label: nameOfChannel(each),
                icon:
                  isPlace(each.key)
                    ? ("people" as const)
                    : each.key === STAFF
                      ? ("shield" as const)
                      : ("chat" as const),
                ...(news > 0 && each.key !== open ? { state: t.room.unread(news) } : {}),
                run: () => openChannel(each.key),
              };
            }),
          },
        ]}
      >
        <Button size="small" look={open === home ? "plain" : "edged"}>
          {now !== undefined && nameOfChannel(now)}
          {elsewhere > 0 && <span className="count">{elsewhere}</span>}
          <Icon name="down" />
        </Button>
      </MenuButton>
      {open.includes(":") && <span className="soft small">{t.chat.emptyDirect}</span>}
    </div>
  );
}
