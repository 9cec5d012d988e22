// Whether somebody speaks, beside their name: three bars that rise with the voice, a crossed microphone while they are
// muted, nothing otherwise. It takes the same room in every state, so that nothing moves.
import { useSyncExternalStore } from "react";
import { Icon } from "../../design/Icon";
import type { Loudness } from "../../session/levels";
import { useSoundTexts } from "../../texts/sound";
import { useSound } from "./SoundContext";

export function VoiceMark({ user, muted }: { user: string; muted: boolean }) {
  const t = useSoundTexts();
  const { levels } = useSound();
  const loudness = useSyncExternalStore(levels.subscribe, () => levels.of(user));
  const silent = loudness === 0;
  return (
    <span className="voice-mark">
      {!silent && <Bars loudness={loudness} />}
      {silent && muted && <Icon name="micOff" />}
      {(!silent || muted) && <span className="unseen">{silent ? t.isMuted : t.speaks}</span>}
    </span>
  );
}

export function Bars({ loudness }: { loudness: Loudness }) {
  return (
    <span className="voice-bars" data-loudness={loudness} aria-hidden="true">
      <span />
      <span />
      <span />
    </span>
  );
}
