// A session from its schedule to its end, as rooms/lifecycle.py applies it.
import type { Lifecycle, SessionScheduled, SessionUpdated, Status } from "../protocol";
import { compact, type Reducers } from "./slice";

const becomes = (status: Status) => (now: Lifecycle) => ({ ...now, status });

/** The fields of a slice that an event carries besides its place in the log. */
function carried(event: object): Partial<Lifecycle> {
  const { type, seq, at, actor, command, ...fields } = event as Record<string, unknown>;
  return fields as Partial<Lifecycle>;
}

function over(status: Status) {
  return (now: Lifecycle, event: { at: string; reason?: string }): Lifecycle =>
    compact<Lifecycle>({
      ...now,
      status,
      actualEnd: now.actualStart === undefined ? undefined : event.at,
      reason: event.reason,
    } as Lifecycle);
}

export const lifecycle: Reducers<Lifecycle> = {
  "session.scheduled": (now, event) => {
    const { description: _description, moduleId: _moduleId, ...kept } = now;
    return { ...kept, ...(carried(event) as Omit<SessionScheduled, "type">) };
  },
  "session.started": becomes("starting"),
  "session.activated": (now, event) => ({ ...now, status: "active", actualStart: now.actualStart ?? event.at }),
  "session.aborted": becomes("scheduled"),
  "session.paused": becomes("paused"),
  "session.resumed": becomes("active"),
  "session.extended": (now, event) => ({ ...now, scheduledEnd: event.scheduledEnd }),
  "session.updated": (now, event) => ({ ...now, ...(carried(event) as Omit<SessionUpdated, "type">) }),
  "session.ended": over("ended"),
  "session.cancelled": over("cancelled"),
  "session.interrupted": (now, event) => ({
    ...now,
    interruptions: [...now.interruptions, [event.from, event.to]],
  }),
};
