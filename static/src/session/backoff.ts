// How long to wait before the next attempt to reach the server. Pure: the randomness is an argument.

const FIRST_MS = 250;
const CAP_EARLY_MS = 2_000;
const CAP_LATE_MS = 15_000;
const EARLY_MS = 60_000;

/**
 * Doubles from 250 ms, at most 2 s while the outage is younger than a minute and 15 s after that. Half of the delay is
 * jitter, so that a room full of people does not come back in one instant. `random` is in [0, 1).
 */
export function delayMs(attempt: number, outageMs: number, random: number): number {
  const cap = outageMs < EARLY_MS ? CAP_EARLY_MS : CAP_LATE_MS;
  const full = Math.min(cap, FIRST_MS * 2 ** Math.min(attempt, 16));
  return Math.round(full * (0.5 + random / 2));
}
