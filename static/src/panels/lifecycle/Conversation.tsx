// How the conversation is led: a locked or slow chat, questions that are approved first.
import { Choose, Toggle } from "../../design/Field";
import { Overlay } from "../../design/Overlay";
import { useTexts } from "../../texts";
import { useRoom } from "../room/RoomContext";

const SLOW_SECONDS = [0, 5, 10, 30, 60, 300] as const;

export function Conversation({ onClose }: { onClose(): void }) {
  const t = useTexts();
  const { view, feature, host, submit } = useRoom();
  const chat = feature("chat");
  const questions = feature("qa");
  const configured = chat?.config["slowSeconds"];
  const slow = view.chat?.slowSeconds ?? (typeof configured === "number" ? configured : 0);
  const choices = [...new Set([...SLOW_SECONDS, slow])].sort((one, other) => one - other);
  const approve = (approval: boolean) => {
    const features = view.lifecycle.features.map((each) =>
      each.type === "qa" ? { ...each, config: { ...each.config, approval } } : each,
    );
    void submit({ type: "session.update", features });
  };
  return (
    <Overlay open onClose={onClose} title={t.menu.talk}>
      <div className="stack">
        {chat !== undefined && (
          <>
            <Toggle on={view.chat?.locked ?? false} onChange={(locked) => void submit({ type: "chat.lock", locked })}>
              {t.menu.lockChat}
            </Toggle>
            <Choose
              label={t.menu.slow}
              value={String(slow)}
              onChange={(seconds) => void submit({ type: "chat.slow", seconds: Number(seconds) })}
              options={choices.map((seconds) => ({
                value: String(seconds),
                label: seconds === 0 ? t.menu.slowOff : t.menu.slowSeconds(seconds),
              }))}
            />
          </>
        )}
        {questions !== undefined && host && (
          <Toggle on={questions.config["approval"] === true} onChange={approve}>
            {t.menu.approval}
          </Toggle>
        )}
      </div>
    </Overlay>
  );
}
