// A whole view after one more event, as `apply` of rooms/room.py: every slice hears every event, a slice that is hidden
// stays hidden, an event of an unknown type changes nothing but the place in the log.
import type { View } from "../protocol";
import type { Recorded } from "../wire";
import { boards } from "./boards";
import { breakouts } from "./breakouts";
import { chat } from "./chat";
import { hands } from "./hands";
import { lifecycle } from "./lifecycle";
import { lobby } from "./lobby";
import { people } from "./people";
import { polls } from "./polls";
import { questions } from "./questions";
import { recording } from "./recording";
import { rights } from "./rights";
import { type Reducers, reduce } from "./slice";
import { sound } from "./sound";
import { stage } from "./stage";

type Slices = Omit<View, "seq" | "at">;

/** One line per feature. */
const FOLDS: { [S in keyof Slices]-?: Reducers<NonNullable<Slices[S]>> } = {
  lifecycle,
  people,
  lobby,
  rights,
  hands,
  chat,
  polls,
  questions,
  stage,
  breakouts,
  boards,
  sound,
  recording,
};

const BY_NAME = Object.entries(FOLDS) as unknown as [keyof Slices, Reducers<unknown>][];

export function apply(view: View, event: Recorded): View {
  const at = Date.parse(event.at) >= Date.parse(view.at) ? event.at : view.at;
  const changed = BY_NAME.filter(([name]) => view[name] !== undefined).map(([name, reducers]) => [
    name,
    reduce(reducers, view[name] as unknown, event),
  ]);
  return { ...view, ...(Object.fromEntries(changed) as Slices), seq: event.seq, at };
}

export function applyAll(view: View, events: readonly Recorded[]): View {
  return events.reduce(apply, view);
}
