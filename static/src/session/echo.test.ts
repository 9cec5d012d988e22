import { describe, expect, test } from "vitest";
import { withEchoes } from "./echo";
import { ANA, AT, BEN, viewAt } from "./fakes";
import { applyAll } from "./fold/room";
import type { Command, View } from "./protocol";
import type { Recorded } from "./wire";

const POLL = "00000000-0000-4000-8000-0000000000f1";
const QUESTION = "00000000-0000-4000-8000-0000000000f2";
const MESSAGE = "00000000-0000-4000-8000-0000000000f3";

/** A room with a message and a question of Ben, and an open poll. */
function room(): View {
  const start = {
    ...viewAt(1),
    sound: { muted: {}, captions: false },
    recording: { runs: [], consents: {}, marks: [] },
    chat: { channels: {}, locked: false },
    questions: { questions: {}, pins: [] },
    polls: { polls: {} },
    stage: { kind: "nothing", rooms: {} },
  } as View;
  const poll = { question: "?", kind: "single", options: ["a", "b"], many: false, anonymous: false, results: "live" };
  const events = [
    { type: "chat.sent", messageId: MESSAGE, text: "hello", actor: BEN },
    { type: "question.asked", questionId: QUESTION, text: "why?", anonymous: false, pending: false, actor: BEN },
    { type: "poll.opened", pollId: POLL, ...poll, show: true },
  ];
  return applyAll(
    start,
    events.map((event, index) => ({ ...event, seq: 2 + index, at: AT }) as unknown as Recorded),
  );
}

const ROOM = "r1";

/** What Ana sees of her commands while she is in the first of two rooms, to which Ben belongs too. */
function inRoom(commands: Command[]): View {
  const open = (id: string, members: string[]) => ({ id, name: id, members, status: "open", closing: false });
  const set = { id: "s", seq: 1, status: "open", rooms: [open(ROOM, [ANA, BEN]), open("r2", [])] };
  const breakouts = { sets: { s: set }, places: { [ANA]: ROOM }, broadcasts: [] };
  const pending = commands.map((command, index) => ({ id: `c${index}`, command, given: index }));
  return withEchoes({ ...room(), breakouts } as unknown as View, pending, ANA);
}

const after = (...commands: Command[]): View =>
  withEchoes(
    room(),
    commands.map((command, index) => ({ id: `c${index}`, command, given: index })),
    ANA,
  );

describe("before the server answered one sees", () => {
  test("one's message, under the command's id, and what one does with others'", () => {
    const send = { type: "chat.send", text: "hi" } as const;
    const react = { type: "chat.react", messageId: MESSAGE, emoji: "👍", on: true } as const;
    const messages = after(send, react).chat?.channels["everyone"]?.messages ?? {};
    expect(messages["c0"]).toMatchObject({ text: "hi", sender: ANA });
    expect(messages[MESSAGE]?.reactions).toEqual({ "👍": [ANA] });
  });

  test("that one is muted, or somebody else is by oneself, and what one agreed to", () => {
    const mute = { type: "audio.mute", muted: true } as const;
    const unmute = { type: "audio.mute", muted: false } as const;
    const ben = { type: "participant.mute", userId: BEN } as const;
    const agree = { type: "recording.consent", given: true } as const;
    expect(Object.keys(after(mute, ben).sound?.muted ?? {}).sort()).toEqual([ANA, BEN]);
    expect(Object.keys(after(mute, ben, unmute).sound?.muted ?? {})).toEqual([BEN]);
    expect(after(agree).recording?.consents[ANA]?.given).toBe(true);
  });

  test("a direct message in its own channel", () => {
    const view = after({ type: "chat.send", text: "psst", to: BEN });
    expect(Object.keys(view.chat?.channels ?? {})).toContain([ANA, BEN].sort().join(":"));
  });

  test("one's vote counted, and a changed one counted once", () => {
    const view = after(
      { type: "poll.vote", pollId: POLL, choices: [0] },
      { type: "poll.vote", pollId: POLL, choices: [1] },
    );
    expect(view.polls?.polls[POLL]).toMatchObject({ votes: { [ANA]: [1] }, tally: { answered: 1, counts: [0, 1] } });
  });

  test("one's upvote, once", () => {
    const upvote = { type: "question.upvote", questionId: QUESTION, on: true } as const;
    expect(after(upvote, upvote).questions?.questions[QUESTION]).toMatchObject({ votes: 1, voters: [ANA] });
  });

  test("what one does in a breakout room, there and nowhere else", () => {
    const view = inRoom([
      { type: "chat.send", text: "for us" },
      { type: "chat.send", text: "for all", room: "main" },
      { type: "question.ask", text: "and?" },
      { type: "breakout.askHelp" },
    ]);
    expect(view.chat?.channels[ROOM]?.messages["c0"]).toMatchObject({ text: "for us", channel: ROOM });
    expect(view.chat?.channels["everyone"]?.messages["c1"]).toMatchObject({ text: "for all" });
    expect(view.questions?.questions["c2"]).toMatchObject({ room: ROOM });
    expect(view.breakouts?.sets["s"]?.rooms[0]?.help).toMatchObject({ user: ANA });
  });

  test("where people are moved, in a plan and in open rooms", () => {
    const planned = inRoom([{ type: "breakout.assign", setId: "s", userIds: [BEN], roomId: "r2" }]);
    expect(planned.breakouts?.sets["s"]?.rooms.map((each) => each.members)).toEqual([[ANA], [BEN]]);
    const moved = inRoom([{ type: "breakout.move", userIds: [ANA] }]);
    expect(moved.breakouts?.places).toEqual({});
    const named = inRoom([{ type: "breakout.rename", roomId: "r2", name: "Ink" }]);
    expect(named.breakouts?.sets["s"]?.rooms[1]?.name).toBe("Ink");
  });

  test("nothing of what it cannot foresee", () => {
    expect(after({ type: "session.pause" })).toEqual(room());
    expect(after({ type: "chat.edit", messageId: POLL, text: "?" })).toEqual(room());
  });
});
