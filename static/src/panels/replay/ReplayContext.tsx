// What every part of the replay knows: the session as it was read, its clock and player, and the room of the moment.
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { AudioSounding } from "../../replay/audio";
import { type Chapter, chaptersOf } from "../../replay/chapters";
import type { SoundRecording, Source, Transcript } from "../../replay/material";
import { momentIn } from "../../replay/moment";
import type { Material } from "../../replay/opening";
import { Player } from "../../replay/player";
import { findablesOf, Search } from "../../replay/search";
import { msAt, stretchesOf, type Timeline, timelineOf } from "../../replay/timeline";
import { stateOf, type TranscriptState, type Words, wordsOf } from "../../replay/words";
import type { View } from "../../session/protocol";
import { isStaff, placeOf } from "../../session/standing";
import { useTexts } from "../../texts";

export interface Replay {
  source: Source;
  material: Material;
  timeline: Timeline;
  player: Player;
  recordings: readonly SoundRecording[];
  words: Words;
  transcript: TranscriptState;
  chapters: readonly Chapter[];
  search: Search;
  me: string;
  /** Sees all places, so that one of them has to be chosen. */
  staff: boolean;
  nameOf(user: string | undefined): string;
}

const ReplayContext = createContext<Replay | null>(null);

export function useReplay(): Replay {
  const replay = useContext(ReplayContext);
  if (replay === null) throw new Error("this belongs into a replay");
  return replay;
}

const RENEW_AFTER_MS = 10_000;
const ASK_AGAIN_MS = 5_000;

export function ReplayProvider({ source, material, children }: { source: Source; material: Material; children: ReactNode }) {
  const t = useTexts();
  const { session, past, names } = material;
  const [recordings, setRecordings] = useState(material.recordings);
  const [transcript, setTranscript] = useState(material.transcript);
  const [timeline] = useState(() => timelineOf(session, past.events, material.recordings));
  const [player] = useState(() => {
    let renewed = -Infinity;
    const made: Player = new Player(timeline?.lengthS ?? 1, new AudioSounding(new Audio()), performance.now.bind(performance), () => {
      if (performance.now() - renewed < RENEW_AFTER_MS || source.turns !== null) return;
      renewed = performance.now();
      source.recordings().then(setRecordings, () => undefined);
    });
    made.seek(momentIn(location) ?? 0);
    return made;
  });
  useTicking(player);
  useWaitingFor(source, recordings, transcript, setRecordings, setTranscript);
  const stretches = useMemo(() => (timeline === null ? [] : stretchesOf(timeline, recordings)), [timeline, recordings]);
  useEffect(() => player.sound(stretches), [player, stretches]);
  const replay = useMemo<Replay | null>(() => {
    if (timeline === null) return null;
    const words = wordsOf(timeline, recordings, transcript);
    const staff = isStaff(past.head, source.me) || past.head.people?.persons[source.me] === undefined;
    return {
      source,
      material,
      timeline,
      player,
      recordings,
      words,
      transcript: stateOf(recordings, transcript),
      chapters: chaptersOf(timeline, past.events),
      search: new Search(findablesOf(timeline, words.sentences, past.events)),
      me: source.me,
      staff,
      nameOf: (user) => (user !== undefined && names[user]?.name) || t.common.someone,
    };
  }, [source, material, timeline, player, recordings, transcript, past, names, t]);
  return replay === null ? null : <ReplayContext.Provider value={replay}>{children}</ReplayContext.Provider>;
}

const TICK_MS = 100;

function useTicking(player: Player): void {
  const playing = useSyncExternalStore(player.subscribe, () => player.state.playing);
  useEffect(() => {
    if (!playing) return;
    const timer = setInterval(() => player.tick(), TICK_MS);
    return () => clearInterval(timer);
  }, [playing, player]);
  useEffect(() => () => player.pause(), [player]);
}

const DONE = new Set(["ready", "incomplete", "failed"]);

/** What the server still makes is asked for again until it is there. */
function useWaitingFor(
  source: Source,
  recordings: readonly SoundRecording[],
  transcript: Transcript | null,
  setRecordings: (recordings: SoundRecording[]) => void,
  setTranscript: (transcript: Transcript | null) => void,
): void {
  const sound = recordings.some((each) => !DONE.has(each.stage ?? ""));
  const text = stateOf(recordings, transcript).kind === "pending";
  useEffect(() => {
    if (source.turns !== null || (!sound && !text)) return;
    let gone = false;
    const timer = setInterval(() => {
      source.recordings().then((now) => gone || (changed(recordings, now) && setRecordings(now)), () => undefined);
      source.transcript().then((now) => gone || JSON.stringify(now) === JSON.stringify(transcript) || setTranscript(now), () => undefined);
    }, ASK_AGAIN_MS);
    return () => {
      gone = true;
      clearInterval(timer);
    };
  }, [source, sound, text, recordings, transcript, setRecordings, setTranscript]);
}

/** Addresses differ every time they are asked for: what is being heard must not stop for that. */
function changed(before: readonly SoundRecording[], now: readonly SoundRecording[]): boolean {
  const plain = (all: readonly SoundRecording[]): string =>
    JSON.stringify(all.map(({ recordingId, stage, tracks }) => [recordingId, stage, tracks.map((each) => each.parts.length)]));
  return plain(before) !== plain(now);
}

/** Something that follows from where the player is; drawn again only when that changes. */
export function useAt<T extends string | number | boolean | undefined>(read: (at: number) => T): T {
  const { player } = useReplay();
  return useSyncExternalStore(player.subscribe, () => read(player.state.at));
}

export interface Moment {
  view: View;
  /** How many events are in it. */
  count: number;
  /** The breakout room one looks at; undefined: the main room. */
  place: string | undefined;
  choosePlace(place: string | undefined): void;
}

const MomentContext = createContext<Moment | null>(null);

export function useMoment(): Moment {
  const moment = useContext(MomentContext);
  if (moment === null) throw new Error("this belongs into a replay");
  return moment;
}

export function MomentProvider({ children }: { children: ReactNode }) {
  const { material, timeline, me, staff } = useReplay();
  const { past } = material;
  const count = useAt((at) => past.countAt(msAt(timeline, at)));
  const [chosen, choosePlace] = useState<string | undefined>();
  const view = useMemo(() => past.viewAfter(count), [past, count]);
  const place = staff ? chosen : placeOf(view, me);
  const moment = useMemo(() => ({ view, count, place, choosePlace }), [view, count, place]);
  return <MomentContext.Provider value={moment}>{children}</MomentContext.Provider>;
}
