// What all processes stand on: Postgres, its replica, Redis, the store, backups, work that waits; and what the checker has seen.
import type { ReactNode } from "react";
import { useFormats } from "../../texts";
import { useStatusTexts } from "../../texts/status";
import { Part } from "../learning/Parts";
import type { Health, InstallationStatus } from "./reading";
import { useAmounts } from "./useAmounts";

export function Beneath({ status }: { status: InstallationStatus }) {
  const s = useStatusTexts();
  return (
    <Part title={s.beneath}>
      <div className="status-cards">
        <Postgres {...status.postgres} />
        <Checker status={status} />
        <Store {...status.store} />
        <Shared status={status} />
        <Backups {...status.backups} />
        <Jobs jobs={status.jobs} />
      </div>
    </Part>
  );
}

function Card({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="card" aria-label={title}>
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function Facts({ of }: { of: readonly (readonly [string, string])[] }) {
  return (
    <dl className="status-facts">
      {of.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className="numbers words">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Postgres(postgres: InstallationStatus["postgres"]) {
  const s = useStatusTexts();
  const { bytes } = useAmounts();
  return (
    <Card title={s.postgres}>
      <Facts
        of={[
          [s.version, postgres.version],
          [s.size, bytes(postgres.bytes)],
          [s.lent, `${postgres.connections} / ${postgres.connectionsMax}`],
        ]}
      />
    </Card>
  );
}

function Checker({ status }: { status: InstallationStatus }) {
  const s = useStatusTexts();
  const formats = useFormats();
  const checks = status.processes.flatMap((each) => (each.figures === undefined ? [] : [each.figures.checked]));
  const sum = (of: (each: (typeof checks)[number]) => number) =>
    formats.number(checks.reduce((total, each) => total + of(each), 0));
  const last = checks.flatMap((each) => each.at ?? []).sort();
  return (
    <Card title={s.checker}>
      <Facts
        of={[
          [s.looked.numbers, sum((each) => each.events)],
          [s.looked.frames, sum((each) => each.frames)],
          [s.found, sum((each) => each.violations)],
          [s.lastLook, last.length === 0 ? "–" : formats.moment(last.at(-1) ?? "")],
        ]}
      />
    </Card>
  );
}

function Store(store: InstallationStatus["store"]) {
  const s = useStatusTexts();
  const { bytes } = useAmounts();
  return (
    <Card title={s.store}>
      <Facts
        of={[
          [s.where, store.bucket ? s.bucket : s.folder],
          [s.state, s.healths[store.health]],
          ...(store.bytes === undefined ? [] : [[s.size, bytes(store.bytes)] as const]),
          ...(store.freeBytes === undefined ? [] : [[s.free, bytes(store.freeBytes)] as const]),
        ]}
      />
    </Card>
  );
}

function Shared({ status: { replica, redis } }: { status: InstallationStatus }) {
  const s = useStatusTexts();
  const formats = useFormats();
  const health = (of: Health) => s.healths[of];
  return (
    <Card title={`${s.replica}, ${s.redis}`}>
      <Facts
        of={[
          [s.replica, health(replica.health)],
          ...(replica.behindS === undefined
            ? []
            : [[s.behind, s.seconds(formats.number(replica.behindS))] as const]),
          [s.redis, health(redis.health)],
        ]}
      />
    </Card>
  );
}

function Backups({ ours, runs }: InstallationStatus["backups"]) {
  const s = useStatusTexts();
  const formats = useFormats();
  return (
    <Card title={s.backups}>
      {!ours && runs.length === 0 && <p className="soft">{s.notOurs}</p>}
      {ours && runs.length === 0 && <p className="soft">{s.noBackups}</p>}
      <Facts
        of={runs.map((run) => [
          run.kind,
          `${s.backup(run.status)}, ${run.doneAt === undefined ? s.never : s.lastDone(formats.moment(run.doneAt))}`,
        ])}
      />
    </Card>
  );
}

function Jobs({ jobs }: { jobs: InstallationStatus["jobs"] }) {
  const s = useStatusTexts();
  return (
    <Card title={s.jobs}>
      {jobs.length === 0 && <p className="soft">{s.noJobs}</p>}
      <Facts of={jobs.map((each) => [each.kind, s.job(each.queued, each.running, each.dead)])} />
    </Card>
  );
}
