// What stands between somebody and the sound, with the one thing to do about it: the browser keeps the page silent, another
// window has the sound, the microphone did not come. Above the controls, where refusals stand, too.
import { Button } from "../../design/Button";
import { Icon } from "../../design/Icon";
import { useSoundTexts } from "../../texts/sound";
import { useSound } from "./SoundContext";

export function SoundNotices() {
  const t = useSoundTexts();
  const { voice, sound, on, blocked, unblock, turn, microphone, takeMicrophone, dismissFault } = useSound();
  const ended = voice === "out" && on ? sound.refused?.code : undefined;
  const { fault } = microphone;
  return (
    <div role="status" className="sound-notices">
      {blocked && (
        <div className="sound-notice">
          <Icon name="speakerOff" />
          <span className="grow">{t.blocked}</span>
          <Button size="small" look="primary" onPress={unblock}>
            {t.unblock}
          </Button>
        </div>
      )}
      {ended !== undefined && (
        <div className="sound-notice">
          <Icon name="speakerOff" />
          <span className="grow">{ended === "taken_over" ? t.ended.taken_over : t.ended.other}</span>
          <Button size="small" look="edged" onPress={() => turn(true)}>
            {ended === "taken_over" ? t.here : t.again}
          </Button>
        </div>
      )}
      {fault !== undefined && (
        <div className="sound-notice">
          <Icon name="micOff" />
          <span className="grow">{t.faults[fault]}</span>
          {fault !== "insecure" && (
            <Button size="small" look="edged" onPress={() => void takeMicrophone()}>
              {t.again}
            </Button>
          )}
          <Button size="small" onPress={dismissFault}>
            {t.dismiss}
          </Button>
        </div>
      )}
    </div>
  );
}
