// What waits to be graded, over all courses that one teaches, the longest waiting first.
import { useLoaded } from "../../app/asked";
import { api } from "../../app/client";
import { all, type All, type Assignment, type PeerReview, type Submission, type SubmissionStatus } from "../../app/learning";
import { Empty } from "../../design/Bits";
import { useLearningTexts } from "../../texts/learning";
import { Submissions } from "./Assignment";
import { Head, Part, Shown } from "./Parts";

const WAITING = ["submitted", "under_review"] as const;

/** Latest first. What one only reviews, as another learner, is not one's own to grade. */
export async function worksToGrade(me: string, status: SubmissionStatus): Promise<All<Submission>> {
  const [works, reviews] = await Promise.all([
    all<Submission>(`/bootcamp/submissions?status=${status}`),
    all<PeerReview>("/bootcamp/peer-reviews?assigned=true"),
  ]);
  const reviewed = new Set(reviews.items.map((each) => each.submissionId));
  return { ...works, items: works.items.filter((each) => each.userId !== me && !reviewed.has(each.id)) };
}

export function Grading({ me }: { me: string }) {
  const l = useLearningTexts();
  const asked = useLoaded(async () => {
    const listings = await Promise.all(WAITING.map((each) => worksToGrade(me, each)));
    const rows = listings
      .flatMap((each) => each.items)
      .sort((one, other) => (one.submittedAt ?? "").localeCompare(other.submittedAt ?? ""));
    const ids = [...new Set(rows.map((each) => each.assignmentId))];
    const assignments = await Promise.all(ids.map((id) => api.get<Assignment>(`/bootcamp/assignments/${id}`)));
    return { rows, assignments, people: Object.assign({}, ...listings.map((each) => each.people)) };
  }, [me]);
  return (
    <>
      <Head title={l.grading.title} up={["/courses", l.courses.title]} />
      <Shown asked={asked}>
        {({ rows, assignments, people }) =>
          rows.length === 0 ? (
            <Empty icon="check" title={l.grading.none}>
              {l.grading.noneText}
            </Empty>
          ) : (
            assignments.map((assignment) => (
              <Part key={assignment.id} title={assignment.title}>
                <Submissions rows={rows.filter((each) => each.assignmentId === assignment.id)} people={people} />
              </Part>
            ))
          )
        }
      </Shown>
    </>
  );
}
