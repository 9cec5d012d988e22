// After the end: how far each recording is - it moves on by itself while one looks - and one's own consent, which can be
// taken back here, too.
import { Icon, type IconName } from "../../design/Icon";
import type { Run } from "../../session/protocol";
import { useFormats } from "../../texts";
import { useRecordingTexts } from "../../texts/recording";
import { useRoom } from "../room/RoomContext";
import { ConsentSetting } from "./ConsentSetting";
import { isSettled, runsOf } from "./reading";
import "./recording.css";

const ICONS: Readonly<Record<string, IconName>> = { ready: "check", incomplete: "warning", failed: "warning" };

export function RecordingAfter() {
  const t = useRecordingTexts();
  const { view } = useRoom();
  const runs = runsOf(view);
  if (runs.length === 0) return <p className="soft">{t.none}</p>;
  return (
    <div className="stack">
      <ul role="list" className="stack-tight">
        {runs.map((run) => (
          <RunLine key={run.id} run={run} alone={runs.length === 1} />
        ))}
      </ul>
      {!runs.every(isSettled) && <p className="soft small">{t.meanwhile}</p>}
      <ConsentSetting />
    </div>
  );
}

function RunLine({ run, alone }: { run: Run; alone: boolean }) {
  const t = useRecordingTexts();
  const formats = useFormats();
  const { stage = run.status === "stopped" ? "finalising" : "recording", done, of } = run;
  const counted = !isSettled(run) && done !== undefined && of !== undefined && of > 0;
  return (
    <li className="recording-stage">
      <Icon name={ICONS[stage] ?? "clock"} />
      <span className="grow" role="status">
        {!alone && <strong>{t.from(formats.time(run.startedAt))}: </strong>}
        {t.stages[stage] ?? stage} {counted && <span className="numbers">{t.progress(done, of)}</span>}
      </span>
      {counted && <progress max={of} value={done} aria-label={t.stages[stage] ?? stage} />}
    </li>
  );
}
