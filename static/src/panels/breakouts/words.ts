// What places and times are called.
import type { View } from "../../session/protocol";
import type { Texts } from "../../texts";
import { EVERYONE } from "../../session/fold/chat";
import { roomOf } from "./reading";

/** The name of a breakout room, or of the main room; `place` may be the key of its channel. */
export function nameOfPlace(view: View, place: string | undefined, t: Texts): string {
  if (place === undefined || place === EVERYONE) return t.breakouts.main;
  return roomOf(view.breakouts, place)?.room.name ?? t.breakouts.elsewhere;
}

/** "in Room 2": where somebody is who is not here. */
export function inPlace(view: View, place: string | undefined, t: Texts): string {
  return place === undefined ? t.breakouts.inMain : t.breakouts.inRoom(nameOfPlace(view, place, t));
}

const MINUTE_S = 60;

/** `4:09`: what is left, rounded up, so that it says 0:00 only when it is over. */
export function leftOn(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  return `${Math.floor(seconds / MINUTE_S)}:${String(seconds % MINUTE_S).padStart(2, "0")}`;
}
