// Captions under whatever is on the stage: who speaks and what they said last, for everybody who wants to see it. Always of
// the same height, so that a sentence moves nothing; what does not fit leaves at the top. Told politely to screen readers.
import { useSyncExternalStore } from "react";
import { IconButton } from "../../design/Button";
import { useSoundTexts } from "../../texts/sound";
import { useRoom } from "../room/RoomContext";
import { useSound } from "./SoundContext";

export function CaptionStrip() {
  const t = useSoundTexts();
  const { view, here, nameOf } = useRoom();
  const { captions, showCaptions } = useSound();
  const { lines, available, hidden } = useSyncExternalStore(captions.subscribe, () => captions.state);
  if (view.sound?.captions !== true || hidden) return null;
  const said = lines.filter(({ room }) => room === here);
  return (
    <section className="captions" aria-label={t.captions.title}>
      <div className="captions-said">
        <div role="log" aria-live="polite">
          {said.map(({ id, user, text }) => (
            <p key={id} dir="auto">
              <b className="captions-name">{nameOf(user)}</b> {text}
            </p>
          ))}
        </div>
        {said.length === 0 && (
          <p className="soft">{available === false ? t.captions.unavailable : t.captions.waiting}</p>
        )}
      </div>
      <IconButton icon="close" size="small" label={t.captions.hide} onPress={() => showCaptions(false)} />
    </section>
  );
}
