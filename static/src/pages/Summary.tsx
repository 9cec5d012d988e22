// After the end: what happened, for everybody who was there; one's own part in it, explained; and for the staff who was
// there when, how it was taken part in, who stayed silent, and the tables to take along.
import { lazy, type ReactNode, Suspense, useEffect } from "react";
import { type AskedState, useAsked } from "../app/asked";
import { Frame } from "../app/Frame";
import { linkTo } from "../app/router";
import { saveFile } from "../app/saving";
import { Notice } from "../design/Bits";
import { Button, buttonClass } from "../design/Button";
import { Icon } from "../design/Icon";
import { AttendanceBars } from "../panels/engagement/AttendanceBars";
import { Distribution } from "../panels/engagement/Distribution";
import { OwnScore } from "../panels/engagement/OwnScore";
import { type Score, silentOf } from "../panels/engagement/reading";
import { ScoreTable } from "../panels/engagement/ScoreTable";
import { setsOf } from "../panels/breakouts/reading";
import { PollResults } from "../panels/polls/PollResults";
import { partsOf, wordsOf } from "../panels/polls/reading";
import { QuestionTold } from "../panels/questions/QuestionTold";
import { runsOf } from "../panels/recording/reading";
import { RecordingAfter } from "../panels/recording/RecordingAfter";
import { useRoom } from "../panels/room/RoomContext";
import { isStaffRole } from "../session/standing";
import { useFormats, useTexts } from "../texts";
import { useRecordingTexts } from "../texts/recording";
import "../panels/engagement/engagement.css";
import "../panels/polls/polls.css";
import "../panels/questions/questions.css";

const BoardsAfter = lazy(() => import("../panels/board/BoardsAfter"));

interface SummaryDocument {
  summary?: string | null;
  participantCount: number;
  engagementScore?: number | null;
  you?: Score | null;
}

interface Engagement {
  engagementScore?: number | null;
  medianScore?: number | null;
  items: Score[];
}

const MINUTE_MS = 60_000;
const ASK_AGAIN_MS = 2_000;
const TOP_QUESTIONS = 5;

export function Summary() {
  const t = useTexts();
  const formats = useFormats();
  const { view, session, state, role, feature } = useRoom();
  const path = `/live-sessions/${session.sessionId}`;
  const { title, status, actualStart, actualEnd, reason } = view.lifecycle;
  const wasIn = state.you?.standing.admitted ?? false;
  const summary = useAsked<SummaryDocument>(actualStart === undefined || !wasIn ? null : `${path}/summary`);
  const settled = useSettled(summary);
  const staff = isStaffRole(role);
  const begin = Date.parse(actualStart ?? view.at);
  const end = Date.parse(actualEnd ?? view.at);
  return (
    <Frame signedIn>
      <div className="summary">
        <header className="stack-tight">
          <p className="soft">
            {t.status[status]} · {formats.day(begin)}, {formats.time(begin)}
          </p>
          <h1 className="words">{title}</h1>
          {status === "cancelled" && (
            <p>
              {t.summary.cancelled} {reason !== undefined && (t.summary.cancelledWhy[reason] ?? reason)}
            </p>
          )}
          {actualStart !== undefined && (
            <p>
              {t.summary.lasted(Math.max(1, Math.round((end - begin) / MINUTE_MS)))}{" "}
              {summary.value !== null && t.summary.attended(summary.value.participantCount)}
            </p>
          )}
        </header>
        {actualStart !== undefined && wasIn && (
          <div>
            <a className={buttonClass({ look: "primary" })} {...linkTo(`/sessions/${session.sessionId}/replay`)}>
              <Icon name="play" />
              {t.summary.replay}
            </a>
          </div>
        )}
        {!wasIn && <p className="soft">{t.summary.notIn}</p>}
        {summary.problem !== null && <Notice kind="fault">{t.problem(summary.problem.code)}</Notice>}
        {summary.value?.you && !staff && (
          <Part title={t.summary.yourScore}>
            {settled ? <OwnScore score={summary.value.you} /> : <p className="soft">{t.summary.noScore}</p>}
          </Part>
        )}
        {actualStart !== undefined && wasIn && (
          <>
            <Recorded />
            <Rooms />
            <Polls />
            <Questions />
            {feature("whiteboard") !== undefined && (
              <Suspense fallback={null}>
                <BoardsAfter />
              </Suspense>
            )}
            {staff && <ForStaff key={String(settled)} path={path} session={session.sessionId} begin={begin} end={end} />}
          </>
        )}
        <div>
          <a className={buttonClass({ look: "edged" })} {...linkTo("/")}>
            {t.summary.home}
          </a>
        </div>
      </div>
    </Frame>
  );
}

/** Whether the figures are final; until then they are asked for again, because those of the running session may still be told. */
function useSettled({ value, again }: AskedState<SummaryDocument>): boolean {
  const settled = typeof value?.summary === "string";
  useEffect(() => {
    if (value === null || settled) return;
    const timer = setTimeout(again, ASK_AGAIN_MS);
    return () => clearTimeout(timer);
  }, [value, settled, again]);
  return settled;
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="summary-part">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function Recorded() {
  const t = useRecordingTexts();
  const { view, feature } = useRoom();
  if (feature("recording") === undefined && runsOf(view).length === 0) return null;
  return (
    <Part title={t.after}>
      <RecordingAfter />
    </Part>
  );
}

/** What was made in breakout rooms stands on pages of its own. */
function Rooms() {
  const t = useTexts();
  const { view, session } = useRoom();
  const closed = setsOf(view.breakouts).filter((each) => each.status === "closed");
  if (closed.length === 0) return null;
  return (
    <Part title={t.breakouts.summary}>
      <ul role="list" className="row wrap">
        {closed.reverse().map((set) => (
          <li key={set.id}>
            <a
              className={buttonClass({ look: "edged" })}
              {...linkTo(`/sessions/${session.sessionId}/breakouts/${set.id}`)}
            >
              {t.breakouts.resultsTitle(set.name)}
            </a>
          </li>
        ))}
      </ul>
    </Part>
  );
}

function Polls() {
  const t = useTexts();
  const { view, me } = useRoom();
  const polls = partsOf(view.polls).closed.reverse();
  return (
    <Part title={t.summary.polls}>
      {polls.length === 0 && <p className="soft">{t.summary.noPolls}</p>}
      {polls.map((poll) => (
        <div key={poll.id} className="summary-item">
          <h3 className="words">{wordsOf(poll, t.polls).question}</h3>
          <PollResults poll={poll} own={poll.votes[me]} />
        </div>
      ))}
    </Part>
  );
}

function Questions() {
  const t = useTexts();
  const { view, nameOf } = useRoom();
  const shown = Object.values(view.questions?.questions ?? {})
    .filter((each) => each.room === undefined)
    .filter((each) => each.state === "open" || each.state === "answering" || each.state === "answered")
    .sort((one, other) => other.votes - one.votes || one.seq - other.seq)
    .slice(0, TOP_QUESTIONS);
  return (
    <Part title={t.summary.questions}>
      {shown.length === 0 && <p className="soft">{t.summary.noQuestions}</p>}
      {shown.map((question) => (
        <div key={question.id} className="summary-item stack-tight">
          <QuestionTold question={question} nameOf={nameOf} />
        </div>
      ))}
    </Part>
  );
}

function ForStaff({ path, session, begin, end }: { path: string; session: string; begin: number; end: number }) {
  const t = useTexts();
  const formats = useFormats();
  const { nameOf } = useRoom();
  const engagement = useAsked<Engagement>(`${path}/engagement`);
  const scores = engagement.value?.items ?? [];
  const silent = silentOf(scores);
  return (
    <>
      <Part title={t.summary.attendance}>
        <p className="soft">{t.summary.attendanceText}</p>
        <AttendanceBars session={session} begin={begin} end={end} />
      </Part>
      <Part title={t.summary.engagement}>
        <p className="soft">{t.summary.engagementText}</p>
        {engagement.problem !== null && <Notice kind="fault">{t.problem(engagement.problem.code)}</Notice>}
        {engagement.value !== null && (
          <>
            <Distribution
              scores={scores}
              average={engagement.value.engagementScore ?? null}
              median={engagement.value.medianScore ?? null}
            />
            <ScoreTable scores={scores} />
            <div>
              <h3>{t.summary.silent}</h3>
              <p className="soft">
                {silent.length === 0 ? t.summary.silentNone : formats.list(silent.map((each) => nameOf(each.userId)))}
              </p>
            </div>
          </>
        )}
      </Part>
      <Part title={t.summary.export}>
        <div className="row wrap">
          <Button
            look="edged"
            icon="download"
            onPress={() => void saveFile(`${path}/attendance.csv`, "attendance.csv")}
          >
            {t.summary.exportAttendance}
          </Button>
          <Button
            look="edged"
            icon="download"
            onPress={() => void saveFile(`${path}/engagement.csv`, "engagement.csv")}
          >
            {t.summary.exportEngagement}
          </Button>
        </div>
      </Part>
    </>
  );
}
