// While one waits: whether one hears and is heard, and how good the connection is. Optional, and nothing of it leaves the page.
import { useTexts } from "../../texts";
import { useSoundTexts } from "../../texts/sound";
import { useRoom } from "../room/RoomContext";
import { CheckRow, MicrophoneCheck, SpeakerCheck } from "../sound/SelfCheck";

export function SelfCheck() {
  const t = useTexts();
  return (
    <details className="check-self">
      <summary>
        {t.lobby.check} <span className="soft small">{t.lobby.checkText}</span>
      </summary>
      <div className="check-rows">
        <MicrophoneCheck />
        <SpeakerCheck />
        <Connection />
      </div>
    </details>
  );
}

function Connection() {
  const t = useTexts();
  const sound = useSoundTexts();
  const { state } = useRoom();
  const { rttMs, loss } = state.pulse;
  const word =
    state.phase !== "live"
      ? t.connection.away
      : loss > 0.1 || (rttMs ?? 0) > 400
        ? t.connection.poor
        : loss > 0.02 || (rttMs ?? 0) > 150
          ? t.connection.fair
          : t.connection.good;
  return (
    <CheckRow icon="signal" title={sound.connection}>
      <span>{word}</span>
      {rttMs !== undefined && <span className="soft small numbers">{t.connection.rtt(rttMs)}</span>}
    </CheckRow>
  );
}
