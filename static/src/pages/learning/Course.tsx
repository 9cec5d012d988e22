// One course: what it is about, its modules with their lessons, how far one is; enrolling and leaving. For its staff also
// publishing, changing and adding, and who takes part.
import { useState } from "react";
import { useActing } from "../../app/acting";
import { useLoaded } from "../../app/asked";
import { api } from "../../app/client";
import {
  all,
  changeNow,
  type Course,
  type CourseModule,
  type Enrollment,
  type Lesson,
  type LessonProgress,
} from "../../app/learning";
import type { Listing } from "../../app/resources";
import { linkTo } from "../../app/router";
import { Empty, Notice } from "../../design/Bits";
import { Button, IconButton } from "../../design/Button";
import { Icon } from "../../design/Icon";
import { MenuButton } from "../../design/Menu";
import { Confirm } from "../../design/Overlay";
import { useFormats } from "../../texts";
import { useLearningTexts } from "../../texts/learning";
import { CourseForm, LessonForm, ModuleForm } from "./CourseForm";
import { Enrolled } from "./Enrolled";
import { Head, Meter, Part, Prose, Shown } from "./Parts";
import { DoneMark } from "./WorkbookModule";

export interface WholeCourse {
  course: Course;
  etag: string | null;
  modules: readonly (CourseModule & { lessons: readonly Lesson[] })[];
  enrollment: Enrollment | null;
  done: ReadonlySet<string>;
  staff: boolean;
}

export const takesPart = (enrollment: Enrollment | null): boolean =>
  enrollment !== null && enrollment.enrollmentStatus !== "dropped" && enrollment.enrollmentStatus !== "suspended";

export async function loadCourse(id: string, me: string): Promise<WholeCourse> {
  const [course, staff, modules, enrolled] = await Promise.all([
    api.ask<Course>(`/bootcamp/courses/${id}`),
    api.get<Listing<{ userId: string }>>(`/bootcamp/courses/${id}/staff`),
    all<CourseModule>(`/bootcamp/modules?courseId=${id}`),
    all<Enrollment>(`/bootcamp/enrollments?courseId=${id}&userId=${me}`),
  ]);
  const enrollment = enrolled.items[0] ?? null;
  const lessons = Promise.all(modules.items.map((each) => all<Lesson>(`/bootcamp/lessons?moduleId=${each.id}`)));
  const progress = takesPart(enrollment)
    ? all<LessonProgress>(`/bootcamp/lesson-progress?enrollmentId=${enrollment?.id}`)
    : null;
  const known = await lessons;
  const completed = ((await progress)?.items ?? []).filter((each) => each.status === "completed");
  return {
    course: course.value,
    etag: course.etag,
    modules: modules.items.map((module, index) => ({ ...module, lessons: known[index]?.items ?? [] })),
    enrollment,
    done: new Set(completed.map((each) => each.lessonId)),
    staff: staff.items.some((each) => each.userId === me),
  };
}

export function CoursePage({ id, me }: { id: string; me: string }) {
  const asked = useLoaded(() => loadCourse(id, me), [id, me]);
  return <Shown asked={asked}>{(whole) => <Whole whole={whole} again={asked.again} />}</Shown>;
}

function Whole({ whole, again }: { whole: WholeCourse; again(): void }) {
  const l = useLearningTexts();
  const formats = useFormats();
  const { course, modules, enrollment, staff } = whole;
  const takes = takesPart(enrollment);
  const about = [l.courseTypes[course.courseType], l.levels[course.difficultyLevel], l.hours(course.estimatedDurationHours)];
  return (
    <>
      <Head
        title={course.title}
        up={["/courses", l.courses.title]}
        under={[...about, ...(course.published ? [] : [l.draft])].join(" · ")}
      >
        {staff ? <StaffActs whole={whole} again={again} /> : <TakingPart whole={whole} again={again} />}
      </Head>
      {takes && enrollment !== null && (
        <Meter percent={enrollment.progressPercentage} label={l.courses.progressOf(course.title)} />
      )}
      {enrollment?.enrollmentStatus === "suspended" && <Notice>{l.course.suspended}</Notice>}
      <Prose text={course.description} />
      {course.learningOutcomes.length > 0 && (
        <Part title={l.outcomes}>
          <ul className="plain-list">
            {course.learningOutcomes.map((each) => (
              <li key={each}>{each}</li>
            ))}
          </ul>
        </Part>
      )}
      {course.prerequisites.length > 0 && (
        <p className="soft">{l.course.needs(formats.list(course.prerequisites))}</p>
      )}
      <Syllabus whole={whole} again={again} />
      {!takes && !staff && modules.length > 0 && <p className="soft small">{l.course.enrolToRead}</p>}
      {staff && <Enrolled course={course} />}
    </>
  );
}

function TakingPart({ whole: { course, enrollment }, again }: { whole: WholeCourse; again(): void }) {
  const l = useLearningTexts();
  const { busy, fault, act } = useActing();
  const [leaving, setLeaving] = useState(false);
  const enrol = () =>
    void act(async () => {
      await api.post("/bootcamp/enrollments", { courseId: course.id });
      again();
    });
  const leave = () =>
    void act(async () => {
      await changeNow(`/bootcamp/enrollments/${enrollment?.id}`, { enrollmentStatus: "dropped" });
      again();
    });
  const may = enrollment === null || enrollment.enrollmentStatus === "dropped";
  return (
    <div className="stack-tight">
      {may && course.published && (
        <Button look="primary" size="large" isPending={busy} onPress={enrol}>
          {enrollment === null ? l.course.enrol : l.course.comeBack}
        </Button>
      )}
      {(enrollment?.enrollmentStatus === "enrolled" || enrollment?.enrollmentStatus === "in_progress") && (
        <Button look="edged" isPending={busy} onPress={() => setLeaving(true)}>
          {l.course.leave}
        </Button>
      )}
      {fault !== undefined && <Notice kind="fault">{fault}</Notice>}
      <Confirm
        open={leaving}
        title={l.course.leaveTitle}
        text={l.course.leaveText}
        act={l.course.leave}
        onClose={() => setLeaving(false)}
        onConfirm={leave}
      />
    </div>
  );
}

function StaffActs({ whole: { course, etag }, again }: { whole: WholeCourse; again(): void }) {
  const l = useLearningTexts();
  const { busy, fault, act } = useActing();
  const [editing, setEditing] = useState(false);
  const publish = () =>
    void act(async () => {
      await api.post(`/bootcamp/courses/${course.id}/${course.published ? "unpublish" : "publish"}`);
      again();
    });
  return (
    <div className="stack-tight">
      <div className="row wrap">
        <Button icon="edit" onPress={() => setEditing(true)}>
          {l.courses.edit}
        </Button>
        <Button look={course.published ? "edged" : "primary"} isPending={busy} onPress={publish}>
          {course.published ? l.course.unpublish : l.course.publish}
        </Button>
      </div>
      {fault !== undefined && <Notice kind="fault">{fault}</Notice>}
      {editing && <CourseForm course={course} etag={etag} onClose={() => setEditing(false)} onSaved={again} />}
    </div>
  );
}

const after = (orders: readonly number[]): number => Math.max(0, ...orders) + 1;

function Syllabus({ whole, again }: { whole: WholeCourse; again(): void }) {
  const l = useLearningTexts();
  const { course, modules, staff } = whole;
  const [adding, setAdding] = useState<CourseModule | "module" | null>(null);
  const [removing, setRemoving] = useState<CourseModule | null>(null);
  const { fault, act } = useActing();
  const chosen = adding !== null && adding !== "module" ? adding : undefined;
  const remove = () =>
    void act(async () => {
      await api.ask(`/bootcamp/modules/${removing?.id}`, { method: "DELETE" });
      again();
    });
  return (
    <Part
      title={l.course.modules}
      act={
        staff && (
          <Button size="small" icon="plus" look="edged" onPress={() => setAdding("module")}>
            {l.course.addModule}
          </Button>
        )
      }
    >
      {fault !== undefined && <Notice kind="fault">{fault}</Notice>}
      {modules.length === 0 && (
        <Empty icon="board" title={l.course.noModules}>
          {staff ? l.course.noModulesStaff : l.course.noModulesText}
        </Empty>
      )}
      {modules.map((module) => (
        <section key={module.id} className="card" aria-label={module.title}>
          <div className="row">
            <h3 className="grow words">
              <span className="soft">{module.moduleOrder}</span> {module.title}
            </h3>
            {staff && (
              <MenuButton
                label={l.course.menuOf(module.title)}
                groups={[
                  {
                    acts: [
                      { id: "add", label: l.course.addLesson, icon: "plus", run: () => setAdding(module) },
                      { id: "remove", label: l.course.hide, icon: "trash", danger: true, run: () => setRemoving(module) },
                    ],
                  },
                ]}
              >
                <IconButton icon="more" label={l.course.menuOf(module.title)} />
              </MenuButton>
            )}
          </div>
          {module.description !== undefined && <p className="soft words">{module.description}</p>}
          <Lessons whole={whole} lessons={module.lessons} />
        </section>
      ))}
      {adding === "module" && (
        <ModuleForm
          course={course.id}
          order={after(modules.map((each) => each.moduleOrder))}
          onClose={() => setAdding(null)}
          onSaved={again}
        />
      )}
      {chosen !== undefined && (
        <LessonForm
          module={chosen}
          order={after((modules.find((each) => each.id === chosen.id)?.lessons ?? []).map((each) => each.lessonOrder))}
          onClose={() => setAdding(null)}
          onSaved={again}
        />
      )}
      <Confirm
        open={removing !== null}
        title={l.course.hideTitle(removing?.title ?? "")}
        text={l.course.hideText}
        act={l.course.hide}
        danger
        onClose={() => setRemoving(null)}
        onConfirm={remove}
      />
    </Part>
  );
}

function Lessons({ whole: { course, done, staff }, lessons }: { whole: WholeCourse; lessons: readonly Lesson[] }) {
  const l = useLearningTexts();
  if (lessons.length === 0) return <p className="soft small">{l.noLessons}</p>;
  return (
    <ol role="list" className="lesson-list">
      {lessons.map((lesson) => (
        <li key={lesson.id}>
          <a className="lesson-row" {...linkTo(`/courses/${course.id}/lessons/${lesson.id}`)}>
            {!staff && <DoneMark done={done.has(lesson.id)} />}
            <span className="grow words">{lesson.title}</span>
            <span className="soft small row">
              {lesson.isPreview && <Icon name="eye" />}
              {[l.kinds[lesson.contentType], ...minutesOf(lesson).map(l.minutes)].join(" · ")}
            </span>
          </a>
        </li>
      ))}
    </ol>
  );
}

export const minutesOf = ({ contentDurationMinutes, readingTimeMinutes }: Lesson): number[] => {
  const minutes = (contentDurationMinutes ?? 0) + (readingTimeMinutes ?? 0);
  return minutes > 0 ? [minutes] : [];
};
