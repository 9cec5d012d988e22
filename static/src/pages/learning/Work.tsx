// Something handed in, as others read it: its text, its links and files, when it was handed in, and what was said to it.
import type { Feedback, PeerReview, Submission } from "../../app/learning";
import { Icon } from "../../design/Icon";
import { useFormats } from "../../texts";
import { useLearningTexts } from "../../texts/learning";
import { Meter, Prose } from "./Parts";
import { criteriaOf } from "./rubric";
import { OutLink } from "./WorkbookModule";

export function State({ submission }: { submission: Submission }) {
  const l = useLearningTexts();
  const formats = useFormats();
  const { status, submittedAt, submissionContent } = submission;
  return (
    <p className="row wrap" role="status">
      <strong className={`state state-${status}`}>{l.submission.states[status]}</strong>
      {submittedAt !== undefined && <span className="soft small">{formats.moment(submittedAt)}</span>}
      {submissionContent.late && status !== "draft" && <span className="soft small">{l.submission.late}</span>}
    </p>
  );
}

export function Work({ submission }: { submission: Submission }) {
  const { text, links, files } = submission.submissionContent;
  return (
    <div className="work">
      {typeof text === "string" && text !== "" && <Prose text={text} />}
      {links.map((link) => (
        <OutLink key={link} href={link}>
          {link}
        </OutLink>
      ))}
      {files.map((file) =>
        file.url.startsWith("https://") ? (
          <OutLink key={file.url} href={file.url}>
            {file.name}
          </OutLink>
        ) : (
          <p key={file.url} className="row">
            <Icon name="download" />
            {file.name}
          </p>
        ),
      )}
    </div>
  );
}

export function Grade({ submission, scoreMax, passing }: { submission: Submission; scoreMax: number; passing: number | undefined }) {
  const l = useLearningTexts();
  const formats = useFormats();
  const { score, feedback, status } = submission;
  if (score === undefined && feedback === undefined) return null;
  return (
    <div className="stack-tight">
      {score !== undefined && (
        <>
          <p className="grade">
            <strong className="score-number numbers">{formats.number(score)}</strong>{" "}
            <span className="soft">{l.submission.of(formats.number(scoreMax))}</span>
            {passing !== undefined && status === "graded" && (
              <span className="soft"> · {score >= passing ? l.submission.passed : l.submission.notPassed}</span>
            )}
          </p>
          <Meter percent={Math.min(100, (score / scoreMax) * 100)} label={l.submission.score} />
        </>
      )}
      {feedback !== undefined && (
        <blockquote className="said">
          <Prose text={feedback} />
        </blockquote>
      )}
    </div>
  );
}

export function Words({ feedback, nameOf }: { feedback: readonly Feedback[]; nameOf(user: string): string }) {
  const l = useLearningTexts();
  const formats = useFormats();
  return feedback.map((each) => (
    <article key={each.id} className="card">
      <p className="soft small">
        {l.feedback[each.feedbackType]} · {nameOf(each.instructorId)} · {formats.moment(each.createdAt)}
        {each.overallGrade !== undefined && ` · ${each.overallGrade}`}
      </p>
      {each.detailedFeedback !== undefined && <Prose text={each.detailedFeedback} />}
      {Object.keys(each.rubricScores).length > 0 && (
        <dl className="rubric">
          {criteriaOf(each.rubricScores).map(({ name, points, text }) => (
            <div key={name} className="rubric-row">
              <dt className="words">{name}</dt>
              <dd className="numbers">{points === undefined ? (text ?? "–") : formats.number(points)}</dd>
            </div>
          ))}
        </dl>
      )}
    </article>
  ));
}

export function Reviewed({ reviews, nameOf }: { reviews: readonly PeerReview[]; nameOf(user: string): string }) {
  const l = useLearningTexts();
  const formats = useFormats();
  return reviews.map((each) => (
    <article key={each.id} className="card stack-tight">
      <p className="soft small">
        {each.reviewerId === undefined ? l.review.byNobody : nameOf(each.reviewerId)}
        {each.overallScore === undefined
          ? ` · ${l.review.waits}`
          : ` · ${l.review.stars(formats.number(each.overallScore))}`}
      </p>
      {each.overallScore !== undefined && <Meter percent={each.overallScore * 20} label={l.review.score} />}
      <Named title={l.review.strengths} lines={each.strengths} />
      <Named title={l.review.improvements} lines={each.improvements} />
      {each.detailedFeedback !== undefined && <Prose text={each.detailedFeedback} />}
    </article>
  ));
}

function Named({ title, lines }: { title: string; lines: readonly string[] }) {
  if (lines.length === 0) return null;
  return (
    <div>
      <h3>{title}</h3>
      <ul className="plain-list">
        {lines.map((line) => (
          <li key={line} className="words">
            {line}
          </li>
        ))}
      </ul>
    </div>
  );
}
