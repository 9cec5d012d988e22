// Whoever presents leads: what they look at, everybody who looks at the same page sees, until they move the view
// themselves. One leads on the tab where one pressed "Show to all", until another moderator does.
import { useCallback, useEffect, useRef, useState } from "react";
import { keptInTab } from "../../app/client";
import { useRoom } from "../room/RoomContext";
import type { Program } from "./DrawingSurface";
import { listen, Saying } from "./live";
import { type Scrolled, scrolledTo, type Seen, seenBy } from "./seeing";

const AGAIN_MS = 2_500;
const LEAD_KEPT_MS = 8_000;
const NEAR = 0.5;
/** So long after a touch a view may still glide. */
const TOUCH_MS = 1_500;

const leadKey = (session: string): string => `atelier.leads.${session}`;

/** Whether this tab leads what is shown on the stage. */
export function useLead(shown: boolean): [boolean, (lead: boolean) => void] {
  const { session, me, may } = useRoom();
  const key = leadKey(session.sessionId);
  const [leads, setLeads] = useState(() => keptInTab.get(key) !== null);
  const lead = useCallback(
    (next: boolean) => {
      if (next) keptInTab.set(key, "1");
      else keptInTab.drop(key);
      setLeads(next);
    },
    [key],
  );
  useEffect(
    () =>
      session.onEvents((events) => {
        if (events.some((each) => each.type === "stage.shown" && each.actor !== me)) lead(false);
      }),
    [session, me, lead],
  );
  return [leads && shown && may("can_moderate"), lead];
}

export interface Follow {
  /** Who leads, as far as was heard lately. */
  leader: string | undefined;
  following: boolean;
  again(): void;
  /** A hand or a key was on the board: what moves now, this person moves. */
  touched(): void;
  /** The view moved, by whomever. */
  scrolled(state: Pick<Scrolled, "scrollX" | "scrollY" | "zoom">): void;
  /** Moves the view without looking away by it. */
  go(seen: Seen): void;
}

export function useFollow(program: Program | null, boardId: string, shown: boolean, leads: boolean): Follow {
  const { session } = useRoom();
  const [leader, setLeader] = useState<string | undefined>(undefined);
  const [following, setFollowing] = useState(true);
  const now = useRef({ following, leads, shown, leader });
  now.current = { following, leads, shown, leader };
  const led = useRef<Seen | null>(null);
  const placed = useRef<Pick<Scrolled, "scrollX" | "scrollY" | "zoom"> | null>(null);
  const touchedAt = useRef(0);
  const touched = useCallback(() => {
    touchedAt.current = Date.now();
  }, []);
  const saying = useRef<Saying | null>(null);

  const go = useCallback(
    (seen: Seen) => {
      if (program === null) return;
      const { width, height } = program.getAppState();
      const next = scrolledTo(seen, width, height);
      placed.current = next;
      program.updateScene({ appState: next as never });
    },
    [program],
  );

  const tell = useCallback(() => {
    if (program === null || !now.current.leads) return;
    saying.current?.say({ type: "board.viewport", boardId, ...seenBy(program.getAppState()) });
  }, [program, boardId]);

  useEffect(() => {
    if (program === null || !leads) return;
    const voice = new Saying(session);
    saying.current = voice;
    tell();
    const timer = setInterval(() => {
      voice.stop(); // said again for those who came meanwhile, even when nothing moved
      tell();
    }, AGAIN_MS);
    return () => {
      clearInterval(timer);
      voice.stop();
      saying.current = null;
    };
  }, [program, leads, session, tell]);

  useEffect(() => {
    let silence: ReturnType<typeof setTimeout> | undefined;
    const stop = listen(session, boardId, {
      viewport: (user, seen) => {
        clearTimeout(silence);
        silence = setTimeout(() => setLeader(undefined), LEAD_KEPT_MS);
        setLeader(user);
        led.current = seen;
        const { following: follows, leads: lead, shown: on } = now.current;
        if (follows && on && !lead && program?.getAppState().cursorButton !== "down") go(seen);
      },
    });
    return () => {
      clearTimeout(silence);
      stop();
    };
  }, [session, boardId, program, go]);

  const scrolled = useCallback(
    ({ scrollX, scrollY, zoom }: Pick<Scrolled, "scrollX" | "scrollY" | "zoom">) => {
      const at = placed.current;
      const moved =
        at === null ||
        Math.abs(at.scrollX - scrollX) > NEAR ||
        Math.abs(at.scrollY - scrollY) > NEAR ||
        Math.abs(at.zoom.value - zoom.value) > 0.001;
      const own = moved && Date.now() - touchedAt.current < TOUCH_MS;
      if (own && now.current.leader !== undefined && !now.current.leads) setFollowing(false);
      tell();
    },
    [tell],
  );

  const again = useCallback(() => {
    setFollowing(true);
    if (led.current !== null) go(led.current);
  }, [go]);

  return { leader, following, again, touched, scrolled, go };
}
