// The sound of the room, for every panel that shows or steers it: hears the room from the moment one is in it, without asking
// for anything; brings in the microphone when one wants to speak; and keeps what is sent in step with what the log says of
// one's voice, whoever changed it.
import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import { api, kept, keptInTab } from "../../app/client";
import { Problem } from "../../session/api";
import { Captions } from "../../session/captions";
import { Levels } from "../../session/levels";
import { browserPeer } from "../../session/peer";
import type { Session } from "../../session/session";
import { Sound, type SoundState } from "../../session/sound";
import { useRoom } from "../room/RoomContext";
import { measure } from "./meter";
import { devicesOfBrowser, Microphone, type MicrophoneState } from "./microphone";
import { OwnLevel } from "./ownLevel";
import { usePlaying } from "./usePlaying";
import { isMuted, type Voice, voiceOf } from "./voice";

export interface SoundNow {
  voice: Voice;
  sound: SoundState;
  /** Whether one wants to hear the room at all. */
  on: boolean;
  turn(on: boolean): void;
  microphone: MicrophoneState;
  /** Switches it on, or to another one, and speaks with it. */
  takeMicrophone(device?: string): Promise<void>;
  stopMicrophone(): void;
  dismissFault(): void;
  lookAround(): void;
  mute(muted: boolean): void;
  /** One's own loudness, while there is a microphone. */
  own: OwnLevel;
  levels: Levels;
  captions: Captions;
  showCaptions(shown: boolean): void;
  speaker: string;
  chooseSpeaker(id: string): void;
  /** The browser plays nothing until the person does something. */
  blocked: boolean;
  unblock(): void;
}

const SoundContext = createContext<SoundNow | null>(null);

export function useSound(): SoundNow {
  const sound = useContext(SoundContext);
  if (sound === null) throw new Error("this belongs into a room with sound");
  return sound;
}

const MICROPHONE = "atelier.microphone";
const SPEAKER = "atelier.speaker";
const CAPTIONS_HIDDEN = "atelier.captions.hidden";
const ICE_FOR_MS = 60_000;

export function SoundProvider({ children }: { children: ReactNode }) {
  const { session, view, me, may, submit, role } = useRoom();
  const { status } = view.lifecycle;
  const [{ sound, microphone, levels, captions, own }] = useState(() => partsOf(session));
  const soundState = useSyncExternalStore(sound.subscribe, () => sound.state);
  const microphoneState = useSyncExternalStore(microphone.subscribe, () => microphone.state);
  const memory = `atelier.sound.${session.sessionId}.${me}`;
  const [on, setOn] = useState(() => keptInTab.get(`${memory}.off`) === null);
  const [speaker, setSpeaker] = useState(() => kept.get(SPEAKER) ?? "");
  const { blocked, unblock } = usePlaying(soundState.stream, speaker);

  const running = status === "starting" || status === "active" || status === "paused";
  useEffect(() => {
    if (on && running && role !== undefined) sound.open();
    else sound.close();
  }, [sound, on, running, role, status]);
  useEffect(() => {
    const stop = session.onSignals((signal) => {
      levels.hear(signal);
      captions.hear(signal);
    });
    void microphone.look();
    return () => {
      stop();
      levels.forget();
      captions.forget();
      sound.close();
      microphone.close();
    };
  }, [session, sound, microphone, levels, captions]);
  const captioned = view.sound?.captions === true;
  useEffect(() => {
    if (!captioned) captions.forget();
  }, [captions, captioned]);

  const maySpeak = may("can_speak");
  const muted = isMuted(view, me);
  const { track } = microphoneState;
  useEffect(() => sound.mute(muted || !maySpeak), [sound, muted, maySpeak]);
  useEffect(() => sound.speak(track), [sound, track]);
  useEffect(() => (track === null ? undefined : measure(track, (level) => own.hear(level))), [track, own]);

  const latest = useRef({ muted, maySpeak });
  latest.current = { muted, maySpeak };
  const mute = useCallback((next: boolean) => void submit({ type: "audio.mute", muted: next }), [submit]);
  const takeMicrophone = useCallback(
    async (device?: string) => {
      const was = microphone.state.status === "on";
      if (device !== undefined) kept.set(MICROPHONE, device);
      if (!(await microphone.start(device))) return;
      keptInTab.set(`${memory}.mic`, "1");
      if (!was && latest.current.muted) mute(false); // whoever turns a microphone on wants to be heard
    },
    [microphone, memory, mute],
  );

  // After a reload one goes on as one was, where the browser does not have to ask again.
  useEffect(() => {
    if (keptInTab.get(`${memory}.mic`) === null) return;
    void isAllowed().then((allowed) => allowed && latest.current.maySpeak && microphone.start());
  }, [microphone, memory]);

  const now = useMemo<SoundNow>(
    () => ({
      voice: voiceOf({ on, sound: soundState, maySpeak, microphone: track !== null, muted }),
      sound: soundState,
      on,
      turn: (next) => {
        if (next) keptInTab.drop(`${memory}.off`);
        else keptInTab.set(`${memory}.off`, "1");
        setOn(next);
        if (next && running) sound.open(); // also when the server had ended it
      },
      microphone: microphoneState,
      takeMicrophone,
      stopMicrophone: () => {
        keptInTab.drop(`${memory}.mic`);
        microphone.stop();
      },
      dismissFault: () => microphone.dismiss(),
      lookAround: () => void microphone.look(),
      mute,
      own,
      levels,
      captions,
      showCaptions: (shown) => {
        if (shown) kept.drop(CAPTIONS_HIDDEN);
        else kept.set(CAPTIONS_HIDDEN, "1");
        captions.hide(!shown);
      },
      speaker,
      chooseSpeaker: (id) => {
        kept.set(SPEAKER, id);
        setSpeaker(id);
      },
      blocked,
      unblock,
    }),
    [
      on,
      soundState,
      maySpeak,
      track,
      muted,
      memory,
      running,
      sound,
      microphone,
      microphoneState,
      takeMicrophone,
      mute,
      own,
      levels,
      captions,
      speaker,
      blocked,
      unblock,
    ],
  );
  return <SoundContext.Provider value={now}>{children}</SoundContext.Provider>;
}

function partsOf(session: Session) {
  const captions = new Captions(kept.get(CAPTIONS_HIDDEN) !== null);
  return {
    sound: new Sound({ lane: session, makePeer: browserPeer, iceServers: iceServersOf(session.sessionId, captions) }),
    captions,
    microphone: new Microphone(devicesOfBrowser(), kept.get(MICROPHONE) ?? ""),
    levels: new Levels(),
    own: new OwnLevel(),
  };
}

interface WaysToSound {
  iceServers: RTCIceServer[];
  captions: boolean;
}

/** Asked again after a minute: what is given for a relay is good for a short while only. Says whether there may be captions, too. */
function iceServersOf(sessionId: string, captions: Captions): () => Promise<RTCIceServer[] | null> {
  let known: RTCIceServer[] | null = null;
  let askedAt = Number.NEGATIVE_INFINITY;
  return async () => {
    if (Date.now() - askedAt < ICE_FOR_MS) return known;
    try {
      const told = await api.get<WaysToSound>(`/live-sessions/${sessionId}/ice`);
      known = told.iceServers;
      captions.offer(told.captions);
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 404) throw error;
      known = null;
    }
    askedAt = Date.now();
    return known;
  };
}

async function isAllowed(): Promise<boolean> {
  try {
    return (await navigator.permissions.query({ name: "microphone" as PermissionName })).state === "granted";
  } catch {
    return false; // a browser that does not tell asks when the button is pressed
  }
}
