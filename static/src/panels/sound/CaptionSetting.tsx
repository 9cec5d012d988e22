// Captions: staff switch them on for everybody, and whoever does not want to see them puts them away for themselves.
import { useSyncExternalStore } from "react";
import { Toggle } from "../../design/Field";
import { useSoundTexts } from "../../texts/sound";
import { useRoom } from "../room/RoomContext";
import { useSound } from "./SoundContext";

export function CaptionSetting() {
  const t = useSoundTexts();
  const { view, may, submit } = useRoom();
  const { captions, showCaptions } = useSound();
  const { available, hidden } = useSyncExternalStore(captions.subscribe, () => captions.state);
  const on = view.sound?.captions === true;
  const staff = may("can_moderate");
  if (!on && !staff) return null;
  return (
    <section className="sound-part" aria-label={t.captions.title}>
      {staff && (
        <Toggle
          on={on}
          disabled={available === false && !on}
          onChange={(next) => void submit({ type: "captions.switch", on: next })}
        >
          {t.captions.forAll}
        </Toggle>
      )}
      {on && (
        <Toggle on={!hidden} onChange={showCaptions}>
          {t.captions.show}
        </Toggle>
      )}
      <p className="soft small">{available === false ? t.captions.unavailable : t.captions.about}</p>
    </section>
  );
}
