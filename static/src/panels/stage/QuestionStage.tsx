// A question on the stage while it is answered, and its answer when there is one in writing.
import { Button } from "../../design/Button";
import { useTexts } from "../../texts";
import { MarkupText } from "../chat/MarkupText";
import { useRoom } from "../room/RoomContext";

export function QuestionStage({ id, featured }: { id: string; featured: boolean }) {
  const t = useTexts();
  const { view, may, nameOf, submit } = useRoom();
  const question = view.questions?.questions[id];
  if (question === undefined) return null;
  const { state, author, votes, answer } = question;
  const done = () => {
    void submit({ type: "question.answer", questionId: id, state: "done" });
    void submit({ type: "stage.show", kind: "nothing" });
  };
  return (
    <article className="stage-card">
      <p className="soft">
        {state === "answering" ? t.stage.question : t.questions.title}
        {" · "}
        {author === undefined ? t.questions.nameless : t.questions.by(nameOf(author))}
        {" · "}
        {t.questions.ownVotes(votes)}
      </p>
      <div className="stage-question words message-words">
        <MarkupText text={question.text} />
      </div>
      {answer !== undefined && (
        <div className="question-answer words message-words">
          <MarkupText text={answer} />
        </div>
      )}
      {may("can_moderate") && featured && (
        <footer className="stage-foot">
          {state === "answering" && (
            <Button look="primary" icon="check" onPress={done}>
              {t.questions.done}
            </Button>
          )}
          <Button onPress={() => void submit({ type: "stage.show", kind: "nothing" })}>{t.stage.off}</Button>
        </footer>
      )}
    </article>
  );
}
