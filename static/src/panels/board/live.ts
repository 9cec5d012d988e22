// What is only of this moment: where others point, what they are drawing, where the presenter looks. Sent at most ten
// times a second, forgotten when nothing more is heard. Nothing on the board depends on it.
import type { Session } from "../../session/session";
import type { SignalFrame } from "../../session/wire";
import type { Drawn } from "../../session/fold/boards";
import { bytesOf } from "./packing";
import type { Seen } from "./seeing";

const EVERY_MS = 100;
const STROKE_BYTES_MAX = 3_600; // of 4 kB
const STROKE_POINTS_MAX = 120;
export const CURSOR_KEPT_MS = 15_000;
export const STROKE_KEPT_MS = 3_000;

/** The latest of what is said within 100 ms is sent. */
export class Saying {
  readonly #session: Session;
  #waiting: SignalFrame | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last = "";

  constructor(session: Session) {
    this.#session = session;
  }

  say(signal: SignalFrame): void {
    this.#waiting = signal;
    if (this.#timer === undefined) this.#send();
  }

  /** Nothing waits any more; something else than before can be said at once. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting = null;
    this.#last = "";
  }

  #send(): void {
    this.#timer = undefined;
    const signal = this.#waiting;
    if (signal === null) return;
    this.#waiting = null;
    const said = JSON.stringify(signal);
    if (said !== this.#last) this.#session.signal(signal);
    this.#last = said;
    this.#timer = setTimeout(() => this.#send(), EVERY_MS);
  }
}

const round = (value: number): number => Math.round(value * 10) / 10;

export const cursorSignal = (boardId: string, x: number, y: number): SignalFrame => ({
  type: "board.cursor",
  boardId,
  x: round(x),
  y: round(y),
});

/** A stroke in progress as it fits into a signal: fewer points; nothing where even that is too much. */
export function strokeSignal(boardId: string, element: Drawn | null): SignalFrame | null {
  if (element === null) return { type: "board.stroke", boardId, element: null };
  const signal = { type: "board.stroke", boardId, element: thin(element) };
  return bytesOf(signal) <= STROKE_BYTES_MAX ? signal : null;
}

function thin(element: Drawn): Drawn {
  const { customData: _custom, ...plain } = element;
  const shape = { ...plain, boundElements: null, link: null } as unknown as Drawn;
  if (element.type !== "freedraw") return shape;
  const points = element["points"] as [number, number][];
  const step = Math.ceil(points.length / STROKE_POINTS_MAX);
  const kept = points.filter((_, at) => at % step === 0 || at === points.length - 1);
  return { ...shape, points: kept.map(([x, y]) => [round(x), round(y)]), pressures: [], simulatePressure: true };
}

export interface Heard {
  cursor(user: string, x: number, y: number): void;
  stroke(user: string, element: Drawn | null): void;
  viewport(user: string, seen: Seen): void;
}

/** Passes on what concerns this page. The server has looked at every signal; a shape that is none is passed over. */
export function listen(session: Session, boardId: string, heard: Partial<Heard>): () => void {
  return session.onSignals((signal) => {
    const { type, from, x, y } = signal;
    if (from === undefined || from === session.userId || signal["boardId"] !== boardId) return;
    const placed = typeof x === "number" && typeof y === "number";
    if (type === "board.cursor" && placed) heard.cursor?.(from, x, y);
    if (type === "board.stroke") heard.stroke?.(from, (signal["element"] as Drawn | null | undefined) ?? null);
    const { width, height } = signal;
    if (type === "board.viewport" && placed && typeof width === "number" && typeof height === "number")
      heard.viewport?.(from, { x, y, width, height });
  });
}
