// One person in one live session, from the first join to the last goodbye: keeps the view by folding the log, keeps the
// place in it across outages and reloads, and sees to it that every command given arrives exactly once. Knows no page:
// whoever draws subscribes and reads `state`, which is a new object whenever anything changed.
import { delayMs } from "./backoff";
import { withEchoes } from "./echo";
import { applyAll } from "./fold/room";
import type { Kept } from "./kept";
import type { Connect, Down, Link, Position } from "./link";
import { laneOf, Outbox, type Pending } from "./outbox";
import type { Command, View } from "./protocol";
import { Heart, type Pulse } from "./pulse";
import { Typing } from "./typing";
import type {
  Ack,
  ByeFrame,
  EventsFrame,
  JoinAccepted,
  Names,
  Recorded,
  Refusal,
  SignalFrame,
  SnapshotFrame,
  You,
} from "./wire";

/** Refusals that only ask for patience: the command stays and is sent again. */
const PATIENCE = new Set(["rate_limited", "overloaded", "unavailable", "internal", "chat.slow"]);
const INTERNAL_TRIES_MAX = 3;
const PATIENCE_DEFAULT_S = 1;
const UNAUTHORIZED = "unauthenticated";
const TOKEN_REFUSED = new Set([UNAUTHORIZED, "token_expired", "token_invalid"]);
const REFUSED_KEPT_MAX = 20;
/** In a lively room those who draw are told at most this often; what one does oneself is told at once. */
const TELL_EVERY_MS = 60;

export interface Refused {
  id: string;
  command: Command;
  code: string;
  detail: string;
}

/** `live` follows the log; `away` is trying to get (back) there; `closed` will not try any more. */
export type Phase = "away" | "live" | "closed";

export interface SessionState {
  phase: Phase;
  you: You | null;
  /** With the echoes of one's own commands. Null until the first join. */
  view: View | null;
  names: Names;
  pending: readonly Pending[];
  refused: readonly Refused[];
  typing: readonly string[];
  pulse: Pulse;
  /** Since when the connection is lost, milliseconds of this browser's clock; undefined before the first join. */
  lostAt?: number;
  /** Why it is closed: a code of the server. */
  closed?: { code: string; detail: string };
}

export interface SessionOptions {
  sessionId: string;
  userId: string;
  connect: Connect;
  kept: Kept;
  /** The access token; `renewed` asks for a fresh one after a refusal. Rejects when there is none to be had. */
  token(renewed: boolean): Promise<string>;
  newId?: () => string;
}

export class Session {
  readonly userId: string;
  readonly sessionId: string;
  readonly #options: SessionOptions;
  readonly #outbox: Outbox;
  readonly #heart: Heart;
  readonly #typing: Typing;
  readonly #changed = new Set<() => void>();
  readonly #heard = new Set<(events: readonly Recorded[]) => void>();
  readonly #signalled = new Set<(signal: SignalFrame) => void>();
  readonly #sending = new Set<string>();
  readonly #answers = new Map<string, (ack: Ack) => void>();
  readonly #tries = new Map<string, number>();
  readonly #origins = new Map<string, string>();
  readonly #laneTimers = new Map<string, ReturnType<typeof setTimeout>>();
  #state: SessionState;
  #base: View | null = null;
  #position: Position | null = null;
  #link: Link | null = null;
  #run = 0;
  #attempt = 0;
  #lostSince = Date.now();
  #retry: ReturnType<typeof setTimeout> | undefined;
  #tokenRefused = false;
  #toldAt = Number.NEGATIVE_INFINITY;
  #telling: ReturnType<typeof setTimeout> | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.userId = options.userId;
    this.sessionId = options.sessionId;
    this.#outbox = new Outbox(options.kept, options.sessionId, options.userId);
    this.#heart = new Heart(
      (signal) => this.signal(signal),
      () => this.#lose({}),
    );
    this.#typing = new Typing(
      (signal) => this.signal(signal),
      () => this.#publish(),
    );
    this.#state = {
      phase: "away",
      you: null,
      view: null,
      names: {},
      pending: this.#outbox.pending,
      refused: [],
      typing: [],
      pulse: { loss: 0 },
    };
  }

  // -- Reading --

  get state(): SessionState {
    return this.#state;
  }

  readonly subscribe = (changed: () => void): (() => void) => {
    this.#changed.add(changed);
    return () => this.#changed.delete(changed);
  };

  /** Told of events as they arrive, once each; not of history. */
  onEvents(heard: (events: readonly Recorded[]) => void): () => void {
    this.#heard.add(heard);
    return () => this.#heard.delete(heard);
  }

  /** Told of signals of other people, which nobody keeps. */
  onSignals(signalled: (signal: SignalFrame) => void): () => void {
    this.#signalled.add(signalled);
    return () => this.#signalled.delete(signalled);
  }

  /** Puts into the view what it was told without, as the elements of a board: `filled` returns it as the log has it now. */
  fill(filled: (view: View) => View): void {
    if (this.#base === null) return;
    this.#base = filled(this.#base);
    this.#publish();
  }

  /** Once the view shows everything up to `seq`. */
  reached(seq: number): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if ((this.#base?.seq ?? 0) < seq) return;
        stop();
        resolve();
      };
      const stop = this.subscribe(look);
      look();
    });
  }

  /** The command by which one made this thing on this page: its echo was known by that name. */
  originOf(id: string): string | undefined {
    return this.#origins.get(id);
  }

  // -- Acting --

  /** Keeps the command until the server has it; the promise tells how that ended, if this page is still there. */
  submit(command: Command): Promise<Ack> {
    const id = (this.#options.newId ?? (() => crypto.randomUUID()))();
    if (!this.#outbox.add(id, command, Date.now())) {
      const full: Refusal = { ok: false, code: "limit_reached", detail: "too much is waiting to be sent" };
      this.#note({ id, command, code: full.code, detail: full.detail ?? "" });
      return Promise.resolve(full);
    }
    const answer = new Promise<Ack>((resolve) => this.#answers.set(id, resolve));
    this.#publish();
    this.#flush();
    return answer;
  }

  /** Not to be sent after all, or a refusal that was read. */
  discard(id: string): void {
    if (!this.#sending.has(id)) this.#outbox.drop(id);
    this.#publish({ refused: this.#state.refused.filter((each) => each.id !== id) });
  }

  signal(signal: SignalFrame): void {
    if (this.#state.phase === "live") this.#link?.signal(signal);
  }

  typing(on: boolean): void {
    this.#typing.say(on);
  }

  learn(names: Names): void {
    if (Object.keys(names).some((user) => this.#state.names[user]?.name !== names[user]?.name))
      this.#publish({ names: { ...this.#state.names, ...names } });
  }

  // -- Coming and going --

  open(): void {
    if (this.#state.phase === "closed" || this.#link !== null) return;
    void this.#connect();
  }

  /** Tries at once instead of waiting: the network came back, or the page is looked at again. */
  hurry(): void {
    if (this.#retry === undefined) return;
    clearTimeout(this.#retry);
    this.#retry = undefined;
    void this.#connect();
  }

  /** Leaves. What is unsent stays kept and is sent at the next visit. */
  close(): void {
    this.#link?.leave();
    this.#drop();
    this.#typing.forget();
    if (this.#state.phase === "live") this.#publish({ phase: "away" });
  }

  async #connect(): Promise<void> {
    this.#drop();
    this.#run += 1;
    const run = this.#run;
    const current = (): boolean => run === this.#run;
    let token: string;
    try {
      token = await this.#options.token(this.#tokenRefused);
    } catch (error) {
      if (!current()) return;
      if (error instanceof SignedOut) this.#end(UNAUTHORIZED, error.message);
      else this.#lose({});
      return;
    }
    if (!current()) return;
    this.#link = this.#options.connect(token, {
      open: () => void (current() && this.#join(run)),
      events: (frame) => current() && this.#take(frame),
      snapshot: (frame) => current() && this.#replace(frame),
      signal: (frame) => current() && this.#hear(frame),
      bye: (frame) => current() && this.#dismiss(frame),
      down: (reason) => current() && this.#lose(reason),
    });
  }

  async #join(run: number): Promise<void> {
    try {
      const ack = await this.#link?.join(this.sessionId, this.#base === null ? null : this.#position);
      if (run !== this.#run || ack === undefined) return;
      if (ack.ok) this.#joined(ack);
      else if (PATIENCE.has(ack.code)) this.#lose(ack);
      else this.#end(ack.code, ack.detail ?? "");
    } catch {
      if (run === this.#run) this.#lose({});
    }
  }

  #joined(ack: JoinAccepted): void {
    if (ack.snapshot !== undefined) this.#base = { ...ack.snapshot.view, seq: ack.seq };
    this.#position = { epoch: ack.epoch, after: ack.seq };
    this.#attempt = 0;
    this.#tokenRefused = false;
    this.#sending.clear();
    if (this.#base !== null) this.#outbox.settle(this.#base.seq);
    const { lostAt: _lostAt, closed: _closed, ...kept } = this.#state;
    this.#state = kept;
    this.#publish({
      phase: "live",
      you: ack.you,
      names: { ...this.#state.names, ...ack.snapshot?.people, ...ack.people },
    });
    this.#heart.start();
    this.#flush();
  }

  // -- Down the link --

  #take(frame: EventsFrame): void {
    const position = this.#position;
    if (frame.sessionId !== this.sessionId || position === null || this.#base === null) return;
    if (frame.epoch === position.epoch && frame.upto <= position.after) return;
    if (frame.epoch !== position.epoch || frame.after !== position.after) {
      this.#lose({}); // a gap: joining again with the position closes it
      return;
    }
    this.#base = { ...applyAll(this.#base, frame.events), seq: frame.upto };
    this.#position = { epoch: frame.epoch, after: frame.upto };
    for (const event of frame.events)
      if (event.actor === this.userId && event.command !== undefined) this.#seen(event.command, event);
    this.#outbox.settle(frame.upto);
    for (const { actor, type } of frame.events)
      if (actor !== undefined && type === "chat.sent") this.#typing.heard(actor, false);
    this.#publish({ names: { ...this.#state.names, ...frame.people } }, "soon");
    for (const heard of this.#heard) heard(frame.events);
  }

  /** The event of one's own command arrived, before or after its acknowledgement. */
  #seen(id: string, event: Recorded): void {
    if (this.#outbox.pending.some((each) => each.id === id)) {
      if (event.type === "chat.sent") this.#origins.set(event.messageId, id);
      if (event.type === "question.asked") this.#origins.set(event.questionId, id);
      this.#outbox.drop(id);
      this.#answers.get(id)?.({ ok: true, seq: this.#position?.after ?? 0 });
      this.#answers.delete(id);
    }
  }

  #replace(frame: SnapshotFrame): void {
    if (frame.sessionId !== this.sessionId) return;
    this.#base = { ...frame.view, seq: frame.seq };
    this.#position = { epoch: frame.epoch, after: frame.seq };
    this.#outbox.settle(frame.seq);
    this.#publish({
      names: { ...this.#state.names, ...frame.people },
      ...(frame.you === undefined ? {} : { you: frame.you }),
    });
    this.#flush();
  }

  #hear(frame: SignalFrame): void {
    if (frame.type === "typing" && frame.from !== undefined) this.#typing.heard(frame.from, frame["on"] === true);
    if (frame.type === "pong") {
      this.#heart.pong(frame["t"]);
      this.#publish({ pulse: this.#heart.pulse });
    }
    for (const signalled of this.#signalled) signalled(frame);
  }

  #dismiss(frame: ByeFrame): void {
    if (frame.reconnect)
      this.#lose({ code: frame.code, ...(frame.retryIn === undefined ? {} : { retryAfter: frame.retryIn }) });
    else this.#end(frame.code, "");
  }

  // -- Losing the link --

  #drop(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#run += 1;
    this.#heart.stop();
    this.#link?.close();
    this.#link = null;
    this.#sending.clear();
    for (const timer of this.#laneTimers.values()) clearTimeout(timer);
    this.#laneTimers.clear();
  }

  #lose(reason: Down): void {
    const wasLive = this.#state.phase === "live";
    const tokenRefused = TOKEN_REFUSED.has(reason.code ?? "");
    if (tokenRefused && this.#tokenRefused) {
      this.#end(UNAUTHORIZED, reason.detail ?? "");
      return;
    }
    this.#tokenRefused = tokenRefused;
    this.#drop();
    if (wasLive) this.#lostSince = Date.now();
    const wait =
      reason.retryAfter === undefined
        ? delayMs(this.#attempt, Date.now() - this.#lostSince, Math.random())
        : reason.retryAfter * 1_000;
    this.#attempt += 1;
    this.#retry = setTimeout(() => void this.#connect(), wait);
    this.#publish({ phase: "away", ...(this.#base === null ? {} : { lostAt: this.#lostSince }) });
  }

  #end(code: string, detail: string): void {
    this.#drop();
    this.#publish({ phase: "closed", closed: { code, detail } });
  }

  // -- Sending --

  #flush(): void {
    const link = this.#link;
    if (link === null || this.#state.phase !== "live") return;
    const taken = new Set(this.#laneTimers.keys());
    for (const each of this.#outbox.unsent) {
      const lane = laneOf(each.command);
      if (taken.has(lane)) continue;
      taken.add(lane);
      if (!this.#sending.has(each.id)) void this.#send(link, each, lane);
    }
  }

  async #send(link: Link, { id, command, sent }: Pending, lane: string): Promise<void> {
    this.#sending.add(id);
    this.#outbox.noteSent(id);
    let ack: Ack;
    try {
      ack = await link.submit(id, command, sent);
    } catch {
      if (link === this.#link) this.#lose({});
      return;
    }
    if (link !== this.#link) return;
    this.#sending.delete(id);
    if (ack.ok) this.#acknowledged(id, ack);
    else if (this.#patient(id, ack)) {
      const wait = (ack.retryAfter ?? PATIENCE_DEFAULT_S) * 1_000;
      const again = setTimeout(() => {
        this.#laneTimers.delete(lane);
        this.#flush();
      }, wait);
      this.#laneTimers.set(lane, again);
    } else this.#refuse({ id, command, code: ack.code, detail: ack.detail ?? "" }, ack);
    this.#flush();
  }

  #patient(id: string, ack: Refusal): boolean {
    if (!PATIENCE.has(ack.code)) return false;
    const tries = (this.#tries.get(id) ?? 0) + 1;
    this.#tries.set(id, tries);
    return ack.code !== "internal" || tries < INTERNAL_TRIES_MAX;
  }

  #acknowledged(id: string, ack: Ack & { ok: true }): void {
    this.#outbox.acknowledge(id, ack.seq);
    this.#outbox.settle(this.#base?.seq ?? 0);
    this.#finish(id, ack);
  }

  #refuse(refused: Refused, ack: Refusal): void {
    this.#outbox.drop(refused.id);
    this.#note(refused);
    this.#finish(refused.id, ack);
  }

  #finish(id: string, ack: Ack): void {
    this.#tries.delete(id);
    this.#answers.get(id)?.(ack);
    this.#answers.delete(id);
    this.#publish();
  }

  #note(refused: Refused): void {
    this.#publish({ refused: [...this.#state.refused.slice(1 - REFUSED_KEPT_MAX), refused] });
  }

  #publish(changes: Partial<SessionState> = {}, when: "now" | "soon" = "now"): void {
    const pending = this.#outbox.pending;
    const view = this.#base === null ? null : withEchoes(this.#base, pending, this.userId);
    this.#state = { ...this.#state, ...changes, view, pending, typing: this.#typing.who };
    if (when === "now" || Date.now() - this.#toldAt >= TELL_EVERY_MS) this.#tell();
    else this.#telling ??= setTimeout(() => this.#tell(), TELL_EVERY_MS);
  }

  #tell(): void {
    clearTimeout(this.#telling);
    this.#telling = undefined;
    this.#toldAt = Date.now();
    for (const changed of this.#changed) changed();
  }
}

/** There is no way to a token any more: the person must sign in again. */
export class SignedOut extends Error {}
