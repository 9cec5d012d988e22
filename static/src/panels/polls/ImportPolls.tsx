// Many polls at once from plain text: all of them, or none and the line of the first mistake.
import { useState } from "react";
import { Notice } from "../../design/Bits";
import { Button } from "../../design/Button";
import { Field } from "../../design/Field";
import { Overlay } from "../../design/Overlay";
import { useTexts } from "../../texts";
import { useDraft } from "../room/drafts";
import { useRoom } from "../room/RoomContext";

const TEXT_MAX = 20_000;

export function ImportPolls({ onClose }: { onClose(): void }) {
  const t = useTexts();
  const { submit, session, state } = useRoom();
  const [text, setText] = useDraft("polls");
  const [fault, setFault] = useState<string>();
  const [busy, setBusy] = useState(false);
  const load = async () => {
    setBusy(true);
    const ack = await submit({ type: "poll.import", text });
    setBusy(false);
    for (const each of state.refused) if (each.command.type === "poll.import") session.discard(each.id);
    if (!ack.ok) return setFault(ack.code === "bad_request" ? (ack.detail ?? "") : t.problem(ack.code, ack.retryAfter));
    setText("");
    onClose();
  };
  return (
    <Overlay
      open
      onClose={onClose}
      title={t.polls.import}
      shape="wide"
      foot={
        <Button look="primary" isPending={busy} isDisabled={text.trim() === ""} onPress={() => void load()}>
          {t.polls.importAct}
        </Button>
      }
    >
      <div className="stack">
        <p className="soft">{t.polls.importText}</p>
        {fault !== undefined && <Notice kind="fault">{fault}</Notice>}
        <Field
          label={t.polls.title}
          value={text}
          onChange={setText}
          rows={10}
          maxLength={TEXT_MAX}
          placeholder={t.polls.importExample}
          autoFocus
        />
      </div>
    </Overlay>
  );
}
