// My sessions: what runs or comes today first, with the one button that matters; then what comes later, then the past.
import { useEffect, useState } from "react";
import { asProblem, useAsked } from "../app/asked";
import { api, identity } from "../app/client";
import { Frame } from "../app/Frame";
import { go, linkTo } from "../app/router";
import { saveFile } from "../app/saving";
import type { Listing, LiveSession, Me } from "../app/resources";
import { Empty, Notice, Waiting } from "../design/Bits";
import { Button, buttonClass } from "../design/Button";
import { Icon } from "../design/Icon";
import { useFormats, useTexts } from "../texts";
import { Schedule } from "./Schedule";

type Sessions = Listing<LiveSession>;
const RUNNING = "/live-sessions?mine=true&limit=50&status=starting,active,paused";
const COMING = "/live-sessions?mine=true&limit=50&status=scheduled";
const PAST = "/live-sessions?mine=true&limit=20&status=ended,cancelled&order=latest";

const LOOK_AGAIN_MS = 20_000;

export function Sessions() {
  const t = useTexts();
  const me = useAsked<Me>("/me");
  const running = useAsked<Sessions>(RUNNING);
  const coming = useAsked<Sessions>(COMING);
  const past = useAsked<Sessions>(PAST);
  const [scheduling, setScheduling] = useState(false);

  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState !== "visible") return;
      running.again();
      coming.again();
    }, LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [running.again, coming.again]);

  const mayHost = me.value?.roles.some((role) => role === "instructor" || role === "admin") ?? false;
  const operates = me.value?.roles.includes("admin") ?? false;
  const problem = running.problem ?? coming.problem ?? past.problem;
  const loaded = running.value !== null && coming.value !== null && past.value !== null;
  const [today, later] = split(running.value?.items ?? [], coming.value?.items ?? []);
  const over = past.value?.items ?? [];
  const nothing = loaded && today.length + later.length + over.length === 0;
  return (
    <Frame signedIn>
      <div className="sessions-head">
        <h1 className="grow">{t.sessions.title}</h1>
        {operates && (
          <a className={buttonClass({})} {...linkTo("/status")}>
            <Icon name="signal" />
            {t.ways.status}
          </a>
        )}
        {(today.length > 0 || later.length > 0) && (
          <Button icon="calendar" onPress={() => void saveFile("/calendar.ics", "atelier.ics")}>
            {t.sessions.calendar}
          </Button>
        )}
        {mayHost && (
          <Button icon="plus" look={today.length > 0 ? "edged" : "primary"} onPress={() => setScheduling(true)}>
            {t.sessions.schedule}
          </Button>
        )}
      </div>
      {problem !== null && <Notice kind="fault">{t.problem(problem.code, problem.retryAfter)}</Notice>}
      {!loaded && problem === null && <Waiting text={t.common.loading} />}
      {nothing && (
        <Empty icon="calendar" title={t.sessions.none}>
          {mayHost ? t.sessions.noneHost : t.sessions.noneGuest}
        </Empty>
      )}
      <Part title={t.sessions.today} sessions={today} first />
      <Part title={t.sessions.later} sessions={later} first={today.length === 0} />
      <Part title={t.sessions.past} sessions={over} />
      <Schedule
        open={scheduling}
        onClose={() => setScheduling(false)}
        onDone={() => {
          setScheduling(false);
          coming.again();
        }}
      />
    </Frame>
  );
}

/** What runs, or begins before midnight or began and waits; then the rest. */
function split(running: LiveSession[], coming: LiveSession[]): [LiveSession[], LiveSession[]] {
  const midnight = new Date().setHours(24, 0, 0, 0);
  const isToday = (each: LiveSession) => Date.parse(each.scheduledStart) < midnight;
  return [[...running, ...coming.filter(isToday)], coming.filter((each) => !isToday(each))];
}

function Part({ title, sessions, first = false }: { title: string; sessions: LiveSession[]; first?: boolean }) {
  if (sessions.length === 0) return null;
  return (
    <section className="sessions-part">
      <h2>{title}</h2>
      <ul role="list">
        {sessions.map((session, index) => (
          <li key={session.id}>
            <Card session={session} next={first && index === 0} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Card({ session, next }: { session: LiveSession; next: boolean }) {
  const t = useTexts();
  const formats = useFormats();
  const over = session.status === "ended" || session.status === "cancelled";
  const running = session.status === "active" || session.status === "paused" || session.status === "starting";
  const score = session.you?.participationScore;
  return (
    <article className={`session-card ${next ? "session-card-next" : ""}`}>
      <div className="session-when">
        <strong>{formats.time(session.actualStart ?? session.scheduledStart)}</strong>
        <span className="soft small">{formats.day(session.actualStart ?? session.scheduledStart)}</span>
      </div>
      <div className="grow stack-tight">
        <h3 className="session-title words">{session.title}</h3>
        <p className="soft small">
          {running ? (
            <span className={`live-mark ${session.status === "active" ? "" : "live-mark-still"}`}>
              {t.status[session.status]}
            </span>
          ) : (
            t.status[session.status]
          )}
          {session.you?.role && ` · ${t.roles[session.you.role]}`}
          {over && typeof score === "number" && session.you?.role === "participant" && ` · ${t.sessions.score(score)}`}
        </p>
      </div>
      <TheButton session={session} next={next} />
    </article>
  );
}

/** The one thing to do with it now. */
function TheButton({ session, next }: { session: LiveSession; next: boolean }) {
  const t = useTexts();
  const [fault, setFault] = useState<string>();
  const path = `/sessions/${session.id}`;
  const look = next ? ({ look: "primary", size: "large" } as const) : ({ look: "edged" } as const);
  const open = async () => {
    try {
      await api.post(`/live-sessions/${session.id}/start`);
    } catch (error) {
      const { code, retryAfter } = asProblem(error);
      if (code !== "session.illegal_transition") return setFault(t.problem(code, retryAfter)); // else: it is open already
    }
    go(path);
  };
  if (session.status === "scheduled" && session.instructorId === identity.userId)
    return (
      <>
        <Button {...look} onPress={() => void open()}>
          {t.sessions.open}
        </Button>
        {fault !== undefined && <Notice kind="fault">{fault}</Notice>}
      </>
    );
  if (session.status === "cancelled") return null;
  if (session.status === "ended")
    return (
      <div className="row wrap">
        {typeof session.actualStart === "string" && (
          <a className={buttonClass({})} {...linkTo(`${path}/replay`)}>
            {t.summary.replay}
          </a>
        )}
        <a className={buttonClass({})} {...linkTo(path)}>
          {t.sessions.summary}
        </a>
      </div>
    );
  return (
    <a className={buttonClass(look)} {...linkTo(path)}>
      {t.sessions.join}
    </a>
  );
}
