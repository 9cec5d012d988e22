// The questions that stood open at that moment, and those that had been answered.
import { Empty } from "../../design/Bits";
import type { Question } from "../../session/protocol";
import { useTexts } from "../../texts";
import { useReplayTexts } from "../../texts/replay";
import { QuestionTold } from "../questions/QuestionTold";
import { useMoment, useReplay } from "./ReplayContext";
import "../questions/questions.css";

const ORDER: Readonly<Record<string, number>> = { answering: 0, open: 1, pending: 2, answered: 3 };

export function Questions() {
  const r = useReplayTexts();
  const t = useTexts();
  const { view, place } = useMoment();
  const shown = Object.values(view.questions?.questions ?? {})
    .filter((each) => each.room === place && ORDER[each.state] !== undefined)
    .sort((a, b) => (ORDER[a.state] ?? 9) - (ORDER[b.state] ?? 9) || b.votes - a.votes || a.seq - b.seq);
  if (shown.length === 0)
    return (
      <div className="replay-none">
        <Empty icon="question" title={r.questionsEmpty} />
      </div>
    );
  return (
    <div className="panel-scroll" role="group" aria-label={t.room.questions} tabIndex={0}>
      <ul role="list" className="stack">
        {shown.map((each) => (
          <li key={each.id}>
            <QuestionThen question={each} />
          </li>
        ))}
      </ul>
    </div>
  );
}

export function QuestionThen({ question, large = false }: { question: Question; large?: boolean }) {
  const r = useReplayTexts();
  const { nameOf } = useReplay();
  const { state } = question;
  return (
    <article className={large ? "stage-card question-large" : `question-then ${state === "answering" ? "question-then-now" : ""}`}>
      {state !== "open" && <p className="small question-then-state">{r.states[state]}</p>}
      <QuestionTold question={question} nameOf={nameOf} />
    </article>
  );
}
