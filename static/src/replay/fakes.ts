// A session of a few lines for the tests of the replay: people, messages, polls, questions and drawings, faster than real
// time; and a sound that is driven by hand.
import { ANA, BEN } from "../session/fakes";
import type { Recorded } from "../session/wire";
import type { Sounding } from "./player";
import { emptyView } from "./archive";

export const MARA = "00000000-0000-4000-8000-00000000000c";
export const START = Date.parse("2030-01-01T10:00:00Z");

const at = (seconds: number): string => new Date(START + seconds * 1_000).toISOString();

let last = 0;

/** The next event of the log. */
export function event(seconds: number, type: string, fields: object, actor = ANA): Recorded {
  last += 1;
  return { seq: last, at: at(seconds), actor, type, ...fields } as unknown as Recorded;
}

export const nothingYet = emptyView;

export function begun(): Recorded[] {
  last = 0;
  const features = ["chat", "poll", "qa", "whiteboard", "breakout"].map((type) => ({ type, isEnabled: true, config: {} }));
  return [
    event(-60, "session.scheduled", { title: "Clocks", instructorId: MARA, maxParticipants: 50, features, lobby: false }),
    event(-30, "session.started", {}, MARA),
    event(-20, "participant.joined", { userId: MARA, role: "instructor" }, MARA),
    event(-10, "participant.joined", { userId: ANA, role: "participant" }),
    event(0, "session.activated", {}, MARA),
  ];
}

/** `count` events over half an hour, as a lively session of twenty has them. */
export function lively(count: number, lengthS = 1_800): Recorded[] {
  const people = Array.from({ length: 20 }, (_, n) => `00000000-0000-4000-8000-0000000001${String(n).padStart(2, "0")}`);
  const events = begun();
  people.forEach((userId, n) => events.push(event(n / 10, "participant.joined", { userId, role: "participant" }, userId)));
  const poll = { kind: "single", options: ["a", "b", "c"], many: false, anonymous: false, results: "live" };
  for (let n = 0; events.length < count; n += 1) {
    const now = 2 + ((lengthS - 2) * events.length) / count;
    const who = people[n % people.length] ?? ANA;
    const id = `${n}`;
    if (n % 400 === 0) events.push(event(now, "poll.opened", { ...poll, pollId: `p${n}`, question: `Poll ${n}?`, show: true }, MARA));
    if (n % 10 < 4) events.push(event(now, "chat.sent", { messageId: `m${id}`, text: `words of ${id}` }, who));
    else if (n % 10 < 7) {
      const poll = `p${Math.floor(n / 400) * 400}`;
      events.push(event(now, "poll.voted", { pollId: poll, choices: [n % 3] }, who));
    } else if (n % 10 === 7) events.push(event(now, "question.asked", { questionId: `q${id}`, text: `Why ${id}?`, anonymous: false, pending: false }, who));
    else if (n % 10 === 8) events.push(event(now, n % 20 === 8 ? "hand.raised" : "hand.lowered", { userId: who, toPoint: false }, who));
    else {
      const elements = [{ id: `e${id}`, type: "rectangle", version: 1, versionNonce: 1, isDeleted: false, x: n, y: 1 }];
      events.push(event(now, "board.changed", { boardId: "main", elements, live: n, size: n }, who));
    }
  }
  return events;
}

export class HandSound implements Sounding {
  url: string | undefined;
  at = 0;
  playing = false;
  speed = 1;
  over = false;
  broken = false;
  ready = true;
  readonly loads: [string, number][] = [];

  load(url: string, at: number): void {
    this.loads.push([url, at]);
    this.url = url;
    this.at = at;
    this.over = this.broken = false;
  }

  async play(): Promise<void> {
    this.playing = true;
  }

  pause(): void {
    this.playing = false;
  }

  rate(rate: number): void {
    this.speed = rate;
  }

  position(): number | undefined {
    return this.ready ? this.at : undefined;
  }

  ended(): boolean {
    return this.over;
  }

  failed(): boolean {
    return this.broken;
  }
}

export { ANA, BEN };
