// One lesson of a course: its words, where more of it is, its questions, what is to be handed in, and that it is done.
import { useState } from "react";
import { useActing } from "../../app/acting";
import { useLoaded } from "../../app/asked";
import { api } from "../../app/client";
import { all, type Assignment, changeNow, type Enrollment, type Lesson, type LessonProgress } from "../../app/learning";
import { go, linkTo } from "../../app/router";
import { Empty, Notice } from "../../design/Bits";
import { Button } from "../../design/Button";
import { Icon } from "../../design/Icon";
import { useFormats } from "../../texts";
import { useLearningTexts } from "../../texts/learning";
import { loadCourse, minutesOf, takesPart, type WholeCourse } from "./Course";
import { AssignmentForm } from "./CourseForm";
import { Head, Part, Prose, Shown } from "./Parts";
import { Quiz } from "./Quiz";
import { DoneMark, OutLink, Resources } from "./WorkbookModule";

interface Opened {
  whole: WholeCourse;
  lesson: Lesson;
  assignments: readonly Assignment[];
  progress: LessonProgress | null;
}

async function open(course: string, id: string, me: string): Promise<Opened> {
  const [whole, lesson, assignments] = await Promise.all([
    loadCourse(course, me),
    api.get<Lesson>(`/bootcamp/lessons/${id}`),
    all<Assignment>(`/bootcamp/assignments?lessonId=${id}`),
  ]);
  const { enrollment } = whole;
  const own = takesPart(enrollment)
    ? await all<LessonProgress>(`/bootcamp/lesson-progress?enrollmentId=${enrollment?.id}&lessonId=${id}`)
    : null;
  return { whole, lesson, assignments: assignments.items, progress: own?.items[0] ?? null };
}

/** Where somebody is with a lesson, begun if it was not. */
export async function begin(enrollment: Enrollment, lesson: string, known: LessonProgress | null): Promise<LessonProgress> {
  if (known !== null) return known;
  return api.post<LessonProgress>("/bootcamp/lesson-progress", {
    enrollmentId: enrollment.id,
    lessonId: lesson,
    status: "in_progress",
  });
}

export function LessonPage({ course, id, me }: { course: string; id: string; me: string }) {
  const asked = useLoaded(() => open(course, id, me), [course, id, me]);
  return <Shown asked={asked}>{(opened) => <Reading opened={opened} again={asked.again} />}</Shown>;
}

function Reading({ opened, again }: { opened: Opened; again(): void }) {
  const l = useLearningTexts();
  const { whole, lesson, progress } = opened;
  const { course, enrollment, staff } = whole;
  const questions = lesson.interactiveElements.questions;
  const takes = takesPart(enrollment) && enrollment !== null;
  const empty = lesson.description === undefined && lesson.contentUrl === undefined && questions.length === 0;
  return (
    <>
      <Head
        title={lesson.title}
        up={[`/courses/${course.id}`, course.title]}
        under={[l.kinds[lesson.contentType], ...minutesOf(lesson).map(l.minutes)].join(" · ")}
      />
      {lesson.description !== undefined && <Prose text={lesson.description} />}
      {lesson.contentUrl !== undefined && (
        <OutLink href={lesson.contentUrl}>{lesson.contentType === "video" ? l.video : l.openContent}</OutLink>
      )}
      {empty && opened.assignments.length === 0 && <Empty title={l.emptyLesson} />}
      <Resources resources={lesson.resources} />
      {questions.length > 0 && (
        <Part title={l.quiz.title}>
          <Quiz
            questions={questions}
            progress={progress}
            begin={takes ? () => begin(enrollment, lesson.id, progress) : null}
            onDone={again}
          />
        </Part>
      )}
      <Assignments opened={opened} again={again} />
      {takes && <Foot opened={opened} enrollment={enrollment} again={again} />}
      {!takes && !staff && <p className="soft">{l.course.enrolToKeep}</p>}
    </>
  );
}

function Assignments({ opened, again }: { opened: Opened; again(): void }) {
  const l = useLearningTexts();
  const formats = useFormats();
  const [adding, setAdding] = useState(false);
  const { whole, lesson, assignments } = opened;
  if (assignments.length === 0 && !whole.staff) return null;
  return (
    <Part
      title={l.assignment.list}
      act={
        whole.staff && (
          <Button size="small" icon="plus" look="edged" onPress={() => setAdding(true)}>
            {l.course.addAssignment}
          </Button>
        )
      }
    >
      {assignments.length === 0 && <p className="soft small">{l.assignment.none}</p>}
      <ul role="list" className="lesson-list">
        {assignments.map((each) => (
          <li key={each.id}>
            <a className="lesson-row" {...linkTo(`/courses/${whole.course.id}/assignments/${each.id}`)}>
              <Icon name="flag" />
              <span className="grow words">{each.title}</span>
              {each.dueDate !== undefined && <span className="soft small">{l.assignment.due(formats.moment(each.dueDate))}</span>}
            </a>
          </li>
        ))}
      </ul>
      {adding && <AssignmentForm lesson={lesson.id} onClose={() => setAdding(false)} onSaved={again} />}
    </Part>
  );
}

function Foot({ opened, enrollment, again }: { opened: Opened; enrollment: Enrollment; again(): void }) {
  const l = useLearningTexts();
  const { busy, fault, act } = useActing();
  const { whole, lesson, progress } = opened;
  const lessons = whole.modules.flatMap((module) => module.lessons);
  const next = lessons[lessons.findIndex((each) => each.id === lesson.id) + 1];
  const onward = next === undefined ? `/courses/${whole.course.id}` : `/courses/${whole.course.id}/lessons/${next.id}`;
  const finish = () =>
    void act(async () => {
      const begun = await begin(enrollment, lesson.id, progress);
      await changeNow(`/bootcamp/lesson-progress/${begun.id}`, { status: "completed" });
      again();
    });
  return (
    <div className="lesson-foot">
      {fault !== undefined && <Notice kind="fault">{fault}</Notice>}
      {progress?.status === "completed" ? (
        <>
          <span className="row" role="status">
            <DoneMark done />
            {l.statuses.completed}
          </span>
          <Button look="primary" onPress={() => go(onward)}>
            {next === undefined ? l.toCourse : l.nextLesson(next.title)}
          </Button>
        </>
      ) : (
        <Button look="primary" size="large" icon="check" isPending={busy} onPress={finish}>
          {l.markDone}
        </Button>
      )}
    </div>
  );
}
