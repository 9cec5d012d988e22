// A line to all rooms at once, and that it went out.
import { useState } from "react";
import { Button } from "../../design/Button";
import { useTexts } from "../../texts";
import { useDraft } from "../room/drafts";
import { useRoom } from "../room/RoomContext";

const TEXT_MAX = 5_000;

export function TellAll() {
  const t = useTexts();
  const { submit } = useRoom();
  const [text, setText] = useDraft("breakouts.all");
  const [sent, setSent] = useState(false);
  const send = () => {
    const words = text.trim();
    if (words === "") return;
    setText("");
    void submit({ type: "breakout.broadcast", text: words }).then((ack) => {
      if (ack.ok) setSent(true);
      else setText(words);
    });
  };
  return (
    <form
      className="tell-all"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <input
        className="input grow"
        value={text}
        maxLength={TEXT_MAX}
        placeholder={t.breakouts.messageField}
        aria-label={t.breakouts.messageField}
        onChange={(event) => {
          setText(event.target.value);
          setSent(false);
        }}
      />
      <Button type="submit" look="edged" icon="speaker" isDisabled={text.trim() === ""}>
        {t.breakouts.message}
      </Button>
      <span role="status" className="soft small tell-all-sent">
        {sent && t.breakouts.sent}
      </span>
    </form>
  );
}
