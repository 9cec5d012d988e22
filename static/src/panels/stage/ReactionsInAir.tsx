// Reactions pass over the stage for a moment, at most a handful at a time. They are not read out: they are meant to be seen.
import { useEffect, useState } from "react";
import { useLatestRoom, useRoom } from "../room/RoomContext";

interface Passing {
  key: number;
  emoji: string;
  name: string;
}

const SHOWN_MS = 3_500;
const SHOWN_MAX = 8;

export function ReactionsInAir() {
  const { session } = useRoom();
  const latest = useLatestRoom();
  const [passing, setPassing] = useState<readonly Passing[]>([]);
  useEffect(() => {
    const timers = new Set<ReturnType<typeof setTimeout>>();
    const stop = session.onEvents((events) => {
      const now = events.flatMap((event) =>
        event.type === "reaction.sent" && event.room === latest.current.here
          ? [{ key: event.seq, emoji: event.emoji, name: session.state.names[event.actor ?? ""]?.name ?? "" }]
          : [],
      );
      if (now.length === 0) return;
      setPassing((before) => [...before, ...now].slice(-SHOWN_MAX));
      const keys = new Set(now.map((each) => each.key));
      timers.add(setTimeout(() => setPassing((all) => all.filter((each) => !keys.has(each.key))), SHOWN_MS));
    });
    return () => {
      stop();
      for (const timer of timers) clearTimeout(timer);
    };
  }, [session, latest]);
  return (
    <div className="air" aria-hidden="true">
      {passing.map(({ key, emoji, name }) => (
        <span key={key} className="air-one">
          <span className="air-emoji">{emoji}</span>
          <span className="air-name">{name}</span>
        </span>
      ))}
    </div>
  );
}
