// Questions: ask, vote, see what is being answered; for the staff a queue to approve and everything an answer needs.
import { useEffect, useRef, useState } from "react";
import { Empty } from "../../design/Bits";
import { Button } from "../../design/Button";
import type { Question } from "../../session/protocol";
import { useTexts } from "../../texts";
import { usePlace } from "../room/place";
import { useRoom } from "../room/RoomContext";
import { AskField } from "./AskField";
import { QuestionCard } from "./QuestionCard";
import { partsOf, type Sort } from "./sorting";
import "./questions.css";

const NONE = { questions: {}, pins: [] };

export function QuestionsPanel() {
  const t = useTexts();
  const { view, feature, may, submit, here } = useRoom();
  const { opened, enters } = usePlace();
  const [sort, setSort] = useState<Sort>("votes");
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    if (enters("questions")) field.current?.focus();
  }, [opened, enters]);
  if (feature("qa") === undefined) return <Empty icon="question" title={t.questions.off} />;

  const { queue, open, answered, away } = partsOf(view.questions ?? NONE, sort, here);
  const moderates = may("can_moderate");
  return (
    <section className="questions" aria-label={t.questions.title}>
      <div className="panel-scroll">
        {queue.length > 0 && (
          <div className="panel-part">
            <h3 className="panel-heading">
              {t.questions.queue} <span className="numbers">{queue.length}</span>
            </h3>
            <ul role="list" className="stack-tight">
              {queue.map((question) => (
                <li key={question.id}>
                  <QuestionCard question={question}>
                    {moderates && <Approval question={question} submit={submit} />}
                  </QuestionCard>
                </li>
              ))}
            </ul>
          </div>
        )}
        {open.length > 1 && (
          <div className="row questions-sort" role="group" aria-label={t.questions.sort}>
            {(["votes", "age"] as const).map((each) => (
              <button
                key={each}
                type="button"
                className={`button button-small ${sort === each ? "button-on" : ""}`}
                aria-pressed={sort === each}
                onClick={() => setSort(each)}
              >
                {each === "votes" ? t.questions.byVotes : t.questions.byAge}
              </button>
            ))}
          </div>
        )}
        {queue.length + open.length + answered.length === 0 && (
          <Empty icon="question" title={t.questions.empty}>
            {t.questions.emptyText}
          </Empty>
        )}
        <List questions={open} />
        <Folded title={t.questions.answered} questions={answered} />
        <Folded title={t.questions.dismissed} questions={away} />
      </div>
      <AskField field={field} />
    </section>
  );
}

function List({ questions }: { questions: Question[] }) {
  return (
    <ul role="list" className="stack-tight">
      {questions.map((question) => (
        <li key={question.id}>
          <QuestionCard question={question} />
        </li>
      ))}
    </ul>
  );
}

function Folded({ title, questions }: { title: string; questions: Question[] }) {
  if (questions.length === 0) return null;
  return (
    <details className="questions-folded">
      <summary>
        {title} <span className="numbers">{questions.length}</span>
      </summary>
      <List questions={questions} />
    </details>
  );
}

function Approval({ question, submit }: { question: Question; submit: ReturnType<typeof useRoom>["submit"] }) {
  const t = useTexts();
  return (
    <div className="row">
      <Button
        look="primary"
        icon="check"
        place="grow"
        onPress={() => void submit({ type: "question.approve", questionId: question.id })}
      >
        {t.questions.approve}
      </Button>
      <Button
        look="edged"
        icon="close"
        place="grow"
        onPress={() => void submit({ type: "question.dismiss", questionId: question.id })}
      >
        {t.questions.dismiss}
      </Button>
    </div>
  );
}
