// What anybody is told who has the number of a certificate, without signing in: whether it is ours, and whether it is good.
import { useLoaded } from "../../app/asked";
import { api } from "../../app/client";
import { Frame } from "../../app/Frame";
import type { Verification } from "../../app/learning";
import { Empty, Notice, Waiting } from "../../design/Bits";
import { Icon } from "../../design/Icon";
import { useFormats, useTexts } from "../../texts";
import { useLearningTexts } from "../../texts/learning";
import { useTitle } from "./Parts";
import "./learning.css";

export function Verify({ number }: { number: string }) {
  const l = useLearningTexts();
  const t = useTexts();
  useTitle(l.verify.title);
  const { value, problem } = useLoaded(
    () => api.get<Verification>(`/bootcamp/verify/${encodeURIComponent(number)}`, { open: true }),
    [number],
  );
  const unknown = problem !== null && (problem.status === 404 || problem.status === 422);
  return (
    <Frame narrow>
      <h1 className="unseen">{l.verify.title}</h1>
      {value !== null ? (
        <Answered said={value} />
      ) : problem === null ? (
        <Waiting text={t.common.loading} />
      ) : unknown ? (
        <Empty icon="question" title={l.verify.unknown}>
          <p className="numbers words">{number}</p>
          <p>{l.verify.unknownText}</p>
        </Empty>
      ) : (
        <Notice kind="fault">{t.problem(problem.code, problem.retryAfter)}</Notice>
      )}
    </Frame>
  );
}

const ICONS = { valid: "check", revoked: "close", expired: "clock" } as const;

function Answered({ said }: { said: Verification }) {
  const l = useLearningTexts();
  const formats = useFormats();
  const rows: [string, string | null][] = [
    [l.verify.course, said.courseTitle],
    [l.verify.holder, said.holder ?? l.verify.erased],
    [l.verify.number, said.certificateNumber],
    [l.verify.issued, formats.date(said.issueDate)],
    [l.verify.expires, said.expiryDate === undefined ? null : formats.date(said.expiryDate)],
    [l.verify.revoked, said.revokedAt === undefined ? null : formats.date(said.revokedAt)],
    [l.verify.issuer, said.issuer.replace(/^https?:\/\//, "")],
  ];
  return (
    <div className="stack">
      <div className={`verdict verdict-${said.status}`} role="status">
        <Icon name={ICONS[said.status]} />
        <div>
          <p className="verdict-word">{l.verify.verdicts[said.status]}</p>
          <p>{l.verify.meanings[said.status]}</p>
        </div>
      </div>
      <dl className="facts">
        {rows.map(([name, fact]) =>
          fact === null ? null : (
            <div key={name}>
              <dt className="soft small">{name}</dt>
              <dd className="words">{fact}</dd>
            </div>
          ),
        )}
      </dl>
    </div>
  );
}
