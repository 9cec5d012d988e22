// Over the microphone's button, for a moment: that one speaks while muted, or who has muted one. It covers nothing that can
// be pressed, and goes by itself.
import { useEffect, useState } from "react";
import { useSoundTexts } from "../../texts/sound";
import { usePlace } from "../room/place";
import { useLatestRoom } from "../room/RoomContext";
import { useSound } from "./SoundContext";
import { Talk } from "./voice";

const SHOWN_MS = 4_000;

export function MutedBubble() {
  const t = useSoundTexts();
  const { phone } = usePlace();
  const { voice } = useSound();
  const [text, setText] = useState<string | null>(null);
  const talks = useTalksWhileMuted();
  const mutedBy = useMutedBy();
  const by = mutedBy === null ? null : t.mutedBy(mutedBy);
  const wanted = by ?? (talks ? (phone ? t.youAreMutedTouch : t.youAreMuted) : null);
  useEffect(() => {
    if (wanted !== null) setText(wanted);
    else {
      const timer = setTimeout(() => setText(null), SHOWN_MS);
      return () => clearTimeout(timer);
    }
    return undefined;
  }, [wanted]);
  return (
    <span role="status" className="bubble-place">
      {text !== null && voice === "muted" && <span className="bubble">{text}</span>}
    </span>
  );
}

function useTalksWhileMuted(): boolean {
  const { own, voice } = useSound();
  const [talks, setTalks] = useState(false);
  const muted = voice === "muted";
  useEffect(() => {
    setTalks(false);
    if (!muted) return undefined;
    const talk = new Talk();
    return own.listen((level) => setTalks(talk.heard(level, performance.now())));
  }, [own, muted]);
  return talks;
}

/** The moderator who has muted one just now. */
function useMutedBy(): string | null {
  const latest = useLatestRoom();
  const [by, setBy] = useState<string | null>(null);
  const { session } = latest.current;
  useEffect(
    () =>
      session.onEvents((events) => {
        const { me, nameOf } = latest.current;
        for (const event of events)
          if (event.type === "participant.muted" && event.actor !== me && event.userIds.includes(me))
            setBy(nameOf(event.actor));
      }),
    [session, latest],
  );
  useEffect(() => {
    if (by === null) return;
    const timer = setTimeout(() => setBy(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [by]);
  return by;
}
