// A page as it was drawn: any moment of it under a slider, by hand or playing, with a colour for each person.
import "./assets";
import { Excalidraw } from "@excalidraw/excalidraw";
import "@excalidraw/excalidraw/index.css";
import { useEffect, useMemo, useRef, useState } from "react";
import { asProblem } from "../../app/asked";
import { Notice } from "../../design/Bits";
import { Button } from "../../design/Button";
import { Toggle } from "../../design/Field";
import { Overlay } from "../../design/Overlay";
import type { Problem } from "../../session/api";
import { BoardHistory } from "../../session/fold/boards";
import type { Page } from "../../session/protocol";
import type { Recorded } from "../../session/wire";
import { useFormats, useLanguage, useTexts } from "../../texts";
import { useBoardTexts } from "../../texts/board";
import { useRoom } from "../room/RoomContext";
import { inkOf } from "./colours";
import type { Program } from "./DrawingSurface";
import { drewAt, fetchPast, momentOf } from "./past";
import { useDark } from "./scheme";
import { Slide, type SlidePlace } from "./Slide";

const FRAME_MS = 100;
const PLAYED_WITHIN_FRAMES = 300;

export function History({ page, name, onClose }: { page: Page; name: string; onClose(): void }) {
  const t = useTexts();
  const b = useBoardTexts();
  const { session, view } = useRoom();
  const [events, setEvents] = useState<Recorded[] | null>(null);
  const [part, setPart] = useState(0);
  const [problem, setProblem] = useState<Problem | null>(null);
  const head = useRef(view.seq);
  useEffect(() => {
    const stopping = new AbortController();
    fetchPast(session.sessionId, head.current, setPart, stopping.signal).then(
      (past) => {
        session.learn(past.names);
        setEvents(past.events);
      },
      (error: unknown) => stopping.signal.aborted || setProblem(asProblem(error)),
    );
    return () => stopping.abort();
  }, [session]);
  const history = useMemo(() => (events === null ? null : new BoardHistory(page.id, events)), [events, page.id]);
  const percent = Math.round(part * 100);
  return (
    <Overlay open onClose={onClose} title={`${b.history}: ${name}`} shape="full">
      {problem !== null && <Notice kind="fault">{t.problem(problem.code)}</Notice>}
      {history === null ? (
        problem === null && (
          <div className="stack" role="status">
            <p>{b.historyLoading(percent)}</p>
            <progress max={100} value={percent} aria-label={b.history} />
          </div>
        )
      ) : history.moments.length === 0 ? (
        <p>{b.historyEmpty}</p>
      ) : (
        <Past history={history} page={page} />
      )}
    </Overlay>
  );
}

function Past({ history, page }: { history: BoardHistory; page: Page }) {
  const b = useBoardTexts();
  const formats = useFormats();
  const { nameOf } = useRoom();
  const { language } = useLanguage();
  const dark = useDark();
  const { moments } = history;
  const last = moments.length - 1;
  const [at, setAt] = useState(last);
  const [playing, setPlaying] = useState(false);
  const [coloured, setColoured] = useState(true);
  const [program, setProgram] = useState<Program | null>(null);
  const [started, setStarted] = useState(false);
  const place = useRef<SlidePlace>(null);
  const moment = moments[at];

  useEffect(() => {
    if (program === null || !started || moment === undefined) return;
    const elements = momentOf(history, moment.seq, coloured) as unknown as Scene;
    program.updateScene({ elements });
  }, [program, started, history, moment, coloured]);

  // What is there at the end decides what part of the page is seen.
  useEffect(() => {
    if (program === null || !started) return;
    const end = momentOf(history, moments[last]?.seq ?? 0, false) as unknown as Fitted;
    if (end.length > 0) program.scrollToContent(end, { fitToViewport: true, viewportZoomFactor: 0.9 });
    place.current?.move(program.getAppState());
  }, [program, started, history, moments, last]);

  useEffect(() => {
    if (!playing) return;
    const by = Math.max(1, Math.ceil(moments.length / PLAYED_WITHIN_FRAMES));
    const timer = setInterval(() => setAt((now) => Math.min(last, now + by)), FRAME_MS);
    return () => clearInterval(timer);
  }, [playing, moments, last]);
  useEffect(() => {
    if (at === last) setPlaying(false);
  }, [at, last]);

  const drew = useMemo(() => (moment === undefined ? [] : drewAt(history.at(moment.seq))), [history, moment]);
  const said = moment === undefined ? "" : b.drewAt(nameOf(moment.actor), formats.time(Date.parse(moment.at)));
  return (
    <div className="past">
      <p className="soft">{b.historyText}</p>
      <div className="past-area" data-own-keys="" aria-hidden="true">
        {page.background !== undefined && <Slide ref={place} background={page.background} />}
        <Excalidraw
          excalidrawAPI={setProgram}
          initialData={INITIAL}
          onChange={(_elements, state) => !state.isLoading && setStarted(true)}
          onScrollChange={(scrollX, scrollY, zoom) => place.current?.move({ scrollX, scrollY, zoom })}
          viewModeEnabled
          zenModeEnabled
          langCode={language === "fr" ? "fr-FR" : "en"}
          theme={dark ? "dark" : "light"}
          aiEnabled={false}
          validateEmbeddable={false}
        />
      </div>
      <div className="past-steer">
        <Button
          look="primary"
          icon={playing ? "pause" : "play"}
          onPress={() => {
            if (!playing && at === last) setAt(0);
            setPlaying(!playing);
          }}
        >
          {playing ? b.pause : b.play}
        </Button>
        <input
          className="grow"
          type="range"
          min={0}
          max={last}
          value={at}
          aria-label={b.moment}
          aria-valuetext={said}
          onChange={(event) => {
            setPlaying(false);
            setAt(Number(event.target.value));
          }}
        />
        <span className="numbers small">{said}</span>
      </div>
      <div className="past-who">
        <Toggle on={coloured} onChange={setColoured}>
          {b.byColour}
        </Toggle>
        <ul role="list" className="past-legend" aria-label={b.who}>
          {drew.map(({ user, elements }) => (
            <li key={user}>
              <span className="past-ink" style={coloured ? { background: inkOf(user) } : {}} />
              {nameOf(user)} <span className="soft small">{b.elements(elements)}</span>
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}

type Scene = NonNullable<Parameters<Program["updateScene"]>[0]["elements"]>;
type Fitted = Exclude<NonNullable<Parameters<Program["scrollToContent"]>[0]>, string | { id: string }>;

const INITIAL = { appState: { viewBackgroundColor: "transparent" } };
