// One's own score with one sentence for each of its parts, so that every point can be understood.
import { useFormats, useTexts } from "../../texts";
import type { Score } from "./reading";

const ORDER = ["attendance", "polls", "interaction", "questions"] as const;

export function OwnScore({ score }: { score: Score }) {
  const t = useTexts();
  const formats = useFormats();
  const parts = score.breakdown?.parts ?? {};
  if (!score.scored) return <p className="soft">{t.summary.notScored}</p>;
  if (typeof score.participationScore !== "number") return <p className="soft">{t.summary.noScore}</p>;
  if (Object.keys(parts).length === 0) return <p className="soft">{t.summary.tooShort}</p>;
  return (
    <div className="stack">
      <p className="score-total">{t.summary.outOf(score.participationScore)}</p>
      <ul role="list" className="score-parts">
        {ORDER.map((name) => {
          const part = parts[name];
          if (part === undefined) return null;
          const share = part.weight > 0 ? part.points / part.weight : 0;
          return (
            <li key={name} className="score-part">
              <div className="bar-head">
                <strong className="grow">{t.score.names[name]}</strong>
                <span className="soft small numbers">
                  {t.summary.counted(formats.number(part.points), formats.number(part.weight))}
                </span>
              </div>
              <div className="bar-track" aria-hidden="true">
                <div className="bar-fill" style={{ width: `${Math.min(1, share) * 100}%` }} />
              </div>
              <p>{t.score[name](part.numbers)}</p>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
