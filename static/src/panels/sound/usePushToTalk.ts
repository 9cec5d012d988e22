// The space bar, held while one is muted: one is heard as long as it is held. Not while somebody writes, and not where the
// space bar presses something already - but on the microphone's own button a short press mutes and unmutes as always.
import { useEffect, useRef } from "react";
import { kept } from "../../app/client";
import { isBusy, KEYS_OFF } from "../room/keys";

const PRESS_MAX_MS = 250;

export function usePushToTalk(muted: boolean, mute: (muted: boolean) => void): void {
  const latest = useRef({ muted, mute });
  latest.current = { muted, mute };
  useEffect(() => {
    let heldSince: number | null = null;
    let onButton = false;
    const down = (event: KeyboardEvent): void => {
      if (event.key !== " ") return;
      if (heldSince !== null) {
        take(event);
        return;
      }
      const { target } = event;
      onButton = target instanceof Element && target.closest("[data-push-to-talk]") !== null;
      const free = onButton || !(isBusy(target) || pressesSomething(target));
      const plain = !event.repeat && !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
      if (!latest.current.muted || !plain || !free || kept.get(KEYS_OFF) !== null) return;
      take(event);
      heldSince = performance.now();
      latest.current.mute(false);
    };
    const up = (event: KeyboardEvent): void => {
      if (event.key !== " " || heldSince === null) return;
      take(event);
      release();
    };
    const release = (): void => {
      if (heldSince === null) return;
      const short = performance.now() - heldSince < PRESS_MAX_MS;
      heldSince = null;
      if (!(onButton && short)) latest.current.mute(true);
    };
    // Before anything on the page sees the key.
    window.addEventListener("keydown", down, true);
    window.addEventListener("keyup", up, true);
    window.addEventListener("blur", release);
    return () => {
      window.removeEventListener("keydown", down, true);
      window.removeEventListener("keyup", up, true);
      window.removeEventListener("blur", release);
      release();
    };
  }, []);
}

function take(event: KeyboardEvent): void {
  event.preventDefault();
  event.stopImmediatePropagation();
}

function pressesSomething(target: EventTarget | null): boolean {
  return (
    target instanceof Element &&
    target.closest("button, a, summary, input, [role=button], [role=tab], [role=option], [role=menuitem]") !== null
  );
}
