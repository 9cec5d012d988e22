// One submission as its course's staff judge it: the work, the rubric with points, the grade and the words to it; asking for
// a revision, or another learner for a review.
import { useState } from "react";
import { useActing } from "../../app/acting";
import { useLoaded } from "../../app/asked";
import { api } from "../../app/client";
import {
  all,
  type All,
  type Assignment,
  type CourseModule,
  type Enrollment,
  type Feedback,
  type Lesson,
  type PeerReview,
  type Submission,
} from "../../app/learning";
import { Notice } from "../../design/Bits";
import { Button } from "../../design/Button";
import { Check, Choose, Field } from "../../design/Field";
import { useFormats, useTexts } from "../../texts";
import { useLearningTexts } from "../../texts/learning";
import { Head, Part, Shown } from "./Parts";
import { criteriaOf, scoreOf } from "./rubric";
import { Grade, Reviewed, State, Words, Work } from "./Work";

interface Opened {
  submission: Submission;
  assignment: Assignment;
  course: string;
  feedback: All<Feedback>;
  reviews: All<PeerReview>;
  learners: All<Enrollment>;
}

async function open(id: string): Promise<Opened> {
  const submission = await api.get<Submission>(`/bootcamp/submissions/${id}`);
  const assignment = await api.get<Assignment>(`/bootcamp/assignments/${submission.assignmentId}`);
  const lesson = await api.get<Lesson>(`/bootcamp/lessons/${assignment.lessonId}`);
  const { courseId } = await api.get<CourseModule>(`/bootcamp/modules/${lesson.moduleId}`);
  const [feedback, reviews, learners] = await Promise.all([
    all<Feedback>(`/bootcamp/feedback?submissionId=${id}`),
    all<PeerReview>(`/bootcamp/peer-reviews?submissionId=${id}`),
    all<Enrollment>(`/bootcamp/enrollments?courseId=${courseId}`),
  ]);
  return { submission, assignment, course: courseId, feedback, reviews, learners };
}

export function SubmissionPage({ id, me }: { id: string; me: string }) {
  const asked = useLoaded(() => open(id), [id]);
  return <Shown asked={asked}>{(opened) => <Judged opened={opened} me={me} again={asked.again} />}</Shown>;
}

function Judged({ opened, me, again }: { opened: Opened; me: string; again(): void }) {
  const l = useLearningTexts();
  const t = useTexts();
  const { submission, assignment, course, feedback, reviews, learners } = opened;
  const people = { ...learners.people, ...feedback.people, ...reviews.people };
  const nameOf = (user: string) => people[user]?.name ?? t.common.someone;
  const judges = submission.userId !== me;
  const open = submission.status === "submitted" || submission.status === "under_review";
  return (
    <>
      <Head
        title={nameOf(submission.userId)}
        up={[`/courses/${course}/assignments/${assignment.id}`, assignment.title]}
      />
      <State submission={submission} />
      <Part title={l.grading.work}>
        <Work submission={submission} />
      </Part>
      {judges && open && <Judging key={submission.status} opened={opened} again={again} />}
      {!open && (
        <Part title={l.grading.result}>
          <Grade submission={submission} scoreMax={assignment.maxScore} passing={assignment.passingScore} />
          {judges && submission.status === "graded" && <LookAgain submission={submission} again={again} />}
        </Part>
      )}
      {feedback.items.length > 0 && (
        <Part title={l.feedback.title}>
          <Words feedback={feedback.items} nameOf={nameOf} />
        </Part>
      )}
      <Part title={l.review.title}>
        {reviews.items.length === 0 && <p className="soft small">{l.review.noneAsked}</p>}
        <Reviewed reviews={reviews.items} nameOf={nameOf} />
        {judges && <AskReview opened={opened} nameOf={nameOf} again={again} />}
      </Part>
    </>
  );
}

function Judging({ opened, again }: { opened: Opened; again(): void }) {
  const l = useLearningTexts();
  const formats = useFormats();
  const { submission, assignment, feedback } = opened;
  const criteria = criteriaOf(assignment.rubric);
  const { busy, fault, act } = useActing();
  const [points, setPoints] = useState<Readonly<Record<string, string>>>({});
  const [score, setScore] = useState("");
  const [words, setWords] = useState("");
  const path = `/bootcamp/submissions/${submission.id}`;
  const given = Number(score.replace(",", "."));
  const ready = score.trim() !== "" && given >= 0 && given <= assignment.maxScore;
  const give = (name: string, value: string) => {
    const next = { ...points, [name]: value };
    setPoints(next);
    const reached = scoreOf(criteria, next, assignment.maxScore);
    if (reached !== null) setScore(String(reached));
  };
  const say = async () => {
    const scores = Object.entries(points).filter(([, value]) => value.trim() !== "");
    if (scores.length === 0) return;
    await api.post("/bootcamp/feedback", {
      submissionId: submission.id,
      feedbackType: feedback.items.length === 0 ? "initial_review" : "revision_feedback",
      rubricScores: Object.fromEntries(scores.map(([name, value]) => [name, Number(value.replace(",", "."))])),
    });
  };
  const grade = () =>
    void act(async () => {
      await api.post(`${path}/grade`, { score: given, ...(words.trim() === "" ? {} : { feedback: words.trim() }) });
      await say();
      again();
    });
  const sendBack = () =>
    void act(async () => {
      if (submission.status === "submitted") await api.post(`${path}/review`);
      await api.post(`${path}/request-revision`, { feedback: words.trim() });
      await say();
      again();
    });
  return (
    <Part title={l.grading.judge}>
      {criteria.map(({ name, points: most, text }) => (
        <Field
          key={name}
          label={most === undefined ? name : l.grading.pointsFor(name, formats.number(most))}
          hint={text}
          type="number"
          min={0}
          {...(most === undefined ? {} : { max: most })}
          value={points[name] ?? ""}
          onChange={(value) => give(name, value)}
        />
      ))}
      <Field
        label={l.grading.score(formats.number(assignment.maxScore))}
        type="number"
        min={0}
        max={assignment.maxScore}
        value={score}
        onChange={setScore}
      />
      <Field label={l.grading.words} hint={l.grading.wordsHint} rows={5} value={words} onChange={setWords} />
      {fault !== undefined && <Notice kind="fault">{fault}</Notice>}
      <div className="row wrap">
        <Button look="primary" isPending={busy} isDisabled={!ready} onPress={grade}>
          {l.grading.grade}
        </Button>
        <Button look="edged" isPending={busy} isDisabled={words.trim() === ""} onPress={sendBack}>
          {l.grading.sendBack}
        </Button>
      </div>
    </Part>
  );
}

function LookAgain({ submission, again }: { submission: Submission; again(): void }) {
  const l = useLearningTexts();
  const { busy, fault, act } = useActing();
  const look = () =>
    void act(async () => {
      await api.post(`/bootcamp/submissions/${submission.id}/review`);
      again();
    });
  return (
    <div className="stack-tight">
      {fault !== undefined && <Notice kind="fault">{fault}</Notice>}
      <div>
        <Button look="edged" isPending={busy} onPress={look}>
          {l.grading.again}
        </Button>
      </div>
    </div>
  );
}

function AskReview({ opened, nameOf, again }: { opened: Opened; nameOf(user: string): string; again(): void }) {
  const l = useLearningTexts();
  const { submission, learners, reviews } = opened;
  const { busy, fault, act } = useActing();
  const asked = new Set(reviews.items.map((each) => each.reviewerId));
  const may = learners.items.filter(
    (each) => each.userId !== submission.userId && each.enrollmentStatus !== "dropped" && !asked.has(each.userId),
  );
  const [chosen, setChosen] = useState("");
  const [anonymous, setAnonymous] = useState(true);
  const reviewer = chosen || (may[0]?.userId ?? "");
  if (may.length === 0) return null;
  const ask = () =>
    void act(async () => {
      await api.post("/bootcamp/peer-reviews", {
        submissionId: submission.id,
        reviewerId: reviewer,
        isAnonymous: anonymous,
      });
      setChosen("");
      again();
    });
  return (
    <div className="stack-tight">
      <Choose
        label={l.review.askWhom}
        value={reviewer}
        onChange={setChosen}
        options={may.map((each) => ({ value: each.userId, label: nameOf(each.userId) }))}
      />
      <Check on={anonymous} onChange={setAnonymous}>
        {l.review.anonymous}
      </Check>
      {fault !== undefined && <Notice kind="fault">{fault}</Notice>}
      <div>
        <Button look="edged" isPending={busy} onPress={ask}>
          {l.review.ask}
        </Button>
      </div>
    </div>
  );
}
