import { describe, expect, test } from "vitest";
import { archiveIn, ArchiveSource, bytesOf } from "./archive";
import { chapterAt, chaptersOf } from "./chapters";
import { ANA, begun, BEN, event, MARA, START } from "./fakes";
import type { SoundRecording, Transcript } from "./material";
import { addressAt, momentIn } from "./moment";
import { findablesOf, piecesOf, Search } from "./search";
import { stretchAt, stretchesOf, timelineOf, trackOf } from "./timeline";
import { activityOf, outlineOf, waveOf } from "./wave";
import { sentenceAt, speakingAt, stateOf, wordsOf } from "./words";

const TIMES = { actualStart: new Date(START).toISOString(), actualEnd: new Date(START + 100_000).toISOString() };

const RECORDING: SoundRecording = {
  recordingId: "r",
  startedAt: new Date(START + 10_000).toISOString(),
  lengthS: 80,
  stage: "ready",
  tracks: [
    { track: "speaker", userId: ANA, parts: [{ part: 1, fromS: 0, durationS: 80, url: "ana" }] },
    {
      track: "mix",
      parts: [
        { part: 2, fromS: 50, durationS: 30, url: "two" },
        { part: 1, fromS: 0, durationS: 50.02, url: "one" },
      ],
    },
  ],
};

const timeline = timelineOf(TIMES, [], [RECORDING])!;

describe("one clock", () => {
  test("begins with the session and ends with the last of it", () => {
    expect(timeline).toEqual({ begin: START, lengthS: 100 });
    expect(timelineOf({ actualStart: TIMES.actualStart }, [event(7, "hand.lowered", { userId: ANA })], [])?.lengthS).toBe(7);
    expect(timelineOf({ ...TIMES, actualEnd: new Date(START + 5_000).toISOString() }, [], [RECORDING])?.lengthS).toBe(90);
    expect(timelineOf({}, [], [])).toBeNull();
  });

  test("finds the sound of a moment", () => {
    const stretches = stretchesOf(timeline, [RECORDING]);
    expect(stretches.map(({ url, fromS, toS }) => [url, fromS, toS])).toEqual([
      ["one", 10, 60],
      ["two", 60, 90],
    ]);
    expect([9.9, 10, 59.9, 60, 90].map((at) => stretchAt(stretches, at)?.url)).toEqual([undefined, "one", "one", "two", undefined]);
    expect(trackOf({ ...RECORDING, tracks: RECORDING.tracks.slice(0, 1) })?.userId).toBe(ANA);
  });

  test("shows how loud it was where it was, and how much went on", () => {
    const peaks = new Uint8Array(800).fill(0, 0, 400).fill(255, 400);
    const heights = waveOf(timeline, [{ recording: RECORDING, peaks }], 10);
    expect(heights).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 0]);
    const acts = activityOf(timeline, [event(55, "chat.sent", {}), event(56, "chat.sent", {}), event(5, "poll.voted", {})], 10);
    expect(acts[5]).toBe(1);
    expect(acts[0]).toBeGreaterThan(0);
    expect(outlineOf([0, 1])).toBe("M0.5 49V51M1.5 2V98");
  });
});

const TRANSCRIPT: Transcript = {
  recordings: [
    {
      recordingId: "r",
      status: "completed",
      segments: [
        { userId: BEN, start: 5, end: 9, text: " I would answer that. " },
        { userId: ANA, start: 0, end: 4, text: "Où est la clé ?", words: [{ word: "Où", start: 0, end: 1 }] },
        { userId: BEN, start: 8, end: 12, text: "Somebody else." },
        { userId: ANA, start: 11, end: 13, text: "At once!" },
        { userId: ANA, start: 20, end: 21, text: " " },
      ],
    },
  ],
};

describe("what was said", () => {
  const words = wordsOf(timeline, [RECORDING], TRANSCRIPT);

  test("stands in order, in seconds of the session, with its speakers", () => {
    expect(words.sentences.map(({ startS, user, follows }) => [startS, user, follows])).toEqual([
      [10, ANA, false],
      [15, BEN, false],
      [18, BEN, true],
      [21, ANA, false],
    ]);
    expect(words.sentences[0]?.words[0]).toEqual({ word: "Où", start: 10, end: 11 });
    expect([...words.speakers]).toEqual([
      [ANA, 0],
      [BEN, 1],
    ]);
  });

  test("is found by the moment, also where two speak at once", () => {
    expect([9, 10, 16, 99].map((at) => sentenceAt(words.sentences, at))).toEqual([-1, 0, 1, 3]);
    expect([...speakingAt(words.sentences, 21.5)].sort()).toEqual([ANA, BEN].sort());
    expect(speakingAt(words.sentences, 50).size).toBe(0);
  });

  test("tells how much of it is there", () => {
    const part = (status: string, more = {}) => ({ recordingId: "r", status, segments: [], ...more });
    const told = (...recordings: object[]) => stateOf([RECORDING], { recordings } as Transcript);
    expect(stateOf([], null)).toEqual({ kind: "none" });
    expect(stateOf([RECORDING], null)).toEqual({ kind: "off" });
    expect(told(part("off"))).toEqual({ kind: "off" });
    expect(told(part("processing", { done: 2, of: 7 }))).toEqual({ kind: "pending", done: 2, of: 7, unit: "seconds" });
    expect(told(part("pending"), part("completed"))).toEqual({ kind: "pending", done: 1, of: 2, unit: "recordings" });
    expect(told()).toEqual({ kind: "pending", done: 0, of: 1, unit: "recordings" });
    expect(told(part("failed"), part("completed"))).toEqual({ kind: "failed" });
    expect(told(part("completed"), part("off"))).toEqual({ kind: "ready" });
  });
});

describe("chapters", () => {
  const poll = { kind: "single", options: ["yes", "no"], many: false, anonymous: false, results: "live" };
  const log = [
    ...begun(),
    event(-5, "poll.opened", { ...poll, pollId: "before", question: "Too early?" }, MARA),
    event(10, "poll.opened", { ...poll, pollId: "p", question: "Ready?" }, MARA),
    event(20, "question.asked", { questionId: "q", text: "Why?", anonymous: false, pending: false }),
    event(30, "question.answering", { questionId: "q" }, MARA),
    event(31, "stage.shown", { kind: "question", target: "q" }, MARA),
    event(35, "breakout.opened", { setId: "x", name: "Pairs", rooms: [], closings: [], moves: [] }, MARA),
    event(36, "poll.opened", { ...poll, pollId: "there", question: "In the room?", room: "r" }, MARA),
    event(40, "recording.marked", { recordingId: "r", text: "The point" }, MARA),
    event(400, "stage.shown", { kind: "question", target: "q" }, MARA),
  ];

  test("are polls, questions on the stage once, rooms and marks", () => {
    const chapters = chaptersOf(timeline, log);
    expect(chapters.map(({ kind, atS, title }) => [kind, atS, title])).toEqual([
      ["poll", 10, "Ready?"],
      ["question", 30, "Why?"],
      ["rooms", 35, "Pairs"],
      ["mark", 40, "The point"],
      ["question", 400, "Why?"],
    ]);
    expect(chapterAt(chapters, 34)?.title).toBe("Why?");
    expect(chapterAt(chapters, 5)).toBeUndefined();
  });
});

describe("searching", () => {
  const words = wordsOf(timeline, [RECORDING], TRANSCRIPT);
  const log = [
    ...begun(),
    event(12, "chat.sent", { messageId: "m", text: "The CLÉ is under the mat" }),
    event(13, "chat.sent", { messageId: "gone", text: "" }),
    event(14, "question.asked", { questionId: "q", text: "Which key?", anonymous: true, pending: false }),
  ];
  const search = new Search(findablesOf(timeline, words.sentences, log));

  test("looks everywhere, without regard to capitals and accents, in the order of time", () => {
    expect(search.find("cle").map(({ kind, atS }) => [kind, atS])).toEqual([
      ["said", 10],
      ["chat", 12],
    ]);
    expect(search.find("KEY which").map(({ kind }) => kind)).toEqual(["question"]);
    expect(search.find("  ")).toEqual([]);
    expect(search.find("nowhere")).toEqual([]);
  });

  test("shows what it found in the words as they were written", () => {
    expect(piecesOf("Où est la clé ?", "CLE ou")).toEqual([
      { text: "Où", found: true },
      { text: " est la ", found: false },
      { text: "clé", found: true },
      { text: " ?", found: false },
    ]);
    const long = `${"a ".repeat(100)}needle${" b".repeat(200)}`;
    const pieces = piecesOf(long, "needle");
    expect(pieces.map(({ text }) => text).join("").length).toBeLessThan(300);
    expect(pieces.find((each) => each.found)?.text).toBe("needle");
    expect(piecesOf("İstanbul ﬁ", "istanbul")[0]).toEqual({ text: "İstanbul", found: true });
  });
});

test("a moment has an address", () => {
  expect(momentIn({ search: "?t=1234", hash: "" })).toBe(1234);
  expect(momentIn({ search: "?t=12.5&x=1", hash: "#t=3" })).toBe(12.5);
  expect(momentIn({ search: "", hash: "#t=7" })).toBe(7);
  for (const search of ["", "?t=", "?t=-3", "?t=1e9", "?t=abc"]) expect(momentIn({ search, hash: "" })).toBeNull();
  expect(addressAt("file:///a/replay.html", 61.9)).toBe("file:///a/replay.html#t=61");
  expect(addressAt("http://here/sessions/1/replay?t=3&x=1", 61.9)).toBe("http://here/sessions/1/replay?t=61&x=1");
});

describe("an archive", () => {
  const archive = {
    format: 1,
    session: { id: "s" },
    you: { userId: ANA, staff: false },
    events: begun(),
    people: {},
    recordings: { items: [RECORDING] },
    transcript: TRANSCRIPT,
    images: { i: `data:image/png;base64,${btoa("\u0089PNG")}`, beside: "images/beside.png" },
  };

  test("answers everything by itself", async () => {
    const source = new ArchiveSource(archiveIn(JSON.stringify(archive))!);
    expect((await source.viewAfter(0))?.view.boards?.pages["main"]?.elements).toEqual({});
    expect(await source.viewAfter(3)).toBeNull();
    expect((await source.events()).nextCursor).toBeNull();
    expect(source.picture("i").type).toBe("image/png");
    expect(() => source.picture("beside")).toThrow();
    expect([...bytesOf("data:application/octet-stream;base64,AAH/").bytes]).toEqual([0, 1, 255]);
  });

  test("is nothing where nothing was put in, and is not guessed at", () => {
    expect(archiveIn("null")).toBeNull();
    expect(() => archiveIn('{"format": 2}')).toThrow();
  });
});
