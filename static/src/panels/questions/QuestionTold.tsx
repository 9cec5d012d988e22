// A question as it is told afterwards, on the summary and among the results of breakout rooms: nothing more can be done to it.
import type { Question } from "../../session/protocol";
import { useTexts } from "../../texts";
import { MarkupText } from "../chat/MarkupText";

export function QuestionTold({ question, nameOf }: { question: Question; nameOf(user: string | undefined): string }) {
  const t = useTexts();
  return (
    <>
      <div className="words message-words">
        <MarkupText text={question.text} />
      </div>
      <p className="soft small">
        {question.author === undefined ? t.questions.nameless : t.questions.by(nameOf(question.author))} ·{" "}
        {t.questions.ownVotes(question.votes)}
        {question.state === "answered" && question.answer === undefined && ` · ${t.questions.answeredLive}`}
      </p>
      {question.answer !== undefined && (
        <div className="question-answer words message-words">
          <MarkupText text={question.answer} />
        </div>
      )}
    </>
  );
}
