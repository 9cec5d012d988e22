// Where one is: the path of the page, and links that change it without loading anew. So few kinds of pages need no library.
import { type MouseEvent, useSyncExternalStore } from "react";

const changed = new Set<() => void>();

function publish(): void {
  for (const each of changed) each();
}

window.addEventListener("popstate", publish);

function subscribe(listener: () => void): () => void {
  changed.add(listener);
  return () => changed.delete(listener);
}

/** Path with query, without fragment: what is secret in an address stays in its fragment. */
export function usePath(): string {
  return useSyncExternalStore(subscribe, () => location.pathname + location.search);
}

export function go(path: string, { replace = false } = {}): void {
  if (replace) history.replaceState(null, "", path);
  else history.pushState(null, "", path);
  publish();
  window.scrollTo(0, 0);
}

/** Properties of an `<a>` that stays in the page; with a modifier key it is an ordinary link. */
export function linkTo(path: string) {
  return {
    href: path,
    onClick: (event: MouseEvent) => {
      if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      go(path);
    },
  };
}

export type Place =
  | { page: "sessions" }
  | { page: "sign-in"; next: string }
  | { page: "join" }
  | { page: "reset" }
  | { page: "demo"; name: string }
  | { page: "session"; id: string; results?: string }
  | { page: "replay"; id: string }
  | { page: "learning"; path: LearningPath; ids: readonly string[] }
  | { page: "verify"; number: string }
  | { page: "status" }
  | { page: "nowhere" };

/** Addresses of the workbook and the courses; `:` stands for an id. */
const LEARNING = [
  "workbook",
  "workbook/notes",
  "workbook/recordings",
  "workbook/modules/:",
  "courses",
  "courses/:",
  "courses/:/lessons/:",
  "courses/:/assignments/:",
  "grading",
  "submissions/:",
  "reviews",
  "reviews/:",
  "certificates",
  "privacy",
] as const;
export type LearningPath = (typeof LEARNING)[number];

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function placeOf(path: string): Place {
  const url = new URL(path, "http://here");
  const [first = "", second = "", third, fourth = "", ...more] = url.pathname.split("/").slice(1);
  if (first === "sessions" && UUID.test(second) && third === "breakouts" && UUID.test(fourth) && more.length === 0)
    return { page: "session", id: second, results: fourth };
  if (first === "sessions" && UUID.test(second) && third === "replay" && fourth === "")
    return { page: "replay", id: second };
  const learning = learningAt(url.pathname);
  if (learning !== null) return learning;
  if (first === "verify" && second !== "" && third === undefined)
    return { page: "verify", number: decodeURIComponent(second) };
  if (third !== undefined && third !== "") return { page: "nowhere" };
  if (first === "") return { page: "sessions" };
  if (first === "sign-in") return { page: "sign-in", next: inside(url.searchParams.get("next")) };
  if (first === "join" && second === "") return { page: "join" };
  if (first === "reset" && second === "") return { page: "reset" };
  if (first === "status" && second === "") return { page: "status" };
  if (first === "demo" && second !== "") return { page: "demo", name: decodeURIComponent(second).toLowerCase() };
  if (first === "sessions" && UUID.test(second)) return { page: "session", id: second };
  return { page: "nowhere" };
}

function learningAt(pathname: string): Place | null {
  const parts = pathname.slice(1).split("/");
  const ids = parts.filter((part) => UUID.test(part));
  const path = parts.map((part) => (UUID.test(part) ? ":" : part)).join("/");
  const known = LEARNING.find((each) => each === path);
  return known === undefined ? null : { page: "learning", path: known, ids };
}

/** Only an address of this client: a link must not lead away through the sign-in. */
export function inside(path: string | null): string {
  return path !== null && /^\/(?![/\\])/.test(path) ? path : "/";
}
