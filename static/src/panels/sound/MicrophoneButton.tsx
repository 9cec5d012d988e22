// The one button of one's own voice: it says what the voice is now, and does the one thing that comes next. M presses it
// from anywhere; the space bar, held while one is muted, lends one's voice for as long as it is held.
import { useEffect, useRef, useState } from "react";
import { Button as AriaButton } from "react-aria-components/Button";
import { Key, Said } from "../../design/Bits";
import { buttonClass, IconButton } from "../../design/Button";
import { Icon } from "../../design/Icon";
import type { Loudness } from "../../session/levels";
import { useSoundTexts } from "../../texts/sound";
import { useKeys } from "../room/keys";
import { usePlace } from "../room/place";
import { ownLoudness } from "./ownLevel";
import { useSound } from "./SoundContext";
import { MutedBubble } from "./MutedBubble";
import { usePushToTalk } from "./usePushToTalk";
import { Bars } from "./VoiceMark";
import "./sound.css";

const ICONS = { out: "speakerOff", forbidden: "micOff", listening: "mic", muted: "micOff" } as const;

export function MicrophoneButton() {
  const t = useSoundTexts();
  const { phone, openDialog } = usePlace();
  const { voice, sound, microphone, turn, takeMicrophone, mute } = useSound();
  const settings = () => openDialog("sound");
  const press = () => {
    if (voice === "out") turn(true);
    else if (voice === "listening") void takeMicrophone();
    else if (voice === "muted" || voice === "live") mute(voice === "live");
    else settings();
  };
  const offered = voice !== "none";
  useKeys(offered ? { m: press } : {});
  usePushToTalk(voice === "muted", mute);
  if (!offered) return null;
  const asking = microphone.status === "asking";
  const there = voice === "out" || sound.phase === "connected";
  const word = there ? voice : sound.phase === "retrying" ? "retrying" : "connecting";
  const words = phone ? t.short : t.states;
  return (
    <span className="control-pair microphone">
      <AriaButton
        className={`${buttonClass({ on: voice === "live" })} microphone-button`}
        data-voice={voice}
        data-push-to-talk=""
        aria-keyshortcuts="M"
        onPress={press}
      >
        {voice === "live" ? <OwnVoice /> : <Icon name={ICONS[voice]} />}
        <span className="microphone-words">
          <span className="microphone-state">{words[word]}</span>
          <span className={phone ? "unseen" : "microphone-act"}>{asking ? t.asking : t.acts[voice]}</span>
        </span>
        {!phone && <Key>M</Key>}
      </AriaButton>
      <IconButton icon="up" label={t.settings} onPress={settings} />
      <MutedBubble />
      <Heard words={t.states[word]} />
    </span>
  );
}

/** The microphone of somebody who is heard: it moves with the voice. */
function OwnVoice() {
  const { own } = useSound();
  const [loudness, setLoudness] = useState<Loudness>(0);
  useEffect(() => own.listen((level) => setLoudness(ownLoudness(level))), [own]);
  return (
    <span className="own-voice">
      {loudness > 0 ? <Bars loudness={loudness} /> : <Icon name="mic" />}
    </span>
  );
}

/** For who does not see the button: what their voice is, whenever that changes. */
function Heard({ words }: { words: string }) {
  const first = useRef(words);
  const [said, setSaid] = useState("");
  useEffect(() => {
    if (words === first.current) return;
    first.current = "";
    setSaid(words);
  }, [words]);
  return <Said polite={said} urgent="" />;
}
