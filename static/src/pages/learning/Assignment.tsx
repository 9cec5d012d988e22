// One assignment: what is asked for; for a learner the own work, from the draft to the grade; for staff all that was handed in.
import { useState } from "react";
import { useActing } from "../../app/acting";
import { useLoaded } from "../../app/asked";
import { api, kept } from "../../app/client";
import {
  all,
  type All,
  type Assignment,
  type Enrollment,
  type Feedback,
  type PeerReview,
  type Submission,
} from "../../app/learning";
import type { Listing } from "../../app/resources";
import { linkTo } from "../../app/router";
import { Empty, Notice } from "../../design/Bits";
import { Button } from "../../design/Button";
import { Field } from "../../design/Field";
import type { Answer } from "../../session/api";
import type { Names } from "../../session/wire";
import { useFormats, useTexts } from "../../texts";
import { useLearningTexts } from "../../texts/learning";
import { takesPart } from "./Course";
import { Head, linesOf, Part, Prose, Shown } from "./Parts";
import { criteriaOf } from "./rubric";
import { Grade, Reviewed, State, Words, Work } from "./Work";

interface Opened {
  assignment: Assignment;
  staff: boolean;
  takes: boolean;
  own: Answer<Submission> | null;
  feedback: All<Feedback> | null;
  reviews: All<PeerReview> | null;
  handedIn: All<Submission> | null;
}

async function open(course: string, id: string, me: string): Promise<Opened> {
  const [assignment, staff, enrolled, submissions] = await Promise.all([
    api.get<Assignment>(`/bootcamp/assignments/${id}`),
    api.get<Listing<{ userId: string }>>(`/bootcamp/courses/${course}/staff`),
    all<Enrollment>(`/bootcamp/enrollments?courseId=${course}&userId=${me}`),
    all<Submission>(`/bootcamp/submissions?assignmentId=${id}`),
  ]);
  const isStaff = staff.items.some((each) => each.userId === me);
  const latest = submissions.items.find((each) => each.userId === me);
  const [own, feedback, reviews] =
    latest === undefined
      ? [null, null, null]
      : await Promise.all([
          api.ask<Submission>(`/bootcamp/submissions/${latest.id}`),
          all<Feedback>(`/bootcamp/feedback?submissionId=${latest.id}`),
          all<PeerReview>(`/bootcamp/peer-reviews?submissionId=${latest.id}`),
        ]);
  return {
    assignment,
    staff: isStaff,
    takes: takesPart(enrolled.items[0] ?? null),
    own,
    feedback,
    reviews,
    handedIn: isStaff ? submissions : null,
  };
}

export function AssignmentPage({ course, id, me }: { course: string; id: string; me: string }) {
  const l = useLearningTexts();
  const asked = useLoaded(() => open(course, id, me), [course, id, me]);
  return (
    <Shown asked={asked}>
      {(opened) => (
        <>
          <Asked course={course} assignment={opened.assignment} />
          {opened.handedIn !== null && <HandedIn handedIn={opened.handedIn} />}
          {opened.takes && <Own me={me} opened={opened} again={asked.again} />}
          {!opened.takes && !opened.staff && <p className="soft">{l.course.enrolToKeep}</p>}
        </>
      )}
    </Shown>
  );
}

function Asked({ course, assignment }: { course: string; assignment: Assignment }) {
  const l = useLearningTexts();
  const formats = useFormats();
  const criteria = criteriaOf(assignment.rubric);
  const about = [
    l.submission.points(formats.number(assignment.maxScore)),
    ...(assignment.dueDate === undefined ? [] : [l.assignment.due(formats.moment(assignment.dueDate))]),
  ];
  return (
    <>
      <Head
        title={assignment.title}
        up={[`/courses/${course}/lessons/${assignment.lessonId}`, l.assignment.lesson]}
        under={about.join(" · ")}
      />
      <Prose text={assignment.description} />
      {assignment.instructions !== undefined && <Prose text={assignment.instructions} />}
      {criteria.length > 0 && (
        <Part title={l.rubric.title}>
          <dl className="rubric">
            {criteria.map(({ name, points, text }) => (
              <div key={name} className="rubric-row">
                <dt className="words">
                  {name}
                  {text !== undefined && <span className="soft small rubric-text">{text}</span>}
                </dt>
                <dd className="numbers">{points === undefined ? "" : l.submission.points(formats.number(points))}</dd>
              </div>
            ))}
          </dl>
        </Part>
      )}
    </>
  );
}

const nameIn = (people: Names, nobody: string) => (user: string) => people[user]?.name ?? nobody;

function Own({ me, opened, again }: { me: string; opened: Opened; again(): void }) {
  const l = useLearningTexts();
  const t = useTexts();
  const { assignment, own, feedback, reviews } = opened;
  const status = own?.value.status;
  const writes = status === undefined || status === "draft" || status === "revision_requested";
  return (
    <Part title={l.submission.mine}>
      {own !== null && <State submission={own.value} />}
      {own !== null && (
        <Grade submission={own.value} scoreMax={assignment.maxScore} passing={assignment.passingScore} />
      )}
      {feedback !== null && <Words feedback={feedback.items} nameOf={nameIn(feedback.people, t.common.someone)} />}
      {reviews !== null && <Reviewed reviews={reviews.items} nameOf={nameIn(reviews.people, t.common.someone)} />}
      {writes ? (
        <Writing key={status} me={me} assignment={assignment} own={own} again={again} />
      ) : (
        own !== null && (
          <>
            <Work submission={own.value} />
            {status === "submitted" && <TakeBack submission={own.value} again={again} />}
          </>
        )
      )}
    </Part>
  );
}

function TakeBack({ submission, again }: { submission: Submission; again(): void }) {
  const l = useLearningTexts();
  const { busy, fault, act } = useActing();
  const back = () =>
    void act(async () => {
      await api.post(`/bootcamp/submissions/${submission.id}/withdraw`);
      again();
    });
  return (
    <div className="stack-tight">
      {fault !== undefined && <Notice kind="fault">{fault}</Notice>}
      <div>
        <Button look="edged" isPending={busy} onPress={back}>
          {l.submission.takeBack}
        </Button>
      </div>
    </div>
  );
}

interface WritingProps {
  me: string;
  assignment: Assignment;
  own: Answer<Submission> | null;
  again(): void;
}

interface Draft {
  text: string;
  links: string;
}

/** What was written and not saved stays in this browser. */
function Writing({ me, assignment, own, again }: WritingProps) {
  const l = useLearningTexts();
  const key = `atelier.draft.submission.${me}.${assignment.id}`;
  const { busy, fault, act } = useActing();
  const [draft, setDraft] = useState<Draft>(() => heldAt(key) ?? draftOf(own?.value));
  const [saved, setSaved] = useState(false);
  const change = (some: Partial<Draft>) => {
    const next = { ...draft, ...some };
    setDraft(next);
    setSaved(false);
    kept.set(key, JSON.stringify(next));
  };
  const empty = draft.text.trim() === "" && linesOf(draft.links).length === 0;
  const save = async (): Promise<string> => {
    const { files = [] } = own?.value.submissionContent ?? {};
    const text = draft.text.trim();
    const submissionContent = { ...(text === "" ? {} : { text }), links: linesOf(draft.links), files };
    const put =
      own === null
        ? await api.post<Submission>("/bootcamp/submissions", { assignmentId: assignment.id, submissionContent })
        : (
            await api.ask<Submission>(`/bootcamp/submissions/${own.value.id}`, {
              method: "PATCH",
              body: { submissionContent },
              ...(own.etag === null ? {} : { etag: own.etag }),
            })
          ).value;
    kept.drop(key);
    return put.id;
  };
  const keep = () =>
    void act(async () => {
      await save();
      setSaved(true);
      again();
    });
  const handIn = () =>
    void act(async () => {
      const id = await save();
      await api.post(`/bootcamp/submissions/${id}/submit`);
      again();
    });
  return (
    <div className="stack">
      <Field
        label={l.submission.text}
        rows={8}
        maxLength={20_000}
        value={draft.text}
        onChange={(text) => change({ text })}
      />
      <Field
        label={l.submission.links}
        hint={l.submission.linksHint}
        rows={2}
        value={draft.links}
        onChange={(links) => change({ links })}
      />
      {fault !== undefined && <Notice kind="fault">{fault}</Notice>}
      <div className="row wrap">
        <Button look="primary" isPending={busy} isDisabled={empty} onPress={handIn}>
          {l.submission.handIn}
        </Button>
        <Button look="edged" isPending={busy} isDisabled={empty} onPress={keep}>
          {l.submission.keep}
        </Button>
        <span className="soft small" role="status">
          {saved ? l.submission.kept : ""}
        </span>
      </div>
    </div>
  );
}

const draftOf = (submission?: Submission): Draft => ({
  text: submission?.submissionContent.text ?? "",
  links: (submission?.submissionContent.links ?? []).join("\n"),
});

function heldAt(key: string): Draft | null {
  try {
    return JSON.parse(kept.get(key) ?? "null") as Draft | null;
  } catch {
    return null;
  }
}

function HandedIn({ handedIn }: { handedIn: All<Submission> }) {
  const l = useLearningTexts();
  const rows = handedIn.items.filter((each) => each.status !== "draft");
  return (
    <Part title={l.grading.handedIn}>
      {rows.length === 0 ? (
        <Empty icon="flag" title={l.grading.nothingYet}>
          {l.grading.nothingYetText}
        </Empty>
      ) : (
        <Submissions rows={rows} people={handedIn.people} />
      )}
    </Part>
  );
}

export function Submissions({ rows, people }: { rows: readonly Submission[]; people: Names }) {
  const l = useLearningTexts();
  const t = useTexts();
  const formats = useFormats();
  return (
    <ul role="list" className="lesson-list">
      {rows.map((each) => (
        <li key={each.id}>
          <a className="lesson-row" {...linkTo(`/submissions/${each.id}`)}>
            <span className="grow words">{people[each.userId]?.name ?? t.common.someone}</span>
            <span className="soft small">
              {l.submission.states[each.status]}
              {each.submittedAt !== undefined && ` · ${formats.moment(each.submittedAt)}`}
              {each.score !== undefined && ` · ${formats.number(each.score)}`}
            </span>
          </a>
        </li>
      ))}
    </ul>
  );
}
