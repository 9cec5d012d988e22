// What somebody who does not see the page must hear about the rooms: that one was moved, that the room closes in a minute
// and in ten seconds, that somebody asks for help, and what staff tell all rooms.
import { useEffect, useRef, useState } from "react";
import { Said } from "../../design/Bits";
import { useTexts } from "../../texts";
import { useLatestRoom, useRoom } from "../room/RoomContext";
import { roomOf, runningSet } from "./reading";
import { useCountdown } from "./useCountdown";
import { nameOfPlace } from "./words";

const WARN_AT_S = [10, 60] as const;
const SECOND_MS = 1_000;

export function Calls() {
  const [polite, setPolite] = useState("");
  const [urgent, setUrgent] = useState("");
  useMoves(setUrgent);
  useWarnings(setUrgent);
  useCalls(setPolite);
  return <Said polite={polite} urgent={urgent} />;
}

type Say = (text: string) => void;

function useMoves(say: Say): void {
  const t = useTexts();
  const { here, view } = useRoom();
  const was = useRef(here);
  useEffect(() => {
    if (was.current === here) return;
    was.current = here;
    say(here === undefined ? t.breakouts.movedBack : t.breakouts.moved(nameOfPlace(view, here, t)));
  }, [here, view, t, say]);
}

/** Once at each mark on the way down, and again when more time was given meanwhile. */
function useWarnings(say: Say): void {
  const t = useTexts();
  const { here, view } = useRoom();
  const until = roomOf(view.breakouts, here)?.room.closesAt;
  const left = useCountdown(until);
  const mark = left === undefined ? undefined : WARN_AT_S.find((each) => left <= each * SECOND_MS);
  const said = useRef<string | undefined>(undefined);
  useEffect(() => {
    const key = mark === undefined ? undefined : `${mark}.${until}`;
    if (key === said.current) return;
    said.current = key;
    if (mark !== undefined && left !== undefined && left > 0)
      say(t.breakouts.closingIn(Math.min(mark, Math.ceil(left / SECOND_MS))));
  }, [mark, until, left, t, say]);
}

function useCalls(say: Say): void {
  const t = useTexts();
  const latest = useLatestRoom();
  const { session } = latest.current;
  useEffect(
    () =>
      session.onEvents((events) => {
        const { me, staff, nameOf, view } = latest.current;
        for (const event of events) {
          if (event.type === "breakout.broadcasted" && event.actor !== me)
            say(`${t.breakouts.broadcast(nameOf(event.actor))}: ${event.text}`);
          if (event.type === "breakout.helpAsked" && staff && event.actor !== me)
            say(t.breakouts.calledBy(nameOf(event.actor), nameOfPlace(view, event.room, t)));
          if (event.type === "breakout.opening") say(t.breakouts.opening);
          if (event.type === "breakout.opened" && latest.current.here === undefined) {
            const rooms = runningSet(view.breakouts)?.rooms.length ?? 0;
            if (rooms > 0) say(t.breakouts.open(rooms));
          }
        }
      }),
    [session, latest, t, say],
  );
}
