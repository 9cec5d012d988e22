// My workbook: its modules as a path, how far one is with each and what is still locked, with what it waits for.
import { useAsked } from "../../app/asked";
import type { Dashboard, ModuleStanding } from "../../app/learning";
import type { Listing } from "../../app/resources";
import { linkTo } from "../../app/router";
import { Empty } from "../../design/Bits";
import { buttonClass } from "../../design/Button";
import { Icon } from "../../design/Icon";
import { useFormats } from "../../texts";
import { type LearningTexts, useLearningTexts } from "../../texts/learning";
import { waitsFor } from "./locks";
import { Head, Meter, Ring, Shown } from "./Parts";

export function Workbook() {
  const l = useLearningTexts();
  const modules = useAsked<Listing<ModuleStanding>>("/modules");
  const dashboard = useAsked<Dashboard>("/dashboard");
  return (
    <>
      <WorkbookHead now="modules" />
      {dashboard.value !== null && (modules.value?.items.length ?? 0) > 0 && (
        <Meter percent={dashboard.value.overallProgress} label={l.workbook.overall} />
      )}
      <Shown asked={modules}>{({ items }) => <Path modules={items} />}</Shown>
    </>
  );
}

const PARTS = ["modules", "notes", "recordings"] as const;

export function WorkbookHead({ now }: { now: (typeof PARTS)[number] }) {
  const l = useLearningTexts();
  return (
    <>
      <Head title={l.workbook.title} />
      <nav className="subnav" aria-label={l.workbook.parts}>
        {PARTS.map((part) => (
          <a
            key={part}
            className="subway"
            {...(part === now ? { "aria-current": "page" as const } : {})}
            {...linkTo(part === "modules" ? "/workbook" : `/workbook/${part}`)}
          >
            {l.workbook.names[part]}
          </a>
        ))}
      </nav>
    </>
  );
}

function Path({ modules }: { modules: readonly ModuleStanding[] }) {
  const l = useLearningTexts();
  if (modules.length === 0)
    return (
      <Empty icon="flag" title={l.workbook.none}>
        {l.workbook.noneText}
      </Empty>
    );
  const next = modules.find((each) => each.isAccessible && each.progressStatus !== "completed");
  return (
    <ol role="list" className="path">
      {modules.map((module) => (
        <Step key={module.id} module={module} missing={waitsFor(module, modules)} next={module === next} />
      ))}
    </ol>
  );
}

function Step({ module, missing, next }: { module: ModuleStanding; missing: string[]; next: boolean }) {
  const l = useLearningTexts();
  const formats = useFormats();
  const { isAccessible: open, progressStatus: status, userProgress: percent } = module;
  return (
    <li className={`step ${open ? "" : "step-locked"}`}>
      <Ring percent={open ? percent : 0}>{mark(module)}</Ring>
      <div className="grow stack-tight">
        <h2 className="words">{module.title}</h2>
        {module.description !== undefined && <p className="words">{module.description}</p>}
        <p className="soft small">
          {stateOf(module, l, formats.percent(percent / 100))} · {l.minutes(module.durationMinutes)}
          {!module.isPublished && ` · ${l.draft}`}
        </p>
        {!open && (
          <p className="small">
            {missing.length === 0 ? l.workbook.locked : l.workbook.lockedBy(formats.list(missing))}
          </p>
        )}
      </div>
      {open && (
        <a
          className={buttonClass(next ? { look: "primary" } : { look: "edged" })}
          aria-label={`${l.workbook.acts[status] ?? ""}: ${module.title}`}
          {...linkTo(`/workbook/modules/${module.id}`)}
        >
          {l.workbook.acts[status]}
        </a>
      )}
    </li>
  );
}

function mark({ isAccessible, progressStatus, moduleOrder }: ModuleStanding) {
  if (!isAccessible) return <Icon name="lock" />;
  return progressStatus === "completed" ? <Icon name="check" /> : moduleOrder;
}

const stateOf = (module: ModuleStanding, l: LearningTexts, percent: string): string =>
  module.progressStatus === "in_progress" ? l.done(percent) : l.statuses[module.progressStatus];
