// What must be asked before a question is answered in writing, merged into another, or withdrawn.
import { useState } from "react";
import { Button } from "../../design/Button";
import { Field } from "../../design/Field";
import { Confirm, Overlay } from "../../design/Overlay";
import type { Question } from "../../session/protocol";
import { useTexts } from "../../texts";
import { useRoom } from "../room/RoomContext";

export type QuestionDialog = "answer" | "merge" | "withdraw" | null;

interface Props {
  question: Question;
  dialog: QuestionDialog;
  onClose(): void;
}

export function QuestionDialogs(props: Props) {
  const t = useTexts();
  const { submit } = useRoom();
  const { question, dialog, onClose } = props;
  return (
    <>
      {dialog === "answer" && <AnswerDialog {...props} />}
      {dialog === "merge" && <MergeDialog {...props} />}
      <Confirm
        open={dialog === "withdraw"}
        title={t.questions.withdrawTitle}
        text={t.questions.withdrawText}
        act={t.questions.withdraw}
        danger
        onClose={onClose}
        onConfirm={() => void submit({ type: "question.withdraw", questionId: question.id })}
      />
    </>
  );
}

function AnswerDialog({ question, onClose }: Props) {
  const t = useTexts();
  const { submit } = useRoom();
  const [text, setText] = useState(question.answer ?? "");
  const save = () => {
    void submit({ type: "question.answer", questionId: question.id, state: "done", text: text.trim() });
    onClose();
  };
  return (
    <Overlay
      open
      onClose={onClose}
      title={t.questions.answerText}
      foot={
        <Button look="primary" isDisabled={text.trim() === ""} onPress={save}>
          {t.common.save}
        </Button>
      }
    >
      <div className="stack">
        <p className="words">{question.text}</p>
        <Field label={t.questions.answer} value={text} onChange={setText} rows={4} maxLength={5_000} autoFocus />
      </div>
    </Overlay>
  );
}

function MergeDialog({ question, onClose }: Props) {
  const t = useTexts();
  const { view, submit } = useRoom();
  const others = Object.values(view.questions?.questions ?? {})
    .filter((each) => each.id !== question.id && ["open", "answering", "answered"].includes(each.state))
    .sort((one, other) => other.votes - one.votes);
  return (
    <Overlay open onClose={onClose} title={t.questions.mergeTitle}>
      <div className="stack">
        <p className="words soft">{question.text}</p>
        <ul role="list" className="stack-tight">
          {others.map((each) => (
            <li key={each.id}>
              <Button
                look="edged"
                wide
                onPress={() => {
                  void submit({ type: "question.merge", questionId: question.id, into: each.id });
                  onClose();
                }}
              >
                <span className="words">{each.text}</span>
              </Button>
            </li>
          ))}
        </ul>
        {others.length === 0 && <p className="soft">{t.questions.empty}</p>}
      </div>
    </Overlay>
  );
}
