// The words of recording, in English.

const count = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`;

export const recording = {
  title: "Recording",
  on: "Recording",
  paused: "Recording paused",
  /** Beside its mark, where there is little room. */
  short: "Rec",
  start: "Start recording",
  pause: "Pause recording",
  resume: "Go on recording",
  stop: "Stop recording",
  mark: "Mark this moment",
  markText: "What happens here",
  markHint: "It becomes a chapter of the replay.",
  markSave: "Mark",
  shortcutMark: "Mark this moment in the recording",
  begun: "This session is being recorded.",
  halted: "The recording is paused.",
  goesOn: "The recording goes on.",
  over: "The recording has stopped.",
  chapter: (text: string) => `Marked: ${text}`,
  ask: "This session is being recorded. May your voice be part of it?",
  asked:
    "If you agree, what you say in the main room is kept with the session and written down as text, for everybody who takes part. Until you answer, and if you decline, your voice is not kept. You can change your mind at any time in the sound settings, also afterwards; your voice is then taken out.",
  give: "Record my voice",
  refuse: "Do not record me",
  more: "What this means",
  given: "Your voice is recorded.",
  givenIdle: "Your voice is recorded when the session is recorded.",
  refused: "Your voice is not recorded.",
  unanswered: "You have not been asked yet. Your voice is not recorded.",
  withdraw: "Take my voice out",
  withdrawTitle: "Take your voice out of the recording?",
  withdrawText:
    "What you said is removed from the recording and from the text, for everybody. This cannot be undone.",
  consent: "My voice in the recording",
  /** Afterwards. */
  after: "Recording",
  none: "Nothing was recorded.",
  stages: {
    recording: "It is still running.",
    finalising: "The sound is being put together.",
    stored: "The sound is ready. The text follows.",
    transcribing: "What was said is being written down.",
    ready: "Sound and text are ready.",
    incomplete: "The sound is ready, but parts of it are missing.",
    failed: "The recording could not be finished. Staff can see why in the server's log.",
  } as Record<string, string>,
  progress: (done: number, of: number) => `${done} of ${of}`,
  from: (when: string) => `From ${when}`,
  replay: "Replay the session",
  meanwhile: "You can close this page; it goes on by itself.",
  parts: (n: number) => count(n, "recording", "recordings"),
};
