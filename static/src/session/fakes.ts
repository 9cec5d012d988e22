// A server of a few lines for the tests of the session: links that are opened, answered and cut by hand, and a log.
import type { Connect, Down, Link, LinkListener, Position } from "./link";
import type { Command, View } from "./protocol";
import type { Ack, JoinAck, Recorded, SignalFrame } from "./wire";

export const ANA = "00000000-0000-4000-8000-00000000000a";
export const BEN = "00000000-0000-4000-8000-00000000000b";
export const ROOM = "00000000-0000-4000-8000-000000000001";
export const AT = "2030-01-01T10:00:00Z";

/** What Ana, who takes part, sees of an active session at `seq`. */
export function viewAt(seq: number): View {
  return {
    seq,
    at: AT,
    lifecycle: {
      title: "Workshop",
      status: "active",
      maxParticipants: 50,
      features: [],
      lobby: false,
      interruptions: [],
    },
    people: { persons: {}, banned: [] },
    rights: { personal: {}, revoked: {}, everyone: {}, asked: [] },
    hands: { raised: [] },
  } as unknown as View;
}

export function raised(seq: number, user: string, command?: string): Recorded {
  const event = { seq, at: AT, actor: user, type: "hand.raised" as const, userId: user, toPoint: false };
  return command === undefined ? event : { ...event, command };
}

interface Submitted {
  id: string;
  command: Command;
  resent: boolean;
  answer(ack: Ack): void;
}

export class FakeLink implements Link {
  readonly token: string;
  readonly listener: LinkListener;
  readonly joins: (Position | null)[] = [];
  readonly submitted: Submitted[] = [];
  readonly signals: SignalFrame[] = [];
  closed = false;
  answerJoin: (ack: JoinAck) => void = () => undefined;

  constructor(token: string, listener: LinkListener) {
    this.token = token;
    this.listener = listener;
  }

  join(_sessionId: string, position: Position | null): Promise<JoinAck> {
    this.joins.push(position);
    return new Promise((resolve) => {
      this.answerJoin = resolve;
    });
  }

  submit(id: string, command: Command, resent = false): Promise<Ack> {
    return new Promise((resolve) => this.submitted.push({ id, command, resent, answer: resolve }));
  }

  signal(signal: SignalFrame): void {
    this.signals.push(signal);
  }

  leave(): void {}

  close(): void {
    this.closed = true;
  }
}

/** Every link that was asked for, in order. */
export class FakeServer {
  readonly links: FakeLink[] = [];

  readonly connect: Connect = (token, listener) => {
    const link = new FakeLink(token, listener);
    this.links.push(link);
    return link;
  };

  get link(): FakeLink {
    const link = this.links.at(-1);
    if (link === undefined) throw new Error("nobody connected");
    return link;
  }

  /** Opens the latest link and lets it join, with a snapshot when `view` is given. */
  async admit(seq: number, view?: View): Promise<void> {
    await settled();
    this.link.listener.open();
    const ack: JoinAck = {
      ok: true,
      epoch: "e1",
      seq,
      you: { userId: ANA, role: "participant", standing: { staff: false, admitted: true } },
      ...(view === undefined ? {} : { snapshot: { view, people: { [ANA]: { name: "Ana" } } } }),
    };
    this.link.answerJoin(ack);
    await settled();
  }

  send(after: number, upto: number, events: Recorded[]): void {
    this.link.listener.events({ sessionId: ROOM, epoch: "e1", after, upto, events });
  }

  cut(reason: Down = {}): void {
    this.link.listener.down(reason);
  }
}

/** Lets every promise that can go on go on. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}
