// What a view says of recordings: the one that runs, those that were made and how far they are, and who agreed to be heard
// in them. Pure.
import type { Consent, Run, View } from "../../session/protocol";

/** In the order in which they began. */
export const runsOf = (view: View): readonly Run[] => view.recording?.runs ?? [];

/** The recording that is under way, also while it is paused. */
export function currentRun(view: View): Run | undefined {
  return runsOf(view).find((each) => each.status !== "stopped");
}

/** What somebody answered; undefined: nothing yet, and their voice is not kept. */
export const consentOf = (view: View, user: string): Consent | undefined => view.recording?.consents[user];

/** Until then it moves on by itself, and is worth waiting for. */
export const isSettled = ({ status, stage }: Run): boolean =>
  status === "stopped" && (stage === "ready" || stage === "incomplete" || stage === "failed");
