// Answering a poll, with targets for a thumb. A named answer is given with one touch and may be changed while the poll is
// open; an anonymous one, or one of several choices, is sent by a button, because it stands or is not complete at once.
import { type FormEvent, useState } from "react";
import { Key } from "../../design/Bits";
import { Button } from "../../design/Button";
import { Icon } from "../../design/Icon";
import type { Poll } from "../../session/protocol";
import { useTexts } from "../../texts";
import { useKeys } from "../room/keys";
import { usePlace } from "../room/place";
import type { OwnVote } from "./ballots";
import { type Choice, choiceAt, wordsGiven, wordsOf } from "./reading";

interface Props {
  poll: Poll;
  own: OwnVote;
  /** Answers to the number keys. */
  keys: boolean;
  onDone(): void;
}

export function PollVote(props: Props) {
  return props.poll.kind === "text" ? <WordsVote {...props} /> : <OptionsVote {...props} />;
}

function OptionsVote({ poll, own, keys, onDone }: Props) {
  const t = useTexts();
  const { question, options } = wordsOf(poll, t.polls);
  const { phone } = usePlace();
  const [picked, setPicked] = useState<readonly Choice[]>(() => own.choices ?? []);
  const atOnce = !poll.many && !poll.anonymous;
  const send = (choices: readonly Choice[]) => {
    own.vote([...choices]);
    onDone();
  };
  const pick = (index: number) => {
    const choice = choiceAt(poll, index);
    if (atOnce) return send([choice]);
    if (!poll.many) return setPicked([choice]);
    setPicked(picked.includes(choice) ? picked.filter((each) => each !== choice) : [...picked, choice]);
  };
  const numbers = options.slice(0, 9).map((_, index) => [String(index + 1), () => pick(index)] as const);
  useKeys(keys ? Object.fromEntries(numbers) : {});
  const rating = poll.kind === "rating";
  return (
    <div className="stack">
      <p className="soft">{rating ? t.polls.pickStep : poll.many ? t.polls.pickMany : t.polls.pickOne}</p>
      <div className={rating ? "steps" : "options"} role="group" aria-label={question}>
        {options.map((option, index) => {
          const on = picked.includes(choiceAt(poll, index));
          return (
            <button
              key={option}
              type="button"
              className={`option ${on ? "option-on" : ""}`}
              aria-pressed={on}
              onClick={() => pick(index)}
            >
              {keys && !phone && !rating && index < 9 && <Key>{String(index + 1)}</Key>}
              <span className="grow words">{option}</span>
              {on && <Icon name="check" />}
            </button>
          );
        })}
      </div>
      {!atOnce && (
        <Button look="primary" size="large" isDisabled={picked.length === 0} onPress={() => send(picked)}>
          {t.polls.vote}
        </Button>
      )}
    </div>
  );
}

function WordsVote({ poll, own, onDone }: Props) {
  const t = useTexts();
  const [text, setText] = useState(() => (own.choices ?? []).join(", "));
  const words = wordsGiven(text);
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (words.length === 0) return;
    own.vote(words);
    onDone();
  };
  return (
    <form className="stack" onSubmit={send}>
      <label className="field">
        <span className="label">{t.polls.words}</span>
        <input
          className="input"
          value={text}
          maxLength={300}
          placeholder={t.polls.wordsHint}
          aria-label={`${poll.question}: ${t.polls.words}`}
          onChange={(event) => setText(event.target.value)}
        />
      </label>
      <Button type="submit" look="primary" size="large" isDisabled={words.length === 0}>
        {t.polls.vote}
      </Button>
    </form>
  );
}
