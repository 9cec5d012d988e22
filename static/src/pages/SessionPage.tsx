// One session at its address: connecting, waiting in the lobby, in the room, after its end, or why one is not there.
import { lazy, Suspense, useEffect, useState } from "react";
import { identity, kept, keptInTab } from "../app/client";
import { Frame } from "../app/Frame";
import { go, linkTo } from "../app/router";
import { Empty, Notice, Waiting } from "../design/Bits";
import { Button, buttonClass } from "../design/Button";
import { Lobby } from "../panels/lifecycle/Lobby";
import { Room } from "../panels/room/Room";
import { RoomProvider } from "../panels/room/RoomContext";
import { connectTo } from "../session/connection";
import type { SessionState } from "../session/session";
import { useNewerBuild, useSession } from "../session/useSession";
import { useTexts } from "../texts";
import { Summary } from "./Summary";

const ResultsPage = lazy(async () => ({ default: (await import("../panels/breakouts/ResultsPage")).ResultsPage }));
const connect = connectTo("");
const IDLE_BEFORE_RELOAD_MS = 3_000;
const RELOADED = "atelier.reloaded";

export interface SessionPageProps {
  id: string;
  userId: string;
  /** The breakout rooms whose results are looked at, while one stays in the session. */
  results?: string | undefined;
}

export function SessionPage(props: SessionPageProps) {
  const [visit, setVisit] = useState(0);
  return <Visit key={visit} {...props} onAgain={() => setVisit((now) => now + 1)} />;
}

function Visit({ id, userId, results, onAgain }: SessionPageProps & { onAgain(): void }) {
  const [session, state] = useSession({
    sessionId: id,
    userId,
    connect,
    kept,
    token: (renewed) => identity.token(renewed),
  });
  useReload(useNewerBuild(state), state);
  const { view, you, phase, closed } = state;
  const title = view?.lifecycle.title;
  useEffect(() => {
    document.title = title === undefined ? "Atelier" : `${title} · Atelier`;
    return () => {
      document.title = "Atelier";
    };
  }, [title]);

  if (phase === "closed" && closed !== undefined) return <Closed code={closed.code} onAgain={onAgain} />;
  if (view === null || you === null) return <Connecting />;
  const { status } = view.lifecycle;
  return (
    <RoomProvider session={session} state={state} view={view}>
      {results !== undefined && you.standing.admitted ? (
        <Suspense fallback={<Connecting />}>
          <ResultsPage setId={results} />
        </Suspense>
      ) : status === "ended" || status === "cancelled" ? (
        <Summary />
      ) : you.standing.admitted ? (
        <Room />
      ) : (
        <Lobby />
      )}
    </RoomProvider>
  );
}

const PATIENCE_MS = 4_000;

function Connecting() {
  const t = useTexts();
  const [long, setLong] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <Frame narrow>
      {long && <Notice>{t.problem("offline")}</Notice>}
      <Waiting text={t.connection.connecting} />
    </Frame>
  );
}

/** Loads the server's present build once nothing is being written, decided in a dialog, or waits to be sent. */
function useReload(newer: string | null, state: SessionState): void {
  const busy = state.pending.length > 0;
  useEffect(() => {
    // Once for each build: where something between here and the server holds on to an old page, it would never end.
    if (newer === null || busy || keptInTab.get(RELOADED) === newer) return;
    const timer = setInterval(() => {
      const field = document.activeElement;
      const typed = field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement ? field.value : "";
      const asked = document.querySelector("[role=dialog], [role=alertdialog], [role=menu]") !== null;
      if (typed !== "" || asked) return;
      keptInTab.set(RELOADED, newer);
      location.reload();
    }, IDLE_BEFORE_RELOAD_MS);
    return () => clearInterval(timer);
  }, [newer, busy]);
}

function Closed({ code, onAgain }: { code: string; onAgain(): void }) {
  const t = useTexts();
  const signedOut = code === "unauthenticated" || code === "revoked";
  const [title, text] = (t.closed[code.replace(/^participant\./, "")] ??
    (signedOut ? t.closed["revoked"] : t.closed["other"]))!;
  useEffect(() => {
    if (signedOut) identity.forget();
  }, [signedOut]);
  return (
    <Frame narrow>
      <Empty icon="exit" title={title}>
        <div className="stack">
          <p>{text}</p>
          {signedOut ? (
            <Button look="primary" onPress={() => go(`/sign-in?next=${encodeURIComponent(location.pathname)}`)}>
              {t.closedActs.signIn}
            </Button>
          ) : code === "removed" ? (
            <Button look="primary" onPress={onAgain}>
              {t.closedActs.comeBack}
            </Button>
          ) : (
            t.closed[code] === undefined && (
              <Button look="primary" onPress={onAgain}>
                {t.closedActs.again}
              </Button>
            )
          )}
          <a className={buttonClass({})} {...linkTo("/")}>
            {t.closedActs.home}
          </a>
        </div>
      </Empty>
    </Frame>
  );
}
