// Whether one hears and is heard: a microphone level, a tone, the connection. Optional, and nothing of it leaves the page.
import { type ReactNode, useEffect, useRef, useState } from "react";
import { Button } from "../../design/Button";
import { Icon } from "../../design/Icon";
import { useTexts } from "../../texts";
import { useRoom } from "../room/RoomContext";

type MicrophoneState = "idle" | "listening" | "heard" | "none" | "insecure";
const HEARD_LEVEL = 0.04;
const TONE_MS = 1_000;

export function SelfCheck() {
  const t = useTexts();
  return (
    <details className="check-self">
      <summary>
        {t.lobby.check} <span className="soft small">{t.lobby.checkText}</span>
      </summary>
      <div className="check-rows">
        <Microphone />
        <Speaker />
        <Connection />
      </div>
    </details>
  );
}

function Row({ icon, title, children }: { icon: "mic" | "speaker" | "signal"; title: string; children: ReactNode }) {
  return (
    <div className="check-row">
      <Icon name={icon} />
      <span className="check-title">{title}</span>
      <div className="grow row wrap">{children}</div>
    </div>
  );
}

function Microphone() {
  const t = useTexts();
  const [state, setState] = useState<MicrophoneState>(() => (window.isSecureContext ? "idle" : "insecure"));
  const [level, setLevel] = useState(0);
  const stop = useRef<() => void>(() => undefined);
  useEffect(() => () => stop.current(), []);

  const listen = async () => {
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      setState("listening");
      stop.current = measure(stream, (now) => {
        setLevel(now);
        if (now > HEARD_LEVEL) setState("heard");
      });
    } catch {
      setState("none");
    }
  };
  const end = () => {
    stop.current();
    setState("idle");
  };

  const listening = state === "listening" || state === "heard";
  return (
    <Row icon="mic" title={t.lobby.microphone}>
      {state === "idle" && (
        <Button size="small" look="edged" onPress={() => void listen()}>
          {t.lobby.microphoneTry}
        </Button>
      )}
      {listening && (
        <>
          <meter className="level" min={0} max={0.3} value={Math.min(level, 0.3)} aria-label={t.lobby.microphone} />
          <span role="status">{state === "heard" ? t.lobby.microphoneHeard : t.lobby.microphoneSay}</span>
          <Button size="small" onPress={end}>
            {t.lobby.microphoneStop}
          </Button>
        </>
      )}
      {state === "none" && <span className="soft">{t.lobby.microphoneNone}</span>}
      {state === "insecure" && <span className="soft">{t.lobby.microphoneInsecure}</span>}
    </Row>
  );
}

/** Reports the loudness, 0 to 1, ten times a second, until the returned function is called. */
function measure(stream: MediaStream, report: (level: number) => void): () => void {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    report(Math.sqrt(samples.reduce((sum, each) => sum + each * each, 0) / samples.length));
  }, 100);
  return () => {
    clearInterval(timer);
    for (const track of stream.getTracks()) track.stop();
    void context.close();
  };
}

function Speaker() {
  const t = useTexts();
  const [playing, setPlaying] = useState(false);
  const play = () => {
    const context = new AudioContext();
    const tone = context.createOscillator();
    const volume = context.createGain();
    tone.frequency.value = 440;
    volume.gain.value = 0.15;
    tone.connect(volume).connect(context.destination);
    tone.start();
    setPlaying(true);
    setTimeout(() => {
      void context.close();
      setPlaying(false);
    }, TONE_MS);
  };
  return (
    <Row icon="speaker" title={t.lobby.speaker}>
      <Button size="small" look="edged" onPress={play} isDisabled={playing}>
        {t.lobby.speakerTry}
      </Button>
      <span role="status">{playing && t.lobby.speakerPlaying}</span>
    </Row>
  );
}

function Connection() {
  const t = useTexts();
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
    <Row icon="signal" title={t.lobby.connection}>
      <span>{word}</span>
      {rttMs !== undefined && <span className="soft small numbers">{t.connection.rtt(rttMs)}</span>}
    </Row>
  );
}
