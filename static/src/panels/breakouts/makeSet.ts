// Making a set of rooms, and opening it at once when that is wanted: two commands, the second with the id that the first got.
import type { CreateBreakouts } from "../../session/protocol";
import type { Session } from "../../session/session";
import { setsOf } from "./reading";

/** The id of the set that was made; null where the server refused it. */
export async function makeSet(session: Session, wanted: Omit<CreateBreakouts, "type">): Promise<string | null> {
  const before = new Set(Object.keys(session.state.view?.breakouts?.sets ?? {}));
  const ack = await session.submit({ type: "breakout.create", ...wanted });
  if (!ack.ok) return null;
  await session.reached(ack.seq);
  return setsOf(session.state.view?.breakouts).find((each) => !before.has(each.id))?.id ?? null;
}

export interface Opening {
  /** Zero: until they are called back. */
  minutes: number;
  countdownS: number;
}

export const openingOf = ({ minutes, countdownS }: Opening) => ({
  countdown: countdownS,
  ...(minutes === 0 ? {} : { minutes }),
});
