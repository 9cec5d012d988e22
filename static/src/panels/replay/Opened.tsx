// Reads the session and shows its replay, how far it is with reading, or why there is none. Where it comes from is the
// source's matter.
import { type ReactNode, useEffect, useState } from "react";
import { asProblem } from "../../app/asked";
import { Empty, Notice } from "../../design/Bits";
import { Button } from "../../design/Button";
import type { Source } from "../../replay/material";
import { type Material, open } from "../../replay/opening";
import type { Problem } from "../../session/api";
import { useTexts } from "../../texts";
import { useReplayTexts } from "../../texts/replay";
import { ReplayProvider } from "./ReplayContext";
import { ReplayRoom } from "./ReplayRoom";

export interface OpenedProps {
  source: Source;
  before?: ReactNode;
  after?: ReactNode;
  /** What stands around anything that is no replay yet. */
  frame(children: ReactNode): ReactNode;
}

export function Opened({ source, before, after, frame }: OpenedProps) {
  const t = useTexts();
  const r = useReplayTexts();
  const [material, setMaterial] = useState<Material | null>(null);
  const [part, setPart] = useState(0);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [round, setRound] = useState(0);
  useEffect(() => {
    const leaving = new AbortController();
    setProblem(null);
    open(source, setPart, leaving.signal).then(setMaterial, (error: unknown) => leaving.signal.aborted || setProblem(asProblem(error)));
    return () => leaving.abort();
  }, [source, round]);
  const title = material?.session.title;
  useEffect(() => {
    if (title !== undefined) document.title = `${r.of(title)} · Atelier`;
  }, [title, r]);
  if (problem !== null)
    return frame(
      <Notice kind="fault">
        <p>
          {r.failed} {t.problem(problem.code)}
        </p>
        <Button size="small" onPress={() => setRound((now) => now + 1)}>
          {r.again}
        </Button>
      </Notice>,
    );
  if (material === null) return frame(<Reading part={part} />);
  if (typeof material.session.actualStart !== "string")
    return frame(
      <Empty icon="clock" title={r.nothing}>
        {r.nothingText}
      </Empty>,
    );
  return (
    <ReplayProvider source={source} material={material}>
      <ReplayRoom before={before} after={after} />
    </ReplayProvider>
  );
}

function Reading({ part }: { part: number }) {
  const r = useReplayTexts();
  return (
    <div className="stack replay-reading" role="status">
      <p>{r.opening}</p>
      <progress max={1} value={part} aria-label={r.opening} />
    </div>
  );
}
