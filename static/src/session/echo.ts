// What one sees of one's own command before the server answered: the event it will most likely become, folded over the
// view like any other. The echo goes away when the view has reached the acknowledged place, or with the refusal.
// A command without an entry here is simply shown as under way by whoever gave it.
import { apply } from "./fold/room";
import type { Pending } from "./outbox";
import type { Command, Event, View } from "./protocol";
import type { Recorded } from "./wire";

type CommandOf<T extends Command["type"]> = Extract<Command, { type: T }>;
type Echoes = { readonly [T in Command["type"]]?: (command: CommandOf<T>, me: string, id: string, view: View) => Event[] };

const ECHOES: Echoes = {
  "hand.raise": (command, me) => [{ type: "hand.raised", userId: me, toPoint: command.toPoint ?? false }],
  "hand.lower": (command, me) => [{ type: "hand.lowered", userId: command.userId ?? me }],
  "permission.ask": (command, me) => [{ type: "permission.asked", userId: me, permission: command.permission }],
};

/** The view with everything on it that one has asked for and that is not in the log yet. */
export function withEchoes(view: View, pending: readonly Pending[], me: string): View {
  return pending.reduce((seen, each) => echoed(seen, each, me), view);
}

function echoed(view: View, { id, command, given }: Pending, me: string): View {
  if (!Object.hasOwn(ECHOES, command.type)) return view;
  const foresee = ECHOES[command.type] as (command: Command, me: string, id: string, view: View) => Event[];
  return foresee(command, me, id, view).reduce((seen, event) => {
    const at = new Date(given).toISOString();
    return apply(seen, { ...event, seq: seen.seq + 1, at, actor: me, command: id } as Recorded);
  }, view);
}
