// A chapter of the replay, named while it happens. The moment is when the dialog's words are sent, a few seconds late at most.
import { type FormEvent, useState } from "react";
import { Button } from "../../design/Button";
import { Field } from "../../design/Field";
import { Overlay } from "../../design/Overlay";
import { useTexts } from "../../texts";
import { useRecordingTexts } from "../../texts/recording";
import { useRoom } from "../room/RoomContext";

const WORDS_MAX = 200;

export function MarkDialog({ onClose }: { onClose(): void }) {
  const t = useTexts();
  const words = useRecordingTexts();
  const { submit } = useRoom();
  const [text, setText] = useState("");
  const save = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() === "") return;
    void submit({ type: "recording.mark", text: text.trim() });
    onClose();
  };
  return (
    <Overlay open onClose={onClose} title={words.mark}>
      <form className="stack" onSubmit={save}>
        <Field
          label={words.markText}
          hint={words.markHint}
          value={text}
          onChange={setText}
          maxLength={WORDS_MAX}
          autoFocus
        />
        <div className="row">
          <Button type="submit" look="primary" isDisabled={text.trim() === ""}>
            {words.markSave}
          </Button>
          <Button onPress={onClose}>{t.common.cancel}</Button>
        </div>
      </form>
    </Overlay>
  );
}
