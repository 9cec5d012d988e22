// Single keys that act on the room while nobody writes. They can be switched off (WCAG 2.1.4), and all stand under `?`.
import { useLayoutEffect, useRef, useState } from "react";
import { kept } from "../../app/client";

export const KEYS_OFF = "atelier.keys.off";

export function useKeysOn(): [boolean, (on: boolean) => void] {
  const [on, setOn] = useState(() => kept.get(KEYS_OFF) === null);
  const change = (next: boolean): void => {
    if (next) kept.drop(KEYS_OFF);
    else kept.set(KEYS_OFF, "1");
    setOn(next);
    window.dispatchEvent(new Event(KEYS_OFF));
  };
  return [on, change];
}

/** `keys` by what the key types, in lower case; capitals are written `shift+h`. `?` works even when the others are off. */
export function useKeys(keys: Readonly<Record<string, () => void>>): void {
  const latest = useRef(keys);
  latest.current = keys;
  // with what is shown, not after it: a quick hand presses as soon as it sees
  useLayoutEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.defaultPrevented) return;
      if (isBusy(event.target)) return;
      const letter = /^[a-z]$/i.test(event.key);
      const name = letter && event.shiftKey ? `shift+${event.key.toLowerCase()}` : event.key.toLowerCase();
      const act = latest.current[name];
      if (act === undefined || (name !== "?" && kept.get(KEYS_OFF) !== null)) return;
      event.preventDefault();
      act();
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);
}

/** Where a key has a meaning of its own: fields, open menus and dialogs, the board's tools. */
export function isBusy(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  return (
    target.closest(
      "input:not([type=checkbox],[type=radio]), textarea, select, [contenteditable], [role=menu], [role=dialog], [role=alertdialog], [data-own-keys]",
    ) !== null
  );
}
