// Where what one may see changes: a view folded on from before would lack what happened in the place one comes to. Told
// from the events that speak of the reader, as rooms/standings.py tells it. Pure.
import type { View } from "../session/protocol";
import { isStaff, placeOf, roleOf } from "../session/standing";
import type { Recorded } from "../session/wire";

interface Standpoint {
  admitted: boolean;
  staff: boolean;
  room: string | undefined;
}

function standpoint(view: View, me: string): Standpoint {
  const staff = isStaff(view, me);
  return { admitted: roleOf(view, me) !== undefined, staff, room: staff ? undefined : placeOf(view, me) };
}

function speaksOf(event: Recorded, user: string): boolean {
  if ("userId" in event && event.userId !== undefined) return event.userId === user;
  return "moves" in event && event.moves.some((each) => each.userId === user);
}

export class Turns {
  readonly #me: string;
  /** Undefined until the reader is let in: what came before is read as from there. */
  #now: Standpoint | undefined;

  constructor(me: string) {
    this.#me = me;
  }

  /** Whether the view after `event` has to be asked for. */
  at(event: Recorded, before: View, after: View): boolean {
    if (this.#now !== undefined && !speaksOf(event, this.#me)) return false;
    const next = standpoint(after, this.#me);
    const last = this.#now;
    if (last === undefined) {
      if (next.admitted) this.#now = next;
      return false;
    }
    this.#now = next;
    if (next.admitted !== last.admitted || next.staff !== last.staff || next.room !== last.room) return true;
    return cameBackUnseen(event, before, this.#me);
  }
}

/** Let in once more without having left: they were put out meanwhile, which they themselves are not shown. */
function cameBackUnseen(event: Recorded, before: View, me: string): boolean {
  const lets = event.type === "participant.joined" || event.type === "participant.admitted";
  return lets && (before.people?.persons[me]?.present ?? false);
}
