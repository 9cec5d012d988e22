// Everything about one's own sound: what it is now, which microphone and speaker, whether they work, whether there are captions,
// and whether one's voice may be recorded. Loaded when it is opened.
import { useEffect, useRef } from "react";
import { Button } from "../../design/Button";
import { Choose, type Option, Toggle } from "../../design/Field";
import { Overlay } from "../../design/Overlay";
import { type SoundTexts, useSoundTexts } from "../../texts/sound";
import { ConsentSetting } from "../recording/ConsentSetting";
import { usePlace } from "../room/place";
import { CaptionSetting } from "./CaptionSetting";
import { choosesSpeaker } from "./meter";
import { ToneCheck, Verdict } from "./SelfCheck";
import { useSound } from "./SoundContext";
import type { Voice } from "./voice";

export default function SoundSettings({ onClose }: { onClose(): void }) {
  const t = useSoundTexts();
  const { phone } = usePlace();
  const { voice, sound, on, turn, lookAround } = useSound();
  const latest = useRef(lookAround);
  useEffect(() => latest.current(), []);
  return (
    <Overlay open onClose={onClose} title={t.title}>
      <div className="stack">
        <p role="status">
          {sound.phase === "retrying" ? t.away : sound.phase === "connecting" ? t.coming : toldOf(voice, t)}{" "}
          {voice === "muted" && !phone && t.hold}
        </p>
        <Toggle on={on} onChange={turn}>
          {t.hear}
        </Toggle>
        <OwnMicrophone />
        <OwnSpeaker />
        <CaptionSetting />
        <ConsentSetting />
      </div>
    </Overlay>
  );
}

const toldOf = (voice: Voice, t: SoundTexts): string => t.told[voice === "none" ? "out" : voice];

function OwnMicrophone() {
  const t = useSoundTexts();
  const { voice, microphone, takeMicrophone, stopMicrophone } = useSound();
  const { track, status, inputs, wanted, fault } = microphone;
  if (voice === "forbidden") return null;
  return (
    <section className="sound-part" aria-label={t.microphone}>
      {track === null ? (
        <h3 className="sound-label">{t.microphone}</h3>
      ) : (
        <Choose
          label={t.microphone}
          value={wanted}
          options={optionsOf(inputs, t)}
          onChange={(device) => void takeMicrophone(device)}
        />
      )}
      <div className="row wrap">
        {track === null ? (
          <Button look="edged" size="small" isDisabled={status === "asking"} onPress={() => void takeMicrophone()}>
            {status === "asking" ? t.asking : t.microphoneUse}
          </Button>
        ) : (
          <>
            <Verdict track={track} />
            <Button size="small" onPress={stopMicrophone}>
              {t.microphoneStop}
            </Button>
          </>
        )}
      </div>
      {fault !== undefined && <p className="soft">{t.faults[fault]}</p>}
    </section>
  );
}

function OwnSpeaker() {
  const t = useSoundTexts();
  const { microphone, speaker, chooseSpeaker } = useSound();
  return (
    <section className="sound-part" aria-label={t.speaker}>
      {choosesSpeaker() && microphone.outputs.length > 0 ? (
        <Choose label={t.speaker} value={speaker} options={optionsOf(microphone.outputs, t)} onChange={chooseSpeaker} />
      ) : (
        <h3 className="sound-label">{t.speaker}</h3>
      )}
      <div className="row wrap">
        <ToneCheck speaker={speaker} />
      </div>
    </section>
  );
}

/** The system's own choice stands first, and once. */
function optionsOf(devices: readonly MediaDeviceInfo[], t: SoundTexts): Option<string>[] {
  const named = devices.filter((each) => each.deviceId !== "default" && each.deviceId !== "communications");
  const others = named.map((each, place) => ({ value: each.deviceId, label: each.label || t.device(place + 1) }));
  return [{ value: "", label: t.standard }, ...others];
}
