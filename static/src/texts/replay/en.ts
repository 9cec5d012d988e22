// The words of the replay in English. They come with the page.

const count = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`;

function spoken(seconds: number): string {
  const whole = Math.floor(seconds);
  const parts: [number, string, string][] = [
    [Math.floor(whole / 3_600), "hour", "hours"],
    [Math.floor((whole % 3_600) / 60), "minute", "minutes"],
    [whole % 60, "second", "seconds"],
  ];
  const told = parts.filter(([n]) => n > 0).map(([n, one, many]) => count(n, one, many));
  return told.length === 0 ? "0 seconds" : told.join(" ");
}

export const replay = {
  title: "Replay",
  of: (title: string) => `${title}, replay`,
  back: "Summary",
  opening: "Reading what happened",
  failed: "The replay could not be opened.",
  again: "Try again",
  nothing: "There is nothing to play yet",
  nothingText: "The replay begins with the session.",
  emptyFile: "There is no session in this file",
  emptyFileText: "It belongs to the archive of a session.",
  // -- player --
  player: "Player",
  play: "Play",
  pause: "Pause",
  backBy: (s: number) => `Back ${s} seconds`,
  onBy: (s: number) => `On ${s} seconds`,
  position: "Position",
  positionOf: (at: number, of: number) => `${spoken(at)} of ${spoken(of)}`,
  speed: "Speed",
  times: (n: string) => `${n}×`,
  link: "Copy a link to this moment",
  linked: "The link is copied.",
  notLinked: "Copy it from the address of the page.",
  waiting: "Fetching the sound",
  silenced: "The sound of this moment cannot be played.",
  noSound: "There is no sound: nothing was recorded.",
  oneVoice: (name: string) => `You hear ${name} only.`,
  incomplete: "Parts of the recording are missing; they are silent.",
  making: "The recording is being made ready.",
  // -- parts --
  parts: "Parts of the session",
  transcript: "Transcript",
  room: "Room",
  chapters: "Chapters",
  find: "Find",
  findIn: "Find in this session",
  findHint: "What was said, written and asked",
  hits: (n: number) => (n === 0 ? "Nothing found" : count(n, "place", "places")),
  kinds: { said: "Said", chat: "Chat", question: "Question", poll: "Poll", rooms: "Breakout rooms", mark: "Mark" },
  noChapters: "No chapters",
  noChaptersText: "Polls, questions on the stage and marks become chapters.",
  follow: "Follow along",
  goTo: (time: string) => `Go to ${time}`,
  // -- transcript --
  nobody: "Somebody",
  transcriptOff: "Transcription is off",
  transcriptOffText: "What was said can be heard, not read.",
  transcriptPending: "The transcript is being written",
  transcriptPendingText: (done: string, of: string) => `${done} of ${of} done. Everything else is here already.`,
  transcriptFailed: "The transcript could not be written",
  transcriptFailedText: "The sound is here.",
  transcriptNone: "Nothing was recorded",
  transcriptNoneText: "What was written, asked and drawn is here.",
  transcriptEmpty: "Nobody spoke",
  // -- the room as it was --
  look: "Look at",
  stage: "Stage",
  nothingShown: "Nothing was on the stage",
  place: "Room",
  main: "Main room",
  notBegun: "The session had not begun.",
  paused: "The session was paused.",
  chatEmpty: "Nobody had written yet",
  earlier: "Show earlier messages",
  deleted: "This message was deleted later.",
  toStaff: "to staff",
  direct: "direct",
  atThatMoment: "at that moment",
  reacted: (emoji: string, n: number) => `${emoji}, ${count(n, "person", "people")}`,
  pollsEmpty: "No poll had been opened yet",
  open: "open",
  closed: "closed",
  answers: (n: number) => count(n, "answer", "answers"),
  questionsEmpty: "Nobody had asked yet",
  states: { pending: "waits for approval", open: "open", answering: "being answered", answered: "answered" } as Record<
    string,
    string
  >,
  hands: "Raised hands",
  noHands: "No hand was raised.",
  there: (n: number) => (n === 0 ? "Nobody was there" : count(n, "person was there", "people were there")),
  speaks: "speaks",
  rooms: "Breakout rooms",
  reactions: "Reactions",
  // -- the board --
  boardLoading: "Opening the board",
  boardEmpty: "Nothing had been drawn yet.",
  boardOf: (name: string) => `${name} as it was`,
  boardFailed: "The board cannot be shown.",
  fit: "Whole page",
};
