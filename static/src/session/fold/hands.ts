// Raised hands in their order, as rooms/hands.py applies it.
import type { Hands } from "../protocol";
import type { Reducers } from "./slice";

const lowered = (hands: Hands, event: { userId: string }): Hands => ({
  ...hands,
  raised: hands.raised.filter((each) => each.user !== event.userId),
});

export const hands: Reducers<Hands> = {
  "hand.raised": (now, event) => ({
    ...now,
    raised: [...lowered(now, event).raised, { user: event.userId, toPoint: event.toPoint, since: event.at }],
  }),
  "hand.lowered": lowered,
  "participant.left": lowered,
  "participant.removed": lowered,
  "participant.banned": lowered,
};
