// What happened on one page from its beginning, as the log tells it: fetched bit by bit. Knows no page of the client.
import { api } from "../../app/client";
import type { BoardHistory, Drawn } from "../../session/fold/boards";
import type { Element } from "../../session/protocol";
import type { Names, Recorded } from "../../session/wire";
import { inkOf } from "./colours";
import { inOrder } from "./drawn";

const AT_ONCE = 100;

interface EventsPage {
  upto: number;
  items: Recorded[];
  nextCursor: string | null;
  people?: Names;
}

/** `progress` from 0 to 1. Of all boards: one page's events are told apart by whoever folds them. */
export async function fetchPast(
  session: string,
  head: number,
  progress: (part: number) => void,
  signal: AbortSignal,
): Promise<{ events: Recorded[]; names: Names }> {
  const events: Recorded[] = [];
  const names: Names = {};
  let cursor: string | null = null;
  do {
    const next = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const page: EventsPage = await api.get<EventsPage>(
      `/live-sessions/${session}/events?type=board.&limit=${AT_ONCE}${next}`,
    );
    signal.throwIfAborted();
    for (const each of page.items) events.push(each);
    Object.assign(names, page.people);
    cursor = page.nextCursor;
    progress(Math.min(1, (page.items.at(-1)?.seq ?? head) / Math.max(1, head)));
  } while (cursor !== null);
  return { events, names };
}

/** What was on the page right after `seq`, lowest first; in one colour for each person where that is wanted. */
export function momentOf(history: BoardHistory, seq: number, coloured: boolean): Drawn[] {
  const there: Drawn[] = [];
  for (const { id, version, versionNonce, deleted, body, creator } of history.at(seq).values()) {
    if (deleted) continue;
    const ink = coloured && creator !== undefined ? { strokeColor: inkOf(creator) } : {};
    there.push({ ...body, ...ink, id, version, versionNonce, isDeleted: false } as unknown as Drawn);
  }
  return inOrder(there);
}

export interface Drew {
  user: string;
  elements: number;
}

/** Who drew what is there at a moment, who has most first. */
export function drewAt(scene: ReadonlyMap<string, Element>): Drew[] {
  const counts = new Map<string, number>();
  for (const { creator, deleted } of scene.values())
    if (!deleted && creator !== undefined) counts.set(creator, (counts.get(creator) ?? 0) + 1);
  return [...counts]
    .map(([user, elements]) => ({ user, elements }))
    .sort((one, other) => other.elements - one.elements);
}
