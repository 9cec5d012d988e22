// The courses there are: searched, filtered by type, with how far one is; and above them what waits for oneself: work to
// grade, reviews to write.
import { useState } from "react";
import { useAsked, useLoaded } from "../../app/asked";
import { all, type Course, type CourseType, type Enrollment, type PeerReview } from "../../app/learning";
import type { Me } from "../../app/resources";
import { linkTo } from "../../app/router";
import { Empty } from "../../design/Bits";
import { Button, buttonClass } from "../../design/Button";
import { Choose } from "../../design/Field";
import { useLearningTexts } from "../../texts/learning";
import { CourseForm } from "./CourseForm";
import { worksToGrade } from "./Grading";
import { Head, Meter, Shown } from "./Parts";
import { useSettled } from "./useSettled";

const TYPES: readonly CourseType[] = ["core", "elective", "workshop", "capstone"];
type Chosen = CourseType | "";
const QUERY_MAX = 200;

export function Courses({ me }: { me: string }) {
  const l = useLearningTexts();
  const who = useAsked<Me>("/me");
  const [query, setQuery] = useState("");
  const [type, setType] = useState<Chosen>("");
  const [making, setMaking] = useState(false);
  const wanted = useSettled(query.trim());
  const courses = useLoaded(() => all<Course>(pathOf(wanted, type)), [wanted, type]);
  const mine = useLoaded(() => all<Enrollment>(`/bootcamp/enrollments?userId=${me}`), [me]);
  const teaches = who.value?.roles.some((role) => role === "instructor" || role === "admin") ?? false;
  const enrollments = new Map((mine.value?.items ?? []).map((each) => [each.courseId, each]));
  return (
    <>
      <Head title={l.courses.title}>
        <a className={buttonClass({ look: "edged" })} {...linkTo("/certificates")}>
          {l.certificates.title}
        </a>
        {teaches && (
          <Button icon="plus" look="edged" onPress={() => setMaking(true)}>
            {l.courses.make}
          </Button>
        )}
      </Head>
      <Waits me={me} />
      <div className="finder">
        <input
          className="input grow"
          type="search"
          maxLength={QUERY_MAX}
          value={query}
          aria-label={l.courses.find}
          placeholder={l.courses.find}
          onChange={(event) => setQuery(event.target.value)}
        />
        <Choose<Chosen>
          label={l.courses.type}
          value={type}
          onChange={setType}
          options={[
            { value: "", label: l.courses.allTypes },
            ...TYPES.map((value) => ({ value, label: l.courseTypes[value] })),
          ]}
        />
      </div>
      <Shown asked={courses}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty icon="board" title={wanted === "" && type === "" ? l.courses.none : l.courses.noneFound}>
              {wanted === "" && type === "" ? (teaches ? l.courses.noneTeacher : l.courses.noneText) : l.courses.findOther}
            </Empty>
          ) : (
            <ul role="list" className="course-grid">
              {items.map((course) => (
                <li key={course.id}>
                  <Card course={course} enrollment={enrollments.get(course.id)} />
                </li>
              ))}
            </ul>
          )
        }
      </Shown>
      {making && <CourseForm onClose={() => setMaking(false)} />}
    </>
  );
}

function pathOf(query: string, type: Chosen): string {
  const asked = new URLSearchParams();
  if (query !== "") asked.set("q", query);
  if (type !== "") asked.set("courseType", type);
  return `/bootcamp/courses?${asked}`;
}

function Card({ course, enrollment }: { course: Course; enrollment: Enrollment | undefined }) {
  const l = useLearningTexts();
  const takes = enrollment !== undefined && enrollment.enrollmentStatus !== "dropped";
  return (
    <a className="card course-card" {...linkTo(`/courses/${course.id}`)}>
      <span className="soft small">
        {l.courseTypes[course.courseType]} · {l.levels[course.difficultyLevel]} · {l.hours(course.estimatedDurationHours)}
        {!course.published && ` · ${l.draft}`}
      </span>
      <h2 className="words">{course.title}</h2>
      {course.shortDescription !== undefined && <p className="words">{course.shortDescription}</p>}
      {takes && <Meter percent={enrollment.progressPercentage} label={l.courses.progressOf(course.title)} />}
    </a>
  );
}

/** What others wait for, if anything. */
function Waits({ me }: { me: string }) {
  const l = useLearningTexts();
  const { value } = useLoaded(
    async () => {
      const [reviews, submitted] = await Promise.all([
        all<PeerReview>("/bootcamp/peer-reviews?assigned=true"),
        worksToGrade(me, "submitted"),
      ]);
      return {
        reviews: reviews.items.filter((each) => each.overallScore === undefined).length,
        works: submitted.items.length,
      };
    },
    [me],
  );
  if (value === null || value.reviews + value.works === 0) return null;
  return (
    <div className="row wrap waits">
      {value.works > 0 && (
        <a className={buttonClass({ look: "edged" })} {...linkTo("/grading")}>
          {l.courses.toGrade(value.works)}
        </a>
      )}
      {value.reviews > 0 && (
        <a className={buttonClass({ look: "edged" })} {...linkTo("/reviews")}>
          {l.courses.toReview(value.reviews)}
        </a>
      )}
    </div>
  );
}
