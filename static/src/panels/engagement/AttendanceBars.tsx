// Who was there when, as bars over the time of the session; the same in words for a screen reader.
import { useEffect, useState } from "react";
import { asProblem } from "../../app/asked";
import { api } from "../../app/client";
import { Notice, Waiting } from "../../design/Bits";
import { useFormats, useTexts } from "../../texts";
import { type Attendance, attendanceOf, shareOf } from "./reading";

export function AttendanceBars({ session, begin, end }: { session: string; begin: number; end: number }) {
  const t = useTexts();
  const formats = useFormats();
  const [rows, setRows] = useState<Attendance[]>();
  const [fault, setFault] = useState<string>();
  useEffect(() => {
    api
      .file(`/live-sessions/${session}/attendance.csv`)
      .then((file) => file.text())
      .then(
        (text) => setRows(attendanceOf(text, end)),
        (error: unknown) => setFault(asProblem(error).code),
      );
  }, [session, end]);
  if (fault !== undefined) return <Notice kind="fault">{t.problem(fault)}</Notice>;
  if (rows === undefined) return <Waiting text={t.common.loading} />;
  const came = rows.filter((row) => row.stays.length > 0);
  const absent = rows.filter((row) => row.stays.length === 0);
  return (
    <div className="stack-tight">
      <div className="attendance-scale soft small numbers" aria-hidden="true">
        <span>{formats.time(begin)}</span>
        <span>{formats.time(end)}</span>
      </div>
      <ul role="list" className="attendance">
        {came.map((row) => (
          <li key={row.userId} className="attendance-row">
            <span className="clip">{row.name}</span>
            <span className="attendance-track" aria-hidden="true">
              {row.stays.map((stay) => {
                const { from, width } = shareOf(stay, begin, end);
                return (
                  <span
                    key={stay.from}
                    className="attendance-stay"
                    style={{ insetInlineStart: `${from * 100}%`, width: `${width * 100}%` }}
                  />
                );
              })}
            </span>
            <span className="soft small numbers">{t.common.minutes(row.minutes)}</span>
            <span className="unseen">
              {row.stays
                .map((stay) => t.summary.here(row.name, formats.time(stay.from), formats.time(stay.to)))
                .join(", ")}
            </span>
          </li>
        ))}
      </ul>
      {absent.length > 0 && (
        <p className="soft">
          {t.summary.absent}: {formats.list(absent.map((row) => row.name))}
        </p>
      )}
    </div>
  );
}
