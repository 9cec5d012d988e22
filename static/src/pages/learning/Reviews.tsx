// Reviews that one was asked for: the list, and the form beside the work of somebody else.
import { useState } from "react";
import { useActing } from "../../app/acting";
import { useLoaded } from "../../app/asked";
import { api } from "../../app/client";
import { all, type Assignment, type PeerReview, type Submission } from "../../app/learning";
import { go, linkTo } from "../../app/router";
import { Empty, Notice } from "../../design/Bits";
import { Button } from "../../design/Button";
import { Check, Field } from "../../design/Field";
import { Icon } from "../../design/Icon";
import type { Answer } from "../../session/api";
import { useLearningTexts } from "../../texts/learning";
import { Head, linesOf, Part, Prose, Shown } from "./Parts";
import { Work } from "./Work";

export function Reviews() {
  const l = useLearningTexts();
  const asked = useLoaded(() => all<PeerReview>("/bootcamp/peer-reviews?assigned=true"), []);
  return (
    <>
      <Head title={l.review.mine} up={["/courses", l.courses.title]} />
      <Shown asked={asked}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty icon="eye" title={l.review.none}>
              {l.review.noneText}
            </Empty>
          ) : (
            <ul role="list" className="lesson-list">
              {items.map((each, index) => (
                <li key={each.id}>
                  <a className="lesson-row" {...linkTo(`/reviews/${each.id}`)}>
                    <Icon name={each.overallScore === undefined ? "edit" : "check"} />
                    <span className="grow">{l.review.number(index + 1)}</span>
                    <span className="soft small">{each.overallScore === undefined ? l.review.toWrite : l.review.written}</span>
                  </a>
                </li>
              ))}
            </ul>
          )
        }
      </Shown>
    </>
  );
}

interface Opened {
  review: Answer<PeerReview>;
  submission: Submission;
  assignment: Assignment;
}

async function open(id: string): Promise<Opened> {
  const review = await api.ask<PeerReview>(`/bootcamp/peer-reviews/${id}`);
  const submission = await api.get<Submission>(`/bootcamp/submissions/${review.value.submissionId}`);
  const assignment = await api.get<Assignment>(`/bootcamp/assignments/${submission.assignmentId}`);
  return { review, submission, assignment };
}

export function ReviewPage({ id }: { id: string }) {
  const l = useLearningTexts();
  const asked = useLoaded(() => open(id), [id]);
  return (
    <Shown asked={asked}>
      {({ review, submission, assignment }) => (
        <>
          <Head title={l.review.of(assignment.title)} up={["/reviews", l.review.mine]} />
          <Prose text={assignment.description} />
          <Part title={l.grading.work}>
            <Work submission={submission} />
          </Part>
          <Form review={review} />
        </>
      )}
    </Shown>
  );
}

const SCORES = [0, 1, 2, 3, 4, 5] as const;

function Form({ review: { value: review, etag } }: { review: Answer<PeerReview> }) {
  const l = useLearningTexts();
  const { busy, fault, act } = useActing();
  const [draft, setDraft] = useState({
    score: review.overallScore,
    strengths: review.strengths.join("\n"),
    improvements: review.improvements.join("\n"),
    words: review.detailedFeedback ?? "",
    anonymous: review.isAnonymous,
  });
  const change = (some: Partial<typeof draft>) => setDraft((now) => ({ ...now, ...some }));
  const send = () =>
    void act(async () => {
      const words = draft.words.trim();
      const body = {
        overallScore: draft.score,
        strengths: linesOf(draft.strengths),
        improvements: linesOf(draft.improvements),
        ...(words === "" ? {} : { detailedFeedback: words }),
        isAnonymous: draft.anonymous,
      };
      await api.ask(`/bootcamp/peer-reviews/${review.id}`, { method: "PATCH", body, ...(etag === null ? {} : { etag }) });
      go("/reviews");
    });
  return (
    <Part title={l.review.yours}>
      <fieldset className="stack-tight">
        <legend>{l.review.score}</legend>
        <div className="row wrap">
          {SCORES.map((score) => (
            <label key={score} className="choice">
              <input
                type="radio"
                name="score"
                value={score}
                checked={draft.score === score}
                onChange={() => change({ score })}
              />
              {score}
            </label>
          ))}
        </div>
        <span className="field-hint">{l.review.scoreHint}</span>
      </fieldset>
      <Field
        label={l.review.strengths}
        hint={l.forms.lines}
        rows={3}
        value={draft.strengths}
        onChange={(strengths) => change({ strengths })}
      />
      <Field
        label={l.review.improvements}
        hint={l.forms.lines}
        rows={3}
        value={draft.improvements}
        onChange={(improvements) => change({ improvements })}
      />
      <Field label={l.review.words} rows={5} value={draft.words} onChange={(words) => change({ words })} />
      <Check on={draft.anonymous} onChange={(anonymous) => change({ anonymous })}>
        {l.review.stayAnonymous}
      </Check>
      {fault !== undefined && <Notice kind="fault">{fault}</Notice>}
      <div>
        <Button look="primary" isPending={busy} isDisabled={draft.score === undefined} onPress={send}>
          {l.review.send}
        </Button>
      </div>
    </Part>
  );
}
