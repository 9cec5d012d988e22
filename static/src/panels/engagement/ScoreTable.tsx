// Everybody's numbers side by side; by name, because it is no league table.
import { useFormats, useTexts } from "../../texts";
import { useRoom } from "../room/RoomContext";
import type { Score } from "./reading";

export function ScoreTable({ scores }: { scores: readonly Score[] }) {
  const t = useTexts();
  const formats = useFormats();
  const { nameOf } = useRoom();
  const rows = scores
    .filter((each) => each.scored)
    .map((each) => ({ ...each, name: nameOf(each.userId) }))
    .sort((one, other) => one.name.localeCompare(other.name));
  if (rows.length === 0) return null;
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label={t.summary.people}>
      <table className="score-people numbers">
        <thead>
          <tr>
            <th scope="col">{t.summary.people}</th>
            <th scope="col">{t.summary.columns.score}</th>
            <th scope="col">{t.summary.columns.minutes}</th>
            <th scope="col">{t.summary.columns.polls}</th>
            <th scope="col">{t.summary.columns.questions}</th>
            <th scope="col">{t.summary.columns.acts}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.userId}>
              <th scope="row">{row.name}</th>
              <td>{row.participationScore ?? "–"}</td>
              <td>{formats.number(row.totalTimeMinutes)}</td>
              <td>{row.pollsAnswered}</td>
              <td>{row.questionsAsked}</td>
              <td>{row.interactionCount}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
