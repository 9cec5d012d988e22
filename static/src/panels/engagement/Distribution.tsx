// How many people reached which score, as columns; the same in words for a screen reader.
import { useFormats, useTexts } from "../../texts";
import { BIN, binsOf, type Score } from "./reading";

export function Distribution(props: { scores: readonly Score[]; average?: number | null; median?: number | null }) {
  const t = useTexts();
  const formats = useFormats();
  const bins = binsOf(props.scores);
  const most = Math.max(1, ...bins);
  const top = (index: number) => (index === bins.length - 1 ? 100 : index * BIN + BIN - 1);
  return (
    <div className="stack-tight">
      <p>
        {typeof props.average === "number" && t.summary.average(formats.number(props.average))}{" "}
        {typeof props.median === "number" && t.summary.median(formats.number(props.median))}
      </p>
      <ul role="list" className="columns">
        {bins.map((count, index) => (
          <li key={index} className="column">
            <span className="numbers small" aria-hidden="true">
              {count > 0 && count}
            </span>
            <span className="column-bar" style={{ height: `${(count / most) * 6}rem` }} aria-hidden="true" />
            <span className="soft small numbers" aria-hidden="true">
              {index * BIN}
            </span>
            <span className="unseen">{t.summary.scoreOf(index * BIN, top(index), count)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
