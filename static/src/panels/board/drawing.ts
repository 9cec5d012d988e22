// Keeps one page of the board alike on this screen and in the log. What others did is put on the canvas, what one did
// oneself is handed over to be sent, what the server refused is taken back. Headless: the canvas behind it is Excalidraw
// in the browser and an array in the tests. The log's order and its merge rule decide; this only keeps step with them.
import { type Drawn, drawn, type Elements, type Version, wins } from "../../session/fold/boards";
import { inOrder, same, versionOf } from "./drawn";
import { carried, packed } from "./packing";

/** Where the elements are drawn. `put` shows exactly these, and is no act of this person: undo knows nothing of it. */
export interface Canvas {
  /** Lowest first, the deleted ones too. */
  elements(): readonly Drawn[];
  put(elements: readonly Drawn[]): void;
  /** Those that are under the hand now: neither sent nor replaced. */
  busy(): ReadonlySet<string>;
}

export interface Changes {
  elements: readonly Drawn[];
  group?: string;
}

export type TakenBack = "not_yours" | "too_large";

export interface DrawingOptions {
  canvas: Canvas;
  send(changes: Changes): void;
  /** Whether this person may remove what `creator` drew. */
  mayRemove(creator: string | undefined): boolean;
  takenBack(why: TakenBack, elements: readonly Drawn[]): void;
  newId?: () => string;
  nonce?: () => number;
}

/** The server takes no version that lies more than 10,000 above the one it has. */
const VERSION_JUMP_MAX = 9_000;
const NONCE_END = 2 ** 31;

export class Drawing {
  readonly #options: DrawingOptions;
  #log: Elements = {};
  /** The version of each element on the canvas that needs no sending: from the log, or handed over already. */
  readonly #settled = new Map<string, Version>();
  /** The versions on the canvas that say what the log says, whatever number they have. */
  readonly #clean = new Map<string, Version>();
  /** What the log has new of elements that were under the hand. */
  readonly #held = new Set<string>();

  constructor(options: DrawingOptions) {
    this.#options = options;
  }

  /** What the log says now. */
  take(log: Elements): void {
    const before = this.#log;
    this.#log = log;
    const changed = Object.keys(log).filter((id) => log[id] !== before[id]);
    for (const id of Object.keys(before)) if (log[id] === undefined) changed.push(id);
    if (changed.length > 0) this.#merge(changed);
  }

  /** What this person gave the server before, and it has not confirmed: after a reload it is on the canvas again. */
  resume(elements: readonly Drawn[]): void {
    const scene = this.#scene();
    const newer = elements.filter((each) => {
      const there = scene.get(each.id);
      return there === undefined ? !each.isDeleted : wins(each, there);
    });
    for (const each of newer) this.#settled.set(each.id, versionOf(each));
    this.#put(newer, scene);
  }

  /** Something on the canvas may have changed: hands over what is finished and not handed over yet. */
  flush(): void {
    const { canvas } = this.#options;
    const busy = canvas.busy();
    this.#release(busy);
    const own: Drawn[] = [];
    const foreign: Drawn[] = [];
    for (const each of canvas.elements()) {
      if (busy.has(each.id) || same(this.#settled.get(each.id), each)) continue;
      if (each.type === "image" && each["fileId"] == null && !each.isDeleted) continue; // still on its way up
      if (each.isDeleted && !this.#settled.has(each.id)) continue; // gone before anybody knew of it
      const creator = this.#log[each.id]?.creator;
      const removes = each.isDeleted && this.#log[each.id]?.deleted === false;
      (removes && !this.#options.mayRemove(creator) ? foreign : own).push(each);
    }
    if (foreign.length > 0) this.#undo(foreign, "not_yours");
    if (own.length > 0) this.#hand(own);
  }

  /** The server has decided on these: unless they changed again meanwhile, they are now as the log has them. */
  decided(elements: readonly Drawn[]): void {
    const scene = this.#scene();
    this.#back(elements.filter((each) => same(scene.get(each.id), each) && !same(this.#log[each.id], each)));
  }

  /** Whether something on the canvas is not handed over yet. */
  get unsent(): boolean {
    return this.#options.canvas
      .elements()
      .some(
        (each) => !same(this.#settled.get(each.id), each) && !(each.isDeleted && !this.#settled.has(each.id)),
      );
  }

  #scene(): Map<string, Drawn> {
    return new Map(this.#options.canvas.elements().map((each) => [each.id, each]));
  }

  #merge(ids: readonly string[]): void {
    const scene = this.#scene();
    const busy = this.#options.canvas.busy();
    const taken: Drawn[] = [];
    for (const id of ids) {
      const there = scene.get(id);
      const told = this.#told(id, there);
      if (told === undefined) continue;
      const untouched = there !== undefined && same(this.#clean.get(id), there);
      if (there !== undefined && same(there, told) && there.isDeleted === told.isDeleted) this.#settle(told);
      else if (there === undefined || untouched || wins(told, there)) {
        if (there !== undefined && busy.has(id)) this.#held.add(id);
        else taken.push(told);
      }
    }
    for (const each of taken) this.#settle(each);
    this.#put(taken, scene);
  }

  /** The element as the log has it; gone where the log does not know it. Of what is deleted the log keeps no shape. */
  #told(id: string, there: Drawn | undefined): Drawn | undefined {
    const element = this.#log[id];
    if (element !== undefined && !element.deleted) return drawn(element);
    if (there === undefined) return undefined;
    return element === undefined ? { ...there, isDeleted: true } : drawn({ ...element, body: {} }, there);
  }

  #settle(element: Drawn): void {
    this.#settled.set(element.id, versionOf(element));
    this.#clean.set(element.id, versionOf(element));
    this.#held.delete(element.id);
  }

  /** What others changed while it was under the hand: whoever let go last has the last word, if they changed anything. */
  #release(busy: ReadonlySet<string>): void {
    const free = [...this.#held].filter((id) => !busy.has(id));
    if (free.length === 0) return;
    const scene = this.#scene();
    const put: Drawn[] = [];
    for (const id of free) {
      this.#held.delete(id);
      const there = scene.get(id);
      const told = this.#told(id, there);
      if (told === undefined) continue;
      const touched = there !== undefined && !same(this.#settled.get(id), there);
      if (!touched) {
        this.#settle(told);
        put.push(told);
      } else if (!wins(there, told)) put.push(this.#over(there, told.version + 1));
    }
    this.#put(put, scene);
  }

  #over(element: Drawn, version: number): Drawn {
    const nonce = this.#options.nonce ?? (() => Math.floor(Math.random() * NONCE_END));
    return { ...element, version, versionNonce: nonce() };
  }

  #hand(elements: readonly Drawn[]): void {
    const far = elements.filter((each) => each.version - (this.#log[each.id]?.version ?? 0) > VERSION_JUMP_MAX);
    const near = far.map((each) => this.#over(each, (this.#log[each.id]?.version ?? 0) + 1));
    if (near.length > 0) this.#put(near, this.#scene());
    const nearer = new Map(near.map((each) => [each.id, each]));
    const { parcels, tooLarge } = packed(elements.map((each) => carried(nearer.get(each.id) ?? each)));
    if (tooLarge.length > 0) this.#undo(tooLarge, "too_large");
    const group = parcels.length > 1 ? (this.#options.newId ?? (() => crypto.randomUUID()))() : undefined;
    for (const parcel of parcels) {
      for (const each of parcel) this.#settled.set(each.id, versionOf(each));
      const elements = structuredClone(parcel); // the canvas goes on changing its own
      this.#options.send({ elements, ...(group === undefined ? {} : { group }) });
    }
  }

  #undo(elements: readonly Drawn[], why: TakenBack): void {
    this.#back(elements);
    this.#options.takenBack(why, elements);
  }

  #back(elements: readonly Drawn[]): void {
    const scene = this.#scene();
    const put = elements.flatMap((each) => this.#told(each.id, scene.get(each.id)) ?? []);
    for (const each of put) this.#settle(each);
    this.#put(put, scene);
  }

  /** Puts these over the scene. Where the canvas gives a new index to set the order right, that is nobody's change. */
  #put(elements: readonly Drawn[], scene: Map<string, Drawn>): void {
    if (elements.length === 0) return;
    for (const each of elements) scene.set(each.id, each);
    const stamps = new Map([...scene.values()].map((each) => [each.id, versionOf(each)]));
    this.#options.canvas.put(inOrder(scene.values()));
    for (const each of this.#options.canvas.elements()) {
      const was = stamps.get(each.id);
      if (was === undefined || same(was, each)) continue;
      if (same(this.#settled.get(each.id), was)) this.#settled.set(each.id, versionOf(each));
      if (same(this.#clean.get(each.id), was)) this.#clean.set(each.id, versionOf(each));
    }
  }
}
