// Whether one hears and is heard, said in words within five seconds: what the microphone takes in, and a tone. Optional, and
// nothing of it leaves the page. In the room it looks at the microphone that is in use, elsewhere at one of its own.
import { type ReactNode, useCallback, useEffect, useState, useSyncExternalStore } from "react";
import { Button } from "../../design/Button";
import { Icon, type IconName } from "../../design/Icon";
import { useSoundTexts } from "../../texts/sound";
import { measure, playTone } from "./meter";
import { devicesOfBrowser, Microphone } from "./microphone";
import { isSpeech } from "./voice";
import "./sound.css";

export function CheckRow({ icon, title, children }: { icon: IconName; title: string; children: ReactNode }) {
  return (
    <div className="check-row">
      <Icon name={icon} />
      <span className="check-title">{title}</span>
      <div className="grow row wrap">{children}</div>
    </div>
  );
}

/** With a microphone of its own, which is given back when it is over. */
export function MicrophoneCheck() {
  const t = useSoundTexts();
  const [microphone] = useState(() => new Microphone(devicesOfBrowser()));
  const { status, track, fault } = useSyncExternalStore(microphone.subscribe, () => microphone.state);
  useEffect(() => () => microphone.close(), [microphone]);
  return (
    <CheckRow icon="mic" title={t.microphone}>
      {track === null && fault === undefined && (
        <Button size="small" look="edged" isDisabled={status === "asking"} onPress={() => void microphone.start()}>
          {status === "asking" ? t.asking : t.tryIt}
        </Button>
      )}
      {track !== null && (
        <>
          <Verdict track={track} />
          <Button size="small" onPress={() => microphone.stop()}>
            {t.stop}
          </Button>
        </>
      )}
      {fault !== undefined && (
        <>
          <span className="soft">{t.faults[fault]}</span>
          {fault !== "insecure" && (
            <Button size="small" look="edged" onPress={() => void microphone.start()}>
              {t.again}
            </Button>
          )}
        </>
      )}
    </CheckRow>
  );
}

const VERDICT_AFTER_MS = 5_000;
const HEARD_FOR = 3;
const FULL = 0.3;

/** The level of a microphone, and what it means. */
export function Verdict({ track }: { track: MediaStreamTrack }) {
  const t = useSoundTexts();
  const [level, setLevel] = useState(0);
  const [verdict, setVerdict] = useState<"waiting" | "heard" | "deaf">("waiting");
  useEffect(() => {
    let heard = 0;
    setVerdict("waiting");
    const patience = setTimeout(() => setVerdict((now) => (now === "heard" ? now : "deaf")), VERDICT_AFTER_MS);
    const stop = measure(track, (now) => {
      setLevel(now);
      if (isSpeech(now)) heard += 1;
      if (heard >= HEARD_FOR) setVerdict("heard");
    });
    return () => {
      clearTimeout(patience);
      stop();
    };
  }, [track]);
  return (
    <>
      <meter className="level" min={0} max={FULL} value={Math.min(level, FULL)} aria-label={t.level} />
      <span role="status">{verdict === "heard" ? t.hears : verdict === "deaf" ? t.deaf : t.hearing}</span>
    </>
  );
}

type Tone = "idle" | "playing" | "asked" | "heard" | "not";

export function SpeakerCheck({ speaker = "" }: { speaker?: string }) {
  const t = useSoundTexts();
  return (
    <CheckRow icon="speaker" title={t.speaker}>
      <ToneCheck speaker={speaker} />
    </CheckRow>
  );
}

export function ToneCheck({ speaker }: { speaker: string }) {
  const t = useSoundTexts();
  const [tone, setTone] = useState<Tone>("idle");
  const play = useCallback(() => {
    setTone("playing");
    void playTone(speaker).then(() => setTone((now) => (now === "playing" ? "asked" : now)));
  }, [speaker]);
  const asks = tone === "playing" || tone === "asked";
  return (
    <>
      <Button size="small" look="edged" onPress={play} isDisabled={tone === "playing"}>
        {t.tone}
      </Button>
      <span role="status">
        {tone === "playing" && t.tonePlaying}
        {tone === "asked" && t.toneAsk}
        {tone === "heard" && t.toneWorks}
        {tone === "not" && t.toneFails}
      </span>
      {asks && (
        <>
          <Button size="small" onPress={() => setTone("heard")}>
            {t.toneHeard}
          </Button>
          <Button size="small" onPress={() => setTone("not")}>
            {t.toneNot}
          </Button>
        </>
      )}
    </>
  );
}
