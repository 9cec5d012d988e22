// The last minutes, each measure as a small line over the value it has now: for seeing that something changes, not for reading off.
import { useFormats } from "../../texts";
import { useStatusTexts } from "../../texts/status";
import { Part } from "../learning/Parts";
import { linesOf, type Measure, type Sample } from "./reading";

const WIDTH = 240;
const HEIGHT = 48;
const MEASURES: readonly Measure[] = ["connections", "commands", "ackP99Ms", "commitP99Ms", "loopLagMs", "poolInUse"];
const IN_MS: ReadonlySet<Measure> = new Set(["ackP99Ms", "commitP99Ms", "loopLagMs"]);

export function Plots({ samples }: { samples: readonly Sample[] }) {
  const s = useStatusTexts();
  return (
    <Part title={s.lately}>
      <div className="status-plots">
        {MEASURES.map((measure) => (
          <Plot key={measure} measure={measure} values={samples.map((each) => each[measure])} />
        ))}
      </div>
    </Part>
  );
}

function Plot({ measure, values }: { measure: Measure; values: readonly (number | null)[] }) {
  const s = useStatusTexts();
  const formats = useFormats();
  const notes: Partial<Record<Measure, string>> = {
    ackP99Ms: s.ninetyNine,
    commitP99Ms: s.ninetyNine,
    loopLagMs: s.worstProcess,
  };
  const said = (value: number | null) =>
    value === null ? s.nothing : IN_MS.has(measure) ? s.ms(formats.number(value)) : formats.number(value);
  const latest = values.at(-1) ?? null;
  const now = said(latest);
  const most = said(values.reduce<number | null>((top, each) => (each === null ? top : Math.max(top ?? 0, each)), null));
  return (
    <figure className="card status-plot">
      <figcaption className="status-plot-name">{s.measures[measure]}</figcaption>
      <p className="numbers">
        {measure in notes && latest !== null && <span className="soft small">{notes[measure]} </span>}
        <span className="status-plot-now">{now}</span>
      </p>
      <svg viewBox={`0 -2 ${WIDTH} ${HEIGHT + 4}`} role="img" aria-label={s.plot(now, most)} preserveAspectRatio="none">
        <line className="status-plot-ground" x1="0" y1={HEIGHT} x2={WIDTH} y2={HEIGHT} />
        {linesOf(values, WIDTH, HEIGHT).map((points) => (
          <polyline key={points.slice(0, points.indexOf(" "))} className="status-plot-line" points={points} />
        ))}
      </svg>
    </figure>
  );
}
