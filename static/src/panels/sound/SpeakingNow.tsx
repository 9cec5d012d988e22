// Who speaks just now, by name, for those who do not see the list of people. A line of its own width: names come and go in
// it and move nothing. Nothing for screen readers: they hear the voices.
import { useSyncExternalStore } from "react";
import { placeOf } from "../../session/standing";
import { useFormats } from "../../texts";
import { useSoundTexts } from "../../texts/sound";
import { useRoom } from "../room/RoomContext";
import { useSound } from "./SoundContext";
import { Bars } from "./VoiceMark";

const NAMES_MAX = 3;

export function SpeakingNow() {
  const t = useSoundTexts();
  const formats = useFormats();
  const { view, me, here, nameOf } = useRoom();
  const { levels } = useSound();
  const speaking = useSyncExternalStore(levels.subscribe, () => levels.speaking);
  const names = speaking
    .filter((user) => user !== me && placeOf(view, user) === here)
    .slice(0, NAMES_MAX)
    .map(nameOf);
  if (names.length === 0) return null;
  return (
    <span className="speaking-now soft small" aria-hidden="true">
      <Bars loudness={2} />
      <span className="clip">{(names.length > 1 ? t.nowSpeakingMany : t.nowSpeaking)(formats.list(names))}</span>
    </span>
  );
}
