// What can be read off the boards of a view: the pages of a room in their order, who may draw on one, and what is on it in
// words. Pure. The server decides; this keeps the page from offering what would be refused.
import type { Elements } from "../../session/fold/boards";
import type { Boards, Page } from "../../session/protocol";

export const MAIN = "main";

/** In their order. `room` undefined: the main room. */
export function pagesOf(boards: Boards | undefined, room: string | undefined): Page[] {
  return Object.values(boards?.pages ?? {})
    .filter((each) => each.room === room)
    .sort((one, other) => one.order - other.order || one.seq - other.seq);
}

export const isFirst = (page: Page): boolean => page.id === (page.room ?? MAIN);

export const firstPageOf = (room: string | undefined): string => room ?? MAIN;

export interface Drawer {
  moderates: boolean;
  /** The right to draw. */
  allowed: boolean;
  /** Takes part, as observers do not. */
  participant: boolean;
  running: boolean;
  active: boolean;
  here: string | undefined;
}

export type MayDraw = "yes" | "locked" | "not_allowed" | "not_now" | "elsewhere";

export function mayDraw(page: Page, who: Drawer): MayDraw {
  if (who.moderates) return who.running ? "yes" : "not_now";
  if (page.room !== who.here) return "elsewhere";
  if (!who.active) return "not_now";
  if (!who.allowed && !(page.everyone && who.participant)) return "not_allowed";
  return page.locked ? "locked" : "yes";
}

/** What one person has on a page. */
export interface Share {
  /** Undefined: the log does not say who. */
  user: string | undefined;
  texts: string[];
  /** Everything that is no text. */
  shapes: number;
}

/** In words: by person, who has most first; texts from the top of the page to its bottom. */
export function sharesOf(elements: Elements | undefined): Share[] {
  const shares = new Map<string | undefined, Share & { placed: [number, number, string][] }>();
  for (const { deleted, creator, body } of Object.values(elements ?? {})) {
    if (deleted) continue;
    const share = shares.get(creator) ?? { user: creator, texts: [], shapes: 0, placed: [] };
    shares.set(creator, share);
    const text = typeof body["text"] === "string" ? body["text"].trim() : "";
    if (body["type"] !== "text") share.shapes += 1;
    else if (text !== "") share.placed.push([Number(body["y"] ?? 0), Number(body["x"] ?? 0), text]);
  }
  return [...shares.values()]
    .map(({ placed, ...share }) => ({
      ...share,
      texts: placed.sort(([y, x], [v, u]) => y - v || x - u).map(([, , text]) => text),
    }))
    .sort((one, other) => other.texts.length + other.shapes - (one.texts.length + one.shapes));
}
