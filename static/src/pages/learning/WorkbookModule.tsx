// One module of the workbook: what it is about, its lessons with what is done, and the lesson one reads.
import { useActing } from "../../app/acting";
import { useAsked } from "../../app/asked";
import { api } from "../../app/client";
import type { Progress, WorkshopLesson, WorkshopModule } from "../../app/learning";
import type { Listing } from "../../app/resources";
import { go, linkTo, usePath } from "../../app/router";
import { Empty, Notice } from "../../design/Bits";
import { Button } from "../../design/Button";
import { Icon } from "../../design/Icon";
import { RichText } from "../../panels/notes/RichText";
import { useLearningTexts } from "../../texts/learning";
import { Head, Meter, Part, Prose, Shown } from "./Parts";

export function WorkbookModule({ id }: { id: string }) {
  const l = useLearningTexts();
  const module = useAsked<WorkshopModule>(`/modules/${id}`);
  const progress = useAsked<Listing<Progress>>(`/progress/${id}`);
  const up = ["/workbook", l.workbook.title] as const;
  if (module.problem?.code === "progress.locked")
    return (
      <>
        <Head title={l.workbook.title} up={up} />
        <Empty icon="lock" title={l.workbook.lockedTitle}>
          {l.workbook.locked}
        </Empty>
      </>
    );
  return (
    <Shown asked={module}>
      {(value) => <Module module={value} progress={progress.value?.items ?? []} onDone={progress.again} />}
    </Shown>
  );
}

interface ModuleProps {
  module: WorkshopModule;
  progress: readonly Progress[];
  onDone(): void;
}

function Module({ module, progress, onDone }: ModuleProps) {
  const l = useLearningTexts();
  const wanted = new URL(usePath(), "http://here").searchParams.get("lesson");
  const lessons = [...module.content.lessons].sort((one, other) => one.sortOrder - other.sortOrder);
  const done = new Set(progress.filter((each) => each.status === "completed").map((each) => each.lessonId ?? ""));
  const lesson = lessons.find((each) => each.id === wanted);
  const path = `/workbook/modules/${module.id}`;
  const percent = progress.find((each) => each.lessonId === undefined)?.progressPercent ?? 0;
  if (lesson !== undefined)
    return (
      <Reading
        key={lesson.id}
        module={module}
        lesson={lesson}
        done={done.has(lesson.id)}
        next={lessons[lessons.indexOf(lesson) + 1]}
        onDone={onDone}
      />
    );
  return (
    <>
      <Head title={module.title} up={["/workbook", l.workbook.title]} under={l.minutes(module.durationMinutes)} />
      <Meter percent={percent} label={module.title} />
      <Prose text={module.content.overview} />
      {module.content.learningObjectives.length > 0 && (
        <Part title={l.objectives}>
          <ul className="plain-list">
            {module.content.learningObjectives.map((each) => (
              <li key={each}>{each}</li>
            ))}
          </ul>
        </Part>
      )}
      <Part title={l.lessons}>
        {lessons.length === 0 && <Empty title={l.noLessons} />}
        <ol role="list" className="lesson-list">
          {lessons.map((each) => (
            <li key={each.id}>
              <a className="lesson-row" {...linkTo(`${path}?lesson=${encodeURIComponent(each.id)}`)}>
                <DoneMark done={done.has(each.id)} />
                <span className="grow words">{each.title}</span>
                <span className="soft small">
                  {l.kinds[each.type]} · {l.minutes(each.estimatedMinutes)}
                </span>
              </a>
            </li>
          ))}
        </ol>
      </Part>
      <Resources resources={module.content.resources} />
    </>
  );
}

export function DoneMark({ done }: { done: boolean }) {
  const l = useLearningTexts();
  return (
    <span className={`done-mark ${done ? "done-mark-on" : ""}`}>
      {done && <Icon name="check" />}
      {done && <span className="unseen">{l.statuses.completed}</span>}
    </span>
  );
}

export function Resources({ resources }: { resources: readonly { title: string; url: string }[] }) {
  const l = useLearningTexts();
  if (resources.length === 0) return null;
  return (
    <Part title={l.resources}>
      <ul role="list" className="stack-tight">
        {resources.map((each) => (
          <li key={each.url}>
            <OutLink href={each.url}>{each.title}</OutLink>
          </li>
        ))}
      </ul>
    </Part>
  );
}

/** To another place, in a window of its own. */
export function OutLink({ href, children }: { href: string; children: string }) {
  const l = useLearningTexts();
  return (
    <a className="out words" href={href} target="_blank" rel="noopener noreferrer">
      <Icon name="link" />
      {children}
      <span className="unseen"> ({l.newWindow})</span>
    </a>
  );
}

interface ReadingProps {
  module: WorkshopModule;
  lesson: WorkshopLesson;
  done: boolean;
  next: WorkshopLesson | undefined;
  onDone(): void;
}

function Reading({ module, lesson, done, next, onDone }: ReadingProps) {
  const l = useLearningTexts();
  const { busy, fault, act } = useActing();
  const path = `/workbook/modules/${module.id}`;
  const { text, videoUrl, exercises } = lesson.content;
  const onward = next === undefined ? path : `${path}?lesson=${encodeURIComponent(next.id)}`;
  const finish = () =>
    void act(async () => {
      const body = { progressPercent: 100, status: "completed", minutes: lesson.estimatedMinutes };
      await api.ask(`/progress/${module.id}/${encodeURIComponent(lesson.id)}`, { method: "PUT", body });
      onDone();
      go(onward);
    });
  return (
    <>
      <Head
        title={lesson.title}
        up={[path, module.title]}
        under={`${l.kinds[lesson.type]} · ${l.minutes(lesson.estimatedMinutes)}`}
      />
      {typeof videoUrl === "string" && <OutLink href={videoUrl}>{l.video}</OutLink>}
      {typeof text === "string" && text !== "" && <RichText html={text} />}
      {(exercises ?? []).map((each) => (
        <Part key={each.id} title={each.title}>
          <RichText html={each.body} />
        </Part>
      ))}
      {fault !== undefined && <Notice kind="fault">{fault}</Notice>}
      <div className="lesson-foot">
        {done ? (
          <>
            <span className="row">
              <DoneMark done />
              {l.statuses.completed}
            </span>
            <Button look="primary" onPress={() => go(onward)}>
              {next === undefined ? l.toModule : l.nextLesson(next.title)}
            </Button>
          </>
        ) : (
          <Button look="primary" size="large" icon="check" isPending={busy} onPress={finish}>
            {l.markDone}
          </Button>
        )}
      </div>
    </>
  );
}
