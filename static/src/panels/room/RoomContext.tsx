// What every panel of the room knows: the session, its state of this moment, who one is and what one may do.
import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useState } from "react";
import { api } from "../../app/client";
import type { Command, FeatureType, Permission, SessionFeature, View } from "../../session/protocol";
import type { Session, SessionState } from "../../session/session";
import { hostOf, isStaff, permissionsOf, placeOf, roleOf } from "../../session/standing";
import type { Ack } from "../../session/wire";
import { useTexts } from "../../texts";

export interface RoomNow {
  session: Session;
  state: SessionState;
  view: View;
  me: string;
  role: ReturnType<typeof roleOf>;
  staff: boolean;
  host: boolean;
  /** The breakout room one is in; undefined: the main room. */
  here: string | undefined;
  /** Neither over nor only watching: may take part now, as far as the session's status goes. */
  takesPart: boolean;
  may(permission: Permission): boolean;
  /** The feature when it is on. */
  feature(type: FeatureType): SessionFeature | undefined;
  submit(command: Command): Promise<Ack>;
  nameOf(user: string | undefined): string;
  hostName: string;
  /** An echo of one's own command that the server has not confirmed: by the command's id. */
  isPending(id: string): boolean;
}

const RoomNowContext = createContext<RoomNow | null>(null);

export function useRoom(): RoomNow {
  const room = useContext(RoomNowContext);
  if (room === null) throw new Error("this belongs into a room");
  return room;
}

const LatestContext = createContext<{ readonly current: RoomNow } | null>(null);

/** The room of this moment without being drawn again when it changes: for what many of are drawn, as messages are. */
export function useLatestRoom(): { readonly current: RoomNow } {
  const latest = useContext(LatestContext);
  if (latest === null) throw new Error("this belongs into a room");
  return latest;
}

const RIGHTS_EVERY_MS = 5_000;

export function RoomProvider(props: { session: Session; state: SessionState; view: View; children: ReactNode }) {
  const { session, state, view, children } = props;
  const t = useTexts();
  const now = useClock(RIGHTS_EVERY_MS); // grants end by themselves
  const room = useMemo<RoomNow>(() => {
    const me = session.userId;
    const role = roleOf(view, me);
    const permissions = permissionsOf(view, me, now);
    const pending = new Set(state.pending.map((each) => each.id));
    const nameOf = (user: string | undefined): string =>
      (user !== undefined && state.names[user]?.name) || t.common.someone;
    const { status } = view.lifecycle;
    const moderates = permissions.has("can_moderate");
    return {
      session,
      state,
      view,
      me,
      role,
      staff: isStaff(view, me),
      host: role === "instructor",
      here: placeOf(view, me),
      takesPart: moderates || (status === "active" && role === "participant"),
      may: (permission) => permissions.has(permission),
      feature: (type) => view.lifecycle.features.find((each) => each.type === type && each.isEnabled),
      submit: (command) => session.submit(command),
      nameOf,
      hostName: hostOf(view) === undefined ? t.stage.theHost : nameOf(hostOf(view)?.user),
      isPending: (id) => pending.has(id),
    };
  }, [session, state, view, now, t]);
  const latest = useRef(room);
  latest.current = room;
  return (
    <LatestContext.Provider value={latest}>
      <RoomNowContext.Provider value={room}>{children}</RoomNowContext.Provider>
    </LatestContext.Provider>
  );
}

/** The server's clock, milliseconds, read anew every so often. */
export function useClock(everyMs: number): number {
  const [now, setNow] = useState(() => api.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(api.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
