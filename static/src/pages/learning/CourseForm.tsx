// The forms of those who teach: a course, a module, a lesson, an assignment. Simple ones: what else a thing has can be set
// over REST and stays as it is.
import { type ReactNode, useState } from "react";
import { useActing } from "../../app/acting";
import { api } from "../../app/client";
import type { Course, CourseModule, CourseType, Difficulty, Lesson } from "../../app/learning";
import { go } from "../../app/router";
import { Notice } from "../../design/Bits";
import { Button } from "../../design/Button";
import { Check, Choose, Field } from "../../design/Field";
import { Overlay } from "../../design/Overlay";
import { useTexts } from "../../texts";
import { useLearningTexts } from "../../texts/learning";
import { linesOf } from "./Parts";
import { rubricOf } from "./rubric";
import { slugOf } from "./slug";

interface SheetProps {
  title: string;
  /** Nothing needed is missing. */
  ready: boolean;
  onClose(): void;
  save(): Promise<unknown>;
  onSaved?(): void;
  children: ReactNode;
}

function Sheet({ title, ready, onClose, save, onSaved, children }: SheetProps) {
  const t = useTexts();
  const { busy, fault, act } = useActing();
  const done = async () => {
    if (!ready || !(await act(save))) return;
    onClose();
    onSaved?.();
  };
  return (
    <Overlay
      open
      onClose={onClose}
      title={title}
      shape="sheet"
      foot={
        <>
          <Button onPress={onClose}>{t.common.cancel}</Button>
          <Button look="primary" isPending={busy} isDisabled={!ready} onPress={() => void done()}>
            {t.common.save}
          </Button>
        </>
      }
    >
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void done();
        }}
      >
        {fault !== undefined && <Notice kind="fault">{fault}</Notice>}
        {children}
      </form>
    </Overlay>
  );
}

const TYPES: readonly CourseType[] = ["core", "elective", "workshop", "capstone"];
const LEVELS: readonly Difficulty[] = ["beginner", "intermediate", "advanced"];
const TITLE_MAX = 255;

/** Without `course` a new one is made and gone to. `etag`: of the version that is changed. */
export function CourseForm(props: { course?: Course; etag?: string | null; onClose(): void; onSaved?(): void }) {
  const { course, etag, onClose, onSaved } = props;
  const l = useLearningTexts();
  const [draft, setDraft] = useState({
    title: course?.title ?? "",
    short: course?.shortDescription ?? "",
    description: course?.description ?? "",
    outcomes: (course?.learningOutcomes ?? []).join("\n"),
    hours: String(course?.estimatedDurationHours ?? 8),
    type: course?.courseType ?? TYPES[0]!,
    level: course?.difficultyLevel ?? LEVELS[0]!,
  });
  const change = (some: Partial<typeof draft>) => setDraft((now) => ({ ...now, ...some }));
  const hours = Number(draft.hours);
  const ready = draft.title.trim() !== "" && draft.description.trim() !== "" && Number.isInteger(hours) && hours > 0;
  const save = async () => {
    const body = {
      title: draft.title.trim(),
      shortDescription: draft.short.trim() || null,
      description: draft.description.trim(),
      learningOutcomes: linesOf(draft.outcomes),
      estimatedDurationHours: hours,
      courseType: draft.type,
      difficultyLevel: draft.level,
    };
    if (course !== undefined)
      return api.ask(`/bootcamp/courses/${course.id}`, { method: "PATCH", body, ...(etag ? { etag } : {}) });
    const slug = `${slugOf(draft.title) || "course"}-${crypto.randomUUID().slice(0, 6)}`;
    const made = await api.post<Course>("/bootcamp/courses", { ...body, slug });
    return go(`/courses/${made.id}`);
  };
  return (
    <Sheet
      title={course === undefined ? l.courses.make : l.courses.edit}
      ready={ready}
      onClose={onClose}
      save={save}
      {...(onSaved && { onSaved })}
    >
      <Field
        label={l.forms.title}
        value={draft.title}
        maxLength={TITLE_MAX}
        required
        autoFocus
        onChange={(title) => change({ title })}
      />
      <Field label={l.forms.short} value={draft.short} maxLength={500} onChange={(short) => change({ short })} />
      <Field
        label={l.forms.description}
        rows={6}
        maxLength={20_000}
        required
        value={draft.description}
        onChange={(description) => change({ description })}
      />
      <Field
        label={l.outcomes}
        hint={l.forms.lines}
        rows={3}
        value={draft.outcomes}
        onChange={(outcomes) => change({ outcomes })}
      />
      <div className="pair">
        <Choose
          label={l.courses.type}
          value={draft.type}
          onChange={(type) => change({ type })}
          options={TYPES.map((value) => ({ value, label: l.courseTypes[value] }))}
        />
        <Choose
          label={l.forms.level}
          value={draft.level}
          onChange={(level) => change({ level })}
          options={LEVELS.map((value) => ({ value, label: l.levels[value] }))}
        />
        <Field label={l.forms.hours} type="number" min={1} value={draft.hours} onChange={(now) => change({ hours: now })} />
      </div>
    </Sheet>
  );
}

/** `order`: its place. */
export function ModuleForm(props: { course: string; order: number; onClose(): void; onSaved(): void }) {
  const { course, order, onClose, onSaved } = props;
  const l = useLearningTexts();
  const [title, setTitle] = useState("");
  const [description, setDescription] = useState("");
  const save = () =>
    api.post<CourseModule>("/bootcamp/modules", {
      courseId: course,
      title: title.trim(),
      moduleOrder: order,
      ...(description.trim() === "" ? {} : { description: description.trim() }),
    });
  return (
    <Sheet title={l.course.addModule} ready={title.trim() !== ""} onClose={onClose} save={save} onSaved={onSaved}>
      <Field label={l.forms.title} value={title} maxLength={TITLE_MAX} required autoFocus onChange={setTitle} />
      <Field label={l.forms.description} rows={3} value={description} onChange={setDescription} />
    </Sheet>
  );
}

const KINDS = ["text", "video", "assignment"] as const;

export function LessonForm(props: { module: CourseModule; order: number; onClose(): void; onSaved(): void }) {
  const { module, order, onClose, onSaved } = props;
  const l = useLearningTexts();
  const [draft, setDraft] = useState({ title: "", text: "", link: "", minutes: "10", kind: KINDS[0] as string, open: false });
  const change = (some: Partial<typeof draft>) => setDraft((now) => ({ ...now, ...some }));
  const minutes = Number(draft.minutes);
  const save = () =>
    api.post<Lesson>("/bootcamp/lessons", {
      moduleId: module.id,
      title: draft.title.trim(),
      lessonOrder: order,
      contentType: draft.kind,
      ...(draft.text.trim() === "" ? {} : { description: draft.text.trim() }),
      ...(draft.link.trim() === "" ? {} : { contentUrl: draft.link.trim() }),
      ...(draft.kind === "video" ? { contentDurationMinutes: minutes } : { readingTimeMinutes: minutes }),
      isPreview: draft.open,
    });
  const ready = draft.title.trim() !== "" && Number.isInteger(minutes) && minutes >= 0;
  return (
    <Sheet title={l.course.addLessonTo(module.title)} ready={ready} onClose={onClose} save={save} onSaved={onSaved}>
      <Field
        label={l.forms.title}
        value={draft.title}
        maxLength={TITLE_MAX}
        required
        autoFocus
        onChange={(title) => change({ title })}
      />
      <Choose
        label={l.forms.kind}
        value={draft.kind}
        onChange={(kind) => change({ kind })}
        options={KINDS.map((value) => ({ value: value as string, label: l.kinds[value] }))}
      />
      <Field label={l.forms.text} rows={8} maxLength={20_000} value={draft.text} onChange={(text) => change({ text })} />
      <Field label={l.forms.link} hint={l.forms.linkHint} value={draft.link} onChange={(link) => change({ link })} />
      <Field label={l.forms.minutes} type="number" min={0} value={draft.minutes} onChange={(now) => change({ minutes: now })} />
      <Check on={draft.open} onChange={(open) => change({ open })}>
        {l.forms.preview}
      </Check>
    </Sheet>
  );
}

export function AssignmentForm({ lesson, onClose, onSaved }: { lesson: string; onClose(): void; onSaved(): void }) {
  const l = useLearningTexts();
  const [draft, setDraft] = useState({ title: "", description: "", due: "", score: "100", rubric: "" });
  const change = (some: Partial<typeof draft>) => setDraft((now) => ({ ...now, ...some }));
  const score = Number(draft.score);
  const rubric = rubricOf(draft.rubric);
  const ready = draft.title.trim() !== "" && draft.description.trim() !== "" && score > 0 && rubric !== null;
  const save = () =>
    api.post("/bootcamp/assignments", {
      lessonId: lesson,
      title: draft.title.trim(),
      description: draft.description.trim(),
      maxScore: score,
      ...(draft.due === "" ? {} : { dueDate: new Date(`${draft.due}T23:59`).toISOString() }),
      rubric,
    });
  return (
    <Sheet title={l.course.addAssignment} ready={ready} onClose={onClose} save={save} onSaved={onSaved}>
      <Field
        label={l.forms.title}
        value={draft.title}
        maxLength={TITLE_MAX}
        required
        autoFocus
        onChange={(title) => change({ title })}
      />
      <Field
        label={l.forms.task}
        rows={5}
        required
        value={draft.description}
        onChange={(description) => change({ description })}
      />
      <div className="pair">
        <Field label={l.forms.due} type="date" value={draft.due} onChange={(due) => change({ due })} />
        <Field
          label={l.forms.points}
          type="number"
          min={1}
          max={999}
          value={draft.score}
          onChange={(now) => change({ score: now })}
        />
      </div>
      <Field
        label={l.rubric.title}
        hint={l.rubric.hint}
        fault={rubric === null ? l.rubric.unclear : undefined}
        rows={4}
        placeholder={l.rubric.example}
        value={draft.rubric}
        onChange={(now) => change({ rubric: now })}
      />
    </Sheet>
  );
}
