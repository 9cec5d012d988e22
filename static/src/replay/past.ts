// The whole room at any moment: the views of a session, folded from its events once. Some are kept on the way, so that
// going anywhere costs the few events since the last one kept. Knows no server and no page.
import type { View } from "../session/protocol";
import type { Recorded } from "../session/wire";
import { Folding } from "./folding";

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
  #folding: Folding;
  #last: Kept;

  /** `first`: the view before all events. */
  constructor(first: View, every = EVERY) {
    this.#every = every;
    this.#folding = new Folding(first);
    this.#last = { count: 0, view: first };
    this.#kept = [this.#last];
  }

  /** The view after everything so far; for a look at it, not to be held while more is appended. */
  get head(): View {
    return this.#folding.end();
  }

  append(event: Recorded): void {
    const before = this.#times.at(-1) ?? -Infinity;
    this.events.push(event);
    this.#times.push(Math.max(before, Date.parse(event.at)));
    this.#folding.step(event);
    if (this.events.length % this.#every === 0) this.#keep(this.head);
  }

  /** From here on it goes on from another view: the reader came to another place, or may see more or less. */
  turn(view: View): void {
    if (this.#kept.at(-1)?.count === this.events.length) this.#kept.pop();
    this.#keep(view);
    this.#last = { count: this.events.length, view };
  }

  #keep(view: View): void {
    this.#kept.push({ count: this.events.length, view });
    this.#folding = new Folding(view);
  }

  /** How many events had happened by then, milliseconds. */
  countAt(ms: number): number {
    return firstAfter(this.#times, ms);
  }

  /** The view after the first `count` events. */
  viewAfter(count: number): View {
    const from = this.#nearest(count);
    if (from.count === count) return from.view;
    const folding = new Folding(from.view);
    for (const event of this.events.slice(from.count, count)) folding.step(event);
    this.#last = { count, view: folding.end() };
    return this.#last.view;
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
