// Who waits before the session, as rooms/participants.py applies it to the slice `lobby`.
import type { Lobby } from "../protocol";
import type { Reducers } from "./slice";

function stopWaiting(lobby: Lobby, event: { userId: string }): Lobby {
  return {
    waiting: lobby.waiting.filter((each) => each.user !== event.userId),
    denied: lobby.denied.filter((user) => user !== event.userId),
  };
}

const emptied = (lobby: Lobby): Lobby => ({ ...lobby, waiting: [] });

export const lobby: Reducers<Lobby> = {
  "participant.waiting": (now, event) => {
    if (now.waiting.some((each) => each.user === event.userId)) {
      const waiting = now.waiting.map((each) =>
        each.user === event.userId ? { ...each, role: event.role, reason: event.reason } : each,
      );
      return { ...now, waiting };
    }
    const entry = { user: event.userId, role: event.role, since: event.at, reason: event.reason };
    return { ...now, waiting: [...now.waiting, entry] };
  },
  "participant.admitted": stopWaiting,
  "participant.joined": stopWaiting,
  "participant.removed": stopWaiting,
  "participant.banned": stopWaiting,
  "participant.unbanned": stopWaiting,
  "participant.denied": (now, event) => {
    const left = stopWaiting(now, event);
    return { ...left, denied: [...left.denied, event.userId] };
  },
  "participant.left": (now, event) => (event.waiting ? stopWaiting(now, event) : now),
  "session.ended": emptied,
  "session.cancelled": emptied,
};
