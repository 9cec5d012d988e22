// What one may do about one's own data: have all of it as a file, and have the account deleted, which can be taken back for a
// while. Where nothing was asked for, the server finds nothing; one that offers neither finds nothing to begin, either.
import { useEffect, useState } from "react";
import { useActing } from "../../app/acting";
import { type AskedState, useLoaded } from "../../app/asked";
import { api } from "../../app/client";
import type { DataRequest } from "../../app/learning";
import { saveFile } from "../../app/saving";
import { Empty, Notice, Waiting } from "../../design/Bits";
import { Button } from "../../design/Button";
import { Confirm } from "../../design/Overlay";
import { Problem } from "../../session/api";
import { useFormats, useTexts } from "../../texts";
import { useLearningTexts } from "../../texts/learning";
import { Head, Part } from "./Parts";

const EXPORT = "/privacy/export";
const ERASE = "/privacy/erase";
const LOOK_AGAIN_MS = 5_000;
const DOWNLOAD_WITHIN_MS = 600_000;
const MEGABYTE = 1_000_000;

interface Known {
  /** Null: there is none. */
  request: DataRequest | null;
}

async function look(path: string): Promise<Known> {
  try {
    const request = await api.get<DataRequest>(path);
    return { request: request.status === "cancelled" ? null : request };
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return { request: null };
    throw error;
  }
}

export function Privacy() {
  const l = useLearningTexts();
  const t = useTexts();
  const copy = useLoaded(() => look(EXPORT), []);
  const erasure = useLoaded(() => look(ERASE), []);
  const problem = copy.problem ?? erasure.problem;
  const loaded = copy.value !== null && erasure.value !== null;
  const [absent, setAbsent] = useState(false);
  return (
    <>
      <Head title={l.privacy.title} />
      {problem !== null && <Notice kind="fault">{t.problem(problem.code, problem.retryAfter)}</Notice>}
      {!loaded && problem === null && <Waiting text={t.common.loading} />}
      {absent && (
        <Empty icon="shield" title={l.privacy.none}>
          {l.privacy.noneText}
        </Empty>
      )}
      {loaded && !absent && copy.value !== null && erasure.value !== null && (
        <>
          <Copy known={copy.value} asked={copy} onAbsent={() => setAbsent(true)} />
          <Erasure known={erasure.value} again={erasure.again} onAbsent={() => setAbsent(true)} />
        </>
      )}
    </>
  );
}

/** Begins something; where there is no such address, the server does not offer it. */
async function ask(path: string, onAbsent: () => void): Promise<void> {
  try {
    await api.post(path);
  } catch (error) {
    if (!(error instanceof Problem && error.status === 404)) throw error;
    onAbsent();
  }
}

interface CopyProps {
  known: Known;
  asked: AskedState<Known>;
  onAbsent(): void;
}

function Copy({ known: { request }, asked, onAbsent }: CopyProps) {
  const l = useLearningTexts();
  const formats = useFormats();
  const { busy, fault, act } = useActing();
  const there = request?.status === "completed" && Date.parse(request.expiresAt ?? "") > api.now();
  const waits = request !== null && request.status !== "completed";
  useEffect(() => {
    if (!waits) return;
    const timer = setTimeout(asked.again, LOOK_AGAIN_MS);
    return () => clearTimeout(timer);
  }, [waits, asked]);
  const begin = () =>
    void act(async () => {
      await ask(EXPORT, onAbsent);
      asked.again();
    });
  const save = () => void act(() => saveFile(`${EXPORT}/content`, "my-data.zip", DOWNLOAD_WITHIN_MS));
  return (
    <Part title={l.privacy.export}>
      <p>{l.privacy.exportText}</p>
      {fault !== undefined && <Notice kind="fault">{fault}</Notice>}
      {request?.status === "failed" && <Notice>{l.privacy.exportFailed}</Notice>}
      {waits && <Waiting text={l.privacy.exportWaits} />}
      <div className="row wrap">
        {there && (
          <Button look="primary" icon="download" isPending={busy} onPress={save}>
            {l.privacy.save(formats.number((request.bytes ?? 0) / MEGABYTE))}
          </Button>
        )}
        {!waits && (
          <Button look={there ? "edged" : "primary"} isPending={busy} onPress={begin}>
            {there ? l.privacy.beginAgain : l.privacy.begin}
          </Button>
        )}
      </div>
      {request !== null && <p className="soft small">{l.privacy.asked(formats.moment(request.createdAt))}</p>}
    </Part>
  );
}

function Erasure({ known: { request }, again, onAbsent }: { known: Known; again(): void; onAbsent(): void }) {
  const l = useLearningTexts();
  const formats = useFormats();
  const { busy, fault, act } = useActing();
  const [asking, setAsking] = useState(false);
  const erase = () =>
    void act(async () => {
      await ask(ERASE, onAbsent);
      again();
    });
  const withdraw = () =>
    void act(async () => {
      await api.ask(ERASE, { method: "DELETE" });
      again();
    });
  return (
    <Part title={l.privacy.erase}>
      <p>{l.privacy.eraseText}</p>
      {fault !== undefined && <Notice kind="fault">{fault}</Notice>}
      {request === null ? (
        <div>
          <Button look="danger" isPending={busy} onPress={() => setAsking(true)}>
            {l.privacy.eraseAct}
          </Button>
        </div>
      ) : (
        <>
          <Notice>
            {request.status === "pending" ? l.privacy.eraseDue(formats.date(request.beginsAt)) : l.privacy.eraseBegun}
          </Notice>
          {request.status === "pending" && (
            <div>
              <Button look="primary" isPending={busy} onPress={withdraw}>
                {l.privacy.withdraw}
              </Button>
            </div>
          )}
        </>
      )}
      <Confirm
        open={asking}
        title={l.privacy.eraseTitle}
        text={l.privacy.eraseConfirm}
        act={l.privacy.eraseAct}
        danger
        onClose={() => setAsking(false)}
        onConfirm={erase}
      />
    </Part>
  );
}
