// A session for as long as a page shows it, and its state as React reads it. The one file here that knows React and the
// window: it hurries the session when the network or the reader comes back.
import { useEffect, useState, useSyncExternalStore } from "react";
import { newerBuild } from "./build";
import { Session, type SessionOptions, type SessionState } from "./session";

export function useSession(options: SessionOptions): [Session, SessionState] {
  const [session] = useState(() => new Session(options));
  useEffect(() => {
    session.open();
    const hurry = () => session.hurry();
    const seen = () => document.visibilityState === "visible" && session.hurry();
    window.addEventListener("online", hurry);
    document.addEventListener("visibilitychange", seen);
    return () => {
      window.removeEventListener("online", hurry);
      document.removeEventListener("visibilitychange", seen);
      session.close();
    };
  }, [session]);
  return [session, useSyncExternalStore(session.subscribe, () => session.state)];
}

/** The server's build of this page when it has moved on to another; asked whenever the connection came back. */
export function useNewerBuild(state: SessionState): string | null {
  const [newer, setNewer] = useState<string | null>(null);
  const live = state.phase === "live";
  useEffect(() => {
    if (!live) return;
    let gone = false;
    const loaded = document.querySelector<HTMLScriptElement>('script[type="module"][src]')?.getAttribute("src") ?? null;
    const page = async () => (await fetch("/", { cache: "no-store", headers: { accept: "text/html" } })).text();
    void newerBuild(loaded, page).then((answer) => gone || setNewer(answer));
    return () => {
      gone = true;
    };
  }, [live]);
  return newer;
}
