// The field to ask in; a refused question stays under it with its words.
import { type KeyboardEvent, type RefObject, useState } from "react";
import { Button } from "../../design/Button";
import { Check } from "../../design/Field";
import { useTexts } from "../../texts";
import { useDraft } from "../room/drafts";
import { NotNow } from "../room/NotNow";
import { usePlace } from "../room/place";
import { useRoom } from "../room/RoomContext";

const TEXT_MAX = 1_000;

export function AskField({ field }: { field: RefObject<HTMLTextAreaElement> }) {
  const t = useTexts();
  const { submit, takesPart, state, session, role, may } = useRoom();
  const { phone } = usePlace();
  const [text, setText] = useDraft("question");
  const [anonymous, setAnonymous] = useState(false);
  if (role === "observer" && !may("can_moderate")) return <p className="composer-off soft">{t.chat.readOnly}</p>;

  const ask = () => {
    const words = text.trim();
    if (words === "" || !takesPart) return;
    void submit({ type: "question.ask", text: words, anonymous });
    setText("");
    field.current?.focus(); // the button has nothing to send any more, and lets go
  };
  const press = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing || phone) return;
    event.preventDefault();
    ask();
  };
  const refused = state.refused.filter((each) => each.command.type === "question.ask");
  return (
    <form
      className="ask"
      onSubmit={(event) => {
        event.preventDefault();
        ask();
      }}
    >
      {refused.map(({ id, command, code }) => (
        <div key={id} className="unsent" role="status">
          <p className="words">{command.type === "question.ask" && command.text}</p>
          <p className="field-error">{t.refused.message(t.problem(code))}</p>
          <Button size="small" look="edged" onPress={() => session.discard(id)}>
            {t.common.discard}
          </Button>
        </div>
      ))}
      <textarea
        ref={field}
        className="input input-grows"
        rows={1}
        maxLength={TEXT_MAX}
        value={text}
        placeholder={t.questions.ask}
        aria-label={t.questions.ask}
        disabled={!takesPart}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={press}
      />
      <div className="row wrap">
        <span className="grow" title={t.questions.anonymousHint}>
          <Check on={anonymous} onChange={setAnonymous} disabled={!takesPart}>
            {t.questions.anonymous}
          </Check>
        </span>
        <Button type="submit" look="primary" isDisabled={text.trim() === "" || !takesPart}>
          {t.questions.send}
        </Button>
      </div>
      {takesPart ? anonymous && <p className="soft small">{t.questions.anonymousHint}</p> : <NotNow />}
    </form>
  );
}
