// Every process of the installation, by what it last said of itself: a table, which on a phone is read in two directions.
import { useFormats } from "../../texts";
import { useStatusTexts } from "../../texts/status";
import { Part } from "../learning/Parts";
import type { Figures, ProcessStatus } from "./reading";
import { useAmounts } from "./useAmounts";

export function Processes({ processes }: { processes: readonly ProcessStatus[] }) {
  const s = useStatusTexts();
  const columns = Object.entries(s.columns);
  return (
    <Part title={s.processes}>
      <div className="table-scroll status-table" tabIndex={0} role="region" aria-label={s.processes}>
        <table className="numbers">
          <thead>
            <tr>
              {columns.map(([column, label]) => (
                <th key={column} scope="col">
                  {label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {processes.map((process) => (
              <Row key={process.id} process={process} columns={columns.length} />
            ))}
          </tbody>
        </table>
      </div>
    </Part>
  );
}

function Row({ process, columns }: { process: ProcessStatus; columns: number }) {
  const s = useStatusTexts();
  const formats = useFormats();
  const { figures, fresh, answering } = process;
  const states = [
    ...(answering ? [s.states.answering] : []),
    ...(fresh ? [] : [s.states.gone]),
    ...(figures?.draining ? [s.states.draining] : []),
  ];
  return (
    <tr className={fresh ? "" : "status-gone"}>
      <th scope="row">
        {figures === undefined ? process.id.slice(0, 8) : `${figures.host} ${figures.pid}`}
        {states.length > 0 && <span className="soft small"> · {states.join(" · ")}</span>}
      </th>
      <td>{new Date(process.beatAt).toLocaleTimeString(formats.locale)}</td>
      {figures === undefined ? <td colSpan={columns - 2}>{s.states.unknown}</td> : <Cells figures={figures} />}
    </tr>
  );
}

function Cells({ figures }: { figures: Figures }) {
  const formats = useFormats();
  const { ms, pair, bytes } = useAmounts();
  return (
    <>
      <td>{formats.number(figures.connections)}</td>
      <td>{formats.number(figures.sessions)}</td>
      <td>{formats.number(figures.commands)}</td>
      <td>{pair(figures.ackP50Ms, figures.ackP99Ms)}</td>
      <td>{pair(figures.commitP50Ms, figures.commitP99Ms)}</td>
      <td>{ms(figures.loopLagMs)}</td>
      <td>{`${figures.poolInUse} / ${figures.poolSize}`}</td>
      <td>{bytes(figures.memoryBytes)}</td>
    </>
  );
}
