// The whole room at any moment: the views of a session, folded from its events once. Some are kept on the way, so that
// going anywhere costs the few events since the last one kept. Knows no server and no page.
import type { View } from "../session/protocol";
import { apply } from "../session/fold/room";
import type { Recorded } from "../session/wire";

/** Between two kept views. They share what did not change; going anywhere folds at most so many events. */
const EVERY = 100;

interface Kept {
  /** How many events are in it. */
  count: number;
  view: View;
}

export class Past {
  readonly events: Recorded[] = [];
  readonly #every: number;
  readonly #times: number[] = [];
  readonly #kept: Kept[];
  #head: Kept;
  #last: Kept;

  /** `first`: the view before all events. */
  constructor(first: View, every = EVERY) {
    this.#every = every;
    this.#head = this.#last = { count: 0, view: first };
    this.#kept = [this.#head];
  }

  /** The view after everything so far. */
  get head(): View {
    return this.#head.view;
  }

  append(event: Recorded): void {
    const before = this.#times.at(-1) ?? -Infinity;
    this.events.push(event);
    this.#times.push(Math.max(before, Date.parse(event.at)));
    this.#head = { count: this.events.length, view: apply(this.#head.view, event) };
    if (this.#head.count % this.#every === 0) this.#kept.push(this.#head);
  }

  /** From here on it goes on from another view: the reader came to another place, or may see more or less. */
  turn(view: View): void {
    this.#head = { count: this.events.length, view };
    if (this.#kept.at(-1)?.count === this.#head.count) this.#kept.pop();
    this.#kept.push(this.#head);
    this.#last = this.#head;
  }

  /** How many events had happened by then, milliseconds. */
  countAt(ms: number): number {
    return firstAfter(this.#times, ms);
  }

  /** The view after the first `count` events. */
  viewAfter(count: number): View {
    let now = this.#nearest(count);
    while (now.count < count) {
      const event = this.events[now.count];
      if (event === undefined) break;
      now = { count: now.count + 1, view: apply(now.view, event) };
    }
    this.#last = now;
    return now.view;
  }

  /** The latest view at hand that is not too late. Where another was taken up in between, going on is not enough. */
  #nearest(count: number): Kept {
    let low = 0;
    let high = this.#kept.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#kept[middle]?.count ?? Infinity) <= count) low = middle + 1;
      else high = middle;
    }
    const kept = this.#kept[low - 1] ?? { count: 0, view: this.head };
    return this.#last.count <= count && this.#last.count > kept.count ? this.#last : kept;
  }
}

/** The number of the first of them (ascending) that is greater than `value`. */
export function firstAfter(ascending: ArrayLike<number>, value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? Infinity) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
