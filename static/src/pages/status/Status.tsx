// How the installation is, for administrators: what needs somebody first, then the last minutes to look at, every process, and what
// they stand on. Asked again every few seconds while it is looked at; the samples are this page's own and go with it.
import { useEffect, useState } from "react";
import { useAsked } from "../../app/asked";
import { api } from "../../app/client";
import { Frame } from "../../app/Frame";
import { Empty, Notice, Waiting } from "../../design/Bits";
import { Icon } from "../../design/Icon";
import { useFormats, useTexts } from "../../texts";
import { useStatusTexts } from "../../texts/status";
import { Head } from "../learning/Parts";
import { Beneath } from "./Beneath";
import { Plots } from "./Plots";
import { Processes } from "./Processes";
import { type Concern, concernsOf, type InstallationStatus, type Sample, sampleOf, withSample } from "./reading";
import "../learning/learning.css";
import "./status.css";

const LOOK_AGAIN_MS = 5_000;

export function Status() {
  const t = useTexts();
  const s = useStatusTexts();
  const { value, problem, again } = useAsked<InstallationStatus>("/status");
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  useEffect(() => {
    if (value !== null) setSamples((before) => withSample(before, sampleOf(value, api.now())));
  }, [value]);
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") again();
    }, LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [again]);
  const forbidden = problem?.status === 403;
  return (
    <Frame signedIn>
      <div className="learning status">
        <Head title={s.title} under={<p>{s.under}</p>} />
        {problem !== null && !forbidden && (
          <Notice kind="fault">
            {t.problem(problem.code, problem.retryAfter)} {value !== null && s.stale}
          </Notice>
        )}
        {forbidden && <Empty icon="lock" title={t.problem("forbidden")} />}
        {value === null && problem === null && <Waiting text={t.common.loading} />}
        {value !== null && !forbidden && (
          <>
            <Concerns concerns={concernsOf(value)} at={samples.at(-1)?.at} />
            <Plots samples={samples} />
            <Processes processes={value.processes} />
            <Beneath status={value} />
          </>
        )}
      </div>
    </Frame>
  );
}

/** What somebody should look at; what changes is said to who listens, the time is not. */
function Concerns({ concerns, at }: { concerns: readonly Concern[]; at: number | undefined }) {
  const s = useStatusTexts();
  const formats = useFormats();
  const words = useConcernWords();
  const time = at === undefined ? "" : new Date(at).toLocaleTimeString(formats.locale);
  return (
    <section className={`status-verdict ${concerns.length > 0 ? "status-verdict-bad" : ""}`} aria-label={s.title}>
      <div role="status" className="grow">
        <p className="status-verdict-head">
          <Icon name={concerns.length > 0 ? "warning" : "check"} />
          {concerns.length > 0 ? s.needs(concerns.length) : s.well}
        </p>
        {concerns.length > 0 && (
          <ul className="plain-list words">
            {concerns.map((each) => (
              <li key={words(each)}>{words(each)}</li>
            ))}
          </ul>
        )}
      </div>
      <p className="small numbers">{s.asOf(time)}</p>
    </section>
  );
}

function useConcernWords(): (concern: Concern) => string {
  const { concerns: c } = useStatusTexts();
  const formats = useFormats();
  return (concern) => {
    switch (concern.what) {
      case "violation":
        return c.violation(concern.finding.kind, concern.finding.sessionId, concern.finding.seq);
      case "gone":
      case "pool":
        return c[concern.what](concern.host);
      case "late":
        return c.late(concern.host, formats.number(concern.ms));
      case "recorder":
        return c.recorder(concern.host, formats.number(concern.seconds));
      case "disk":
      case "connections":
        return c[concern.what](formats.percent(concern.part));
      case "dead":
      case "waiting":
        return c[concern.what](concern.kind, concern.count);
      case "backup":
        return c.backup(concern.kind);
      default:
        return c[concern.what];
    }
  };
}

