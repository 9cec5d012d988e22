// One question: its words, votes, answer, and what may be done with it.
import { type ReactNode, useState } from "react";
import { Button, IconButton } from "../../design/Button";
import { Icon } from "../../design/Icon";
import { MenuButton } from "../../design/Menu";
import type { Question } from "../../session/protocol";
import { useTexts } from "../../texts";
import { MarkupText } from "../chat/MarkupText";
import { useRoom } from "../room/RoomContext";
import { QuestionDialogs, type QuestionDialog } from "./QuestionDialogs";
import { useQuestionActs } from "./questionActs";

export function QuestionCard({ question, children }: { question: Question; children?: ReactNode }) {
  const t = useTexts();
  const room = useRoom();
  const { view, me, nameOf, isPending, may } = room;
  const [dialog, setDialog] = useState<QuestionDialog>(null);
  const acts = useQuestionActs(question, setDialog);
  const pending = isPending(question.id);
  const mine = question.author === me;
  const pinned = view.questions?.pins.includes(question.id) ?? false;
  const by =
    question.author === undefined
      ? t.questions.nameless
      : mine
        ? t.questions.mine
        : t.questions.by(nameOf(question.author));
  const note = [
    by,
    ...(mine && question.anonymous ? [t.questions.nameless] : []),
    ...(pinned ? [t.questions.pinned.toLowerCase()] : []),
    ...(pending ? [t.common.pending.toLowerCase()] : []),
  ];
  return (
    <article className={`question ${question.state === "answering" ? "question-now" : ""}`}>
      {question.state === "answering" && (
        <p className="question-state">
          <Icon name="speaker" /> {t.questions.now}
        </p>
      )}
      <div className="question-main">
        {(question.state === "open" || question.state === "answering") && <Vote question={question} mine={mine} />}
        <div className="grow">
          <div className="words message-words">
            <MarkupText text={question.text} />
          </div>
          <p className="soft small">{note.join(" · ")}</p>
          {mine && question.state === "pending" && <p className="soft small">{t.questions.waits}</p>}
          {question.state === "merged" && <p className="soft small">{t.questions.merged}</p>}
        </div>
        {acts.length > 0 && !pending && (
          <MenuButton label={t.questions.menuOf} groups={[{ acts }]}>
            <IconButton icon="more" size="small" label={t.questions.menuOf} />
          </MenuButton>
        )}
      </div>
      {question.state === "answered" && <Answer question={question} />}
      {children}
      {may("can_moderate") && question.state === "answering" && (
        <AnsweringActs question={question} onText={() => setDialog("answer")} />
      )}
      <QuestionDialogs question={question} dialog={dialog} onClose={() => setDialog(null)} />
    </article>
  );
}

function Vote({ question, mine }: { question: Question; mine: boolean }) {
  const t = useTexts();
  const { me, submit, takesPart } = useRoom();
  const on = question.voters.includes(me);
  if (mine || !takesPart)
    return (
      <span className="vote vote-still" title={t.questions.ownVotes(question.votes)}>
        <Icon name="up" />
        <span className="numbers">{question.votes}</span>
        <span className="unseen">{t.questions.ownVotes(question.votes)}</span>
      </span>
    );
  return (
    <button
      type="button"
      className={`vote ${on ? "vote-on" : ""}`}
      aria-pressed={on}
      aria-label={t.questions.vote(question.votes)}
      onClick={() => void submit({ type: "question.upvote", questionId: question.id, on: !on })}
    >
      <Icon name="up" />
      <span className="numbers">{question.votes}</span>
    </button>
  );
}

function Answer({ question }: { question: Question }) {
  const t = useTexts();
  const { nameOf } = useRoom();
  if (question.answer === undefined)
    return (
      <p className="question-answer soft small">
        <Icon name="check" /> {t.questions.answeredLive}
      </p>
    );
  return (
    <div className="question-answer words message-words">
      <p className="soft small">{t.questions.answeredBy(nameOf(question.answeredBy))}</p>
      <MarkupText text={question.answer} />
    </div>
  );
}

function AnsweringActs({ question, onText }: { question: Question; onText(): void }) {
  const t = useTexts();
  const { submit } = useRoom();
  return (
    <div className="row wrap">
      <Button
        look="primary"
        size="small"
        icon="check"
        onPress={() => void submit({ type: "question.answer", questionId: question.id, state: "done" })}
      >
        {t.questions.done}
      </Button>
      <Button size="small" look="edged" onPress={onText}>
        {t.questions.answerText}
      </Button>
    </div>
  );
}
