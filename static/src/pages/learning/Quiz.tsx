// The questions of a lesson. They are scored at the server, which alone knows the answers; the best attempt counts.
import { type FormEvent, useId, useState } from "react";
import { useActing } from "../../app/acting";
import { api } from "../../app/client";
import type { LessonProgress, Question } from "../../app/learning";
import { Notice } from "../../design/Bits";
import { Button } from "../../design/Button";
import { Field } from "../../design/Field";
import { useLearningTexts } from "../../texts/learning";
import { Meter } from "./Parts";

export interface QuizProps {
  questions: readonly Question[];
  progress: LessonProgress | null;
  /** Null: one only looks at it. */
  begin: (() => Promise<LessonProgress>) | null;
  onDone(): void;
}

export function Quiz({ questions, progress, begin, onDone }: QuizProps) {
  const l = useLearningTexts();
  const { busy, fault, act } = useActing();
  const [answers, setAnswers] = useState<Readonly<Record<string, string>>>({});
  const all = questions.every((each) => (answers[each.id] ?? "").trim() !== "");
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (begin === null || !all) return;
    void act(async () => {
      const { id } = await begin();
      await api.post(`/bootcamp/lesson-progress/${id}/attempts`, { answers });
      onDone();
    });
  };
  return (
    <form className="stack" onSubmit={send}>
      {progress !== null && progress.bestScore !== undefined && (
        <div role="status">
          <p className="soft small">{l.quiz.best(progress.attemptsCount)}</p>
          <Meter percent={progress.bestScore} label={l.quiz.best(progress.attemptsCount)} />
        </div>
      )}
      {questions.map((question) => (
        <Asked
          key={question.id}
          question={question}
          value={answers[question.id] ?? ""}
          disabled={begin === null}
          onChange={(answer) => setAnswers((now) => ({ ...now, [question.id]: answer }))}
        />
      ))}
      {fault !== undefined && <Notice kind="fault">{fault}</Notice>}
      {begin !== null && (
        <div>
          <Button type="submit" look="edged" isPending={busy} isDisabled={!all}>
            {progress !== null && progress.attemptsCount > 0 ? l.quiz.again : l.quiz.send}
          </Button>
        </div>
      )}
    </form>
  );
}

interface AskedProps {
  question: Question;
  value: string;
  disabled: boolean;
  onChange(answer: string): void;
}

function Asked({ question, value, disabled, onChange }: AskedProps) {
  const name = useId();
  if (!question.options?.length) return <Field label={question.prompt} value={value} onChange={onChange} maxLength={500} />;
  return (
    <fieldset className="stack-tight" disabled={disabled}>
      <legend>{question.prompt}</legend>
      {question.options.map((option) => (
        <label key={option} className="choice">
          <input
            type="radio"
            name={name}
            value={option}
            checked={option === value}
            onChange={() => onChange(option)}
          />
          <span className="words">{option}</span>
        </label>
      ))}
    </fieldset>
  );
}
