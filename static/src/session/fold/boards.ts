// Whiteboards as a view has them, as rooms/board_book.py applies it. A page's `elements` are absent until the board was
// opened and `load`ed; from then on they follow the log. Besides the fold: any moment of a board, from its events alone.
import type { BoardChanged, Boards, Element, Page } from "../protocol";
import type { Recorded } from "../wire";
import { compact, type Reducers, without } from "./slice";

export type Elements = Readonly<Record<string, Element>>;

/** What an element is to Excalidraw; the fields beside these depend on its `type`. */
export interface Drawn {
  id: string;
  type: string;
  version: number;
  versionNonce: number;
  isDeleted: boolean;
  [field: string]: unknown;
}

/** What `GET …/boards/{boardId}` answers: the elements from back to front, and beside each who drew it. */
export interface LoadedBoard {
  id: string;
  changed: number;
  live: number;
  elements: Drawn[];
  creators: (string | null)[];
}

type Changed = BoardChanged & { seq: number; actor?: string };
type Placed = { seq: number; actor?: string };

// -- Merging --

/** The higher version wins, of equal ones the lower nonce; of two that are equal in both `held` stays. */
export function wins(other: Version, held: Version): boolean {
  return other.version > held.version || (other.version === held.version && other.versionNonce < held.versionNonce);
}

export type Version = Pick<Element, "version" | "versionNonce">;

/** Repeated or late, in any order, the same elements always end as the same scene. */
export function merge(elements: Elements, changed: Iterable<Element>): Elements {
  const won = new Map<string, Element>();
  for (const each of changed) {
    const held = won.get(each.id) ?? own(elements, each.id);
    if (held === undefined || wins(each, held)) won.set(each.id, each);
  }
  return won.size === 0 ? elements : { ...elements, ...Object.fromEntries(won) };
}

function own(elements: Elements, id: string): Element | undefined {
  return Object.hasOwn(elements, id) ? elements[id] : undefined;
}

function element(drawn: Drawn, seq: number, creator: string | undefined, author: string | undefined): Element {
  const { id, version, versionNonce, isDeleted, ...body } = drawn;
  return compact<Element>({ id, version, versionNonce, deleted: isDeleted, creator, author, seq, body } as Element);
}

/** The elements of a `board.changed` as a view holds them. */
export function elementsOf(event: Changed): Element[] {
  const creators = event.creators ?? {};
  return (event.elements as Drawn[]).map((drawn) =>
    element(drawn, event.seq, Object.hasOwn(creators, drawn.id) ? creators[drawn.id] : event.actor, event.actor),
  );
}

/** The element as Excalidraw has it. A deleted one has lost its fields: `local`, what the browser still has, lends them. */
export function drawn(element: Element, local?: Drawn): Drawn {
  const { id, version, versionNonce, deleted, body } = element;
  return { ...(deleted ? local : undefined), ...body, id, version, versionNonce, isDeleted: deleted } as Drawn;
}

// -- One page --

function changed(elements: Elements, event: Changed): Elements {
  return merge(elements, elementsOf(event));
}

function movedOn(element: Element, event: Placed): Element {
  const { author: _author, ...kept } = element;
  const version = { version: element.version + 1, versionNonce: event.seq, seq: event.seq };
  return compact<Element>({ ...kept, ...version, author: event.actor } as Element);
}

/** What an earlier clearing deleted cannot come back any more. */
function cleared(elements: Elements, event: Placed): Elements {
  const after: Record<string, Element> = {};
  for (const each of Object.values(elements)) {
    if (!each.deleted) after[each.id] = { ...movedOn(each, event), deleted: true, cleared: event.seq };
    else if (each.cleared === undefined) after[each.id] = each;
    else {
      const { cleared: _cleared, ...kept } = each;
      after[each.id] = { ...kept, body: { type: each.body.type } };
    }
  }
  return after;
}

/** Absent when what was cleared is not here: it was cleared before the board was loaded. */
function restored(elements: Elements, event: Placed & { cleared: number; live: number }): Elements | undefined {
  let live = 0;
  const after: Record<string, Element> = {};
  for (const each of Object.values(elements)) {
    if (each.cleared === event.cleared) {
      const { cleared: _cleared, ...kept } = movedOn(each, event);
      after[each.id] = { ...kept, deleted: false };
    } else after[each.id] = each;
    if (!after[each.id]?.deleted) live += 1;
  }
  return live === event.live ? after : undefined;
}

function touch<E extends Placed & { boardId: string }>(boards: Boards, event: E, change: (page: Page) => Page): Boards {
  const page = Object.hasOwn(boards.pages, event.boardId) ? boards.pages[event.boardId] : undefined;
  if (page === undefined || event.seq <= page.changed) return boards;
  return { ...boards, pages: { ...boards.pages, [page.id]: { ...change(page), changed: event.seq } } };
}

/** The page with other elements; without any when they are not known. */
function holding(page: Page, elements: Elements | undefined): Page {
  const { elements: _elements, ...rest } = page;
  return elements === undefined ? rest : { ...rest, elements: elements as Record<string, Element> };
}

function withoutWordsOf(page: Page, user: string): Page {
  if (page.elements === undefined) return page;
  const elements = Object.entries(page.elements).map(([id, each]) => [
    id,
    each.creator === user ? { ...each, body: wordless(each.body) } : each,
  ]);
  return { ...page, elements: Object.fromEntries(elements) };
}

function wordless(body: Element["body"]): Element["body"] {
  const said = { text: "", originalText: "", name: null, link: null };
  return { ...body, ...Object.fromEntries(Object.entries(said).filter(([word]) => Object.hasOwn(body, word))) };
}

export const boards: Reducers<Boards> = {
  "board.changed": (now, event) =>
    touch(now, event, (page) => ({
      ...holding(page, page.elements && changed(page.elements, event)),
      live: event.live,
      size: event.size,
    })),
  "board.cleared": (now, event) =>
    touch(now, event, (page) => ({
      ...holding(page, page.elements && cleared(page.elements, event)),
      live: 0,
      size: 0,
      cleared: event.seq,
    })),
  "board.restored": (now, event) =>
    touch(now, event, ({ cleared: _cleared, ...page }) => ({
      ...holding(page, page.elements && restored(page.elements, event)),
      live: event.live,
      size: event.size,
    })),
  "board.locked": (now, event) => touch(now, event, (page) => ({ ...page, locked: event.locked })),
  "board.shared": (now, event) => touch(now, event, (page) => ({ ...page, everyone: event.everyone })),
  "board.pageRenamed": (now, event) => touch(now, event, (page) => ({ ...page, name: event.name })),
  "board.pageRemoved": (now, event) => ({ ...now, pages: without(now.pages, event.boardId) }),
  "board.pageAdded": (now, event) => {
    const { boardId: id, room, name, order, background, everyone, seq } = event;
    const moved = Object.values(now.pages).map((each) =>
      each.room === room && each.order >= order ? { ...each, order: each.order + 1, changed: seq } : each,
    );
    const page = emptyPage({ id, seq, room, name, order, background, everyone });
    return { ...now, pages: Object.fromEntries([...moved, page].map((each) => [each.id, each])) };
  },
  "person.erased": (now, event) => ({
    ...now,
    pages: Object.fromEntries(
      Object.values(now.pages).map((page) => [page.id, { ...withoutWordsOf(page, event.userId), changed: event.seq }]),
    ),
  }),
  "board.imageAdded": (now, event) => {
    const { imageId: id, seq, room, actor: author, mimeType, width, height, bytes } = event;
    const image = compact({ id, seq, room, author, mimeType, width, height, bytes }) as Boards["images"][string];
    return { ...now, images: { ...now.images, [id]: image } };
  },
  "breakout.opened": (now, event) => {
    const own = event.rooms.map(({ id }) => id).filter((id) => now.whole || id === now.room);
    const made = own.map((id) => [id, emptyPage({ id, seq: event.seq, room: id, everyone: true })] as const);
    return { ...now, pages: { ...now.pages, ...Object.fromEntries(made) } };
  },
};

function emptyPage(given: Pick<Page, "id" | "seq" | "everyone"> & { [F in keyof Page]?: Page[F] | undefined }): Page {
  const { seq } = given;
  const nothing = { name: "", order: 0, locked: false, changed: seq, live: 0, size: 0, elements: {} };
  return compact<Page>({ ...nothing, ...given } as Page);
}

// -- Opening a board --

/** The view's boards with one page loaded. `tail`: the events of this session that came since it was asked for, which a
 * page that was not loaded did not keep. Undefined when the answer is older than the page and the tail does not make up
 * for it: ask again. */
export function load(now: Boards, board: LoadedBoard, tail: readonly Recorded[] = []): Boards | undefined {
  const page = Object.hasOwn(now.pages, board.id) ? now.pages[board.id] : undefined;
  if (page === undefined) return undefined;
  const entries = board.elements.map((each, index) => {
    const creator = board.creators[index] ?? undefined;
    return [each.id, element(each, board.changed, creator, creator)] as const;
  });
  const start = { ...page, changed: board.changed, live: board.live, elements: Object.fromEntries(entries) };
  let made: Boards = { ...now, pages: { ...now.pages, [page.id]: start } };
  for (const event of tail) {
    if (!("boardId" in event) || event.boardId !== board.id || event.type === "board.pageAdded") continue;
    const reducer = boards[event.type as keyof typeof boards] as ((slice: Boards, event: Recorded) => Boards) | undefined;
    made = reducer?.(made, event) ?? made;
  }
  const after = made.pages[board.id];
  if (after?.elements === undefined || after.changed < page.changed) return undefined;
  return { ...now, pages: { ...now.pages, [page.id]: { ...page, elements: after.elements, changed: after.changed } } };
}

// -- Any moment of a board --

/** One board as it was drawn, event by event. Going on costs what changed; going back starts from the beginning. */
export class BoardHistory {
  private readonly events: readonly Recorded[];
  private scene = new Map<string, Element>();
  private done = 0;

  /** `events`: everything of this board from its beginning, in order; others are ignored. */
  constructor(boardId: string, events: readonly Recorded[]) {
    this.events = events.filter((each) => "boardId" in each && each.boardId === boardId && HISTORIC.has(each.type));
  }

  /** The places in the log where something changed. */
  get moments(): readonly { seq: number; at: string; actor?: string; type: string }[] {
    return this.events;
  }

  /** Everything there was right after the event `seq`, deleted elements included. */
  at(seq: number): ReadonlyMap<string, Element> {
    const before = this.events[this.done - 1];
    if (before !== undefined && before.seq > seq) {
      this.scene = new Map();
      this.done = 0;
    }
    for (let next = this.events[this.done]; next !== undefined && next.seq <= seq; next = this.events[this.done]) {
      this.follow(next);
      this.done += 1;
    }
    return this.scene;
  }

  private follow(event: Recorded): void {
    if (event.type === "board.changed") {
      for (const each of elementsOf(event)) {
        const held = this.scene.get(each.id);
        if (held === undefined || wins(each, held)) this.scene.set(each.id, each);
      }
      return;
    }
    const now = Object.fromEntries(this.scene);
    if (event.type === "board.cleared") this.scene = new Map(Object.entries(cleared(now, event)));
    if (event.type === "board.restored") this.scene = new Map(Object.entries(restored(now, event) ?? now));
  }
}

const HISTORIC: ReadonlySet<string> = new Set(["board.changed", "board.cleared", "board.restored"]);
