// A long list that is one stop of the tab key: up and down, Home and End go through it.
import { type KeyboardEvent, useCallback, useState } from "react";

export interface Roving {
  /** Which of them the tab key reaches; null: whichever the list prefers. */
  stop: string | null;
  onFocus(id: string): void;
  onKeyDown(event: KeyboardEvent<HTMLElement>): void;
}

/** Its stops are elements with `data-stop`, in the order of the page. */
export function useRoving(): Roving {
  const [stop, setStop] = useState<string | null>(null);
  const onKeyDown = useCallback((event: KeyboardEvent<HTMLElement>) => {
    if (!(event.target instanceof HTMLElement) || !event.target.matches("[data-stop]")) return;
    const stops = [...event.currentTarget.querySelectorAll<HTMLElement>("[data-stop]")];
    const next = nextOf(event.key, stops.indexOf(event.target), stops.length);
    if (next === null) return;
    event.preventDefault();
    stops[next]?.focus();
  }, []);
  return { stop, onFocus: setStop, onKeyDown };
}

function nextOf(key: string, at: number, of: number): number | null {
  switch (key) {
    case "ArrowDown":
      return Math.min(of - 1, at + 1);
    case "ArrowUp":
      return Math.max(0, at - 1);
    case "Home":
      return 0;
    case "End":
      return of - 1;
    default:
      return null;
  }
}
