// That one has answered an anonymous poll: the log does not tell, not even to oneself. That it was done is kept in this
// browser; what was chosen is only remembered while the page lives.
import { useState, useSyncExternalStore } from "react";
import { kept } from "../../app/client";
import type { Poll } from "../../session/protocol";
import { useRoom } from "../room/RoomContext";
import type { Choice } from "./reading";

const chosen = new Map<string, readonly Choice[]>();
const changed = new Set<() => void>();

const subscribe = (listener: () => void): (() => void) => {
  changed.add(listener);
  return () => changed.delete(listener);
};

function note(key: string, choices: readonly Choice[]): void {
  chosen.set(key, choices);
  kept.set(key, "1");
  for (const each of changed) each();
}

function forget(key: string): void {
  chosen.delete(key);
  kept.drop(key);
  for (const each of changed) each();
}

export interface OwnVote {
  /** Undefined: not answered yet. Empty: answered, but what is not known any more. */
  choices: readonly Choice[] | undefined;
  pending: boolean;
  vote(choices: Choice[]): void;
}

export function useOwnVote(poll: Poll): OwnVote {
  const { session, me, submit, state } = useRoom();
  const key = `atelier.ballot.${session.sessionId}.${me}.${poll.id}`;
  const held = useSyncExternalStore(subscribe, () => chosen.get(key) ?? (kept.get(key) === null ? undefined : NONE));
  const [answering, setAnswering] = useState(false);
  const pending =
    answering ||
    state.pending.some(
      (each) => each.command.type === "poll.vote" && each.command.pollId === poll.id && each.seq === undefined,
    );
  const vote = (choices: Choice[]): void => {
    if (poll.anonymous) note(key, choices);
    setAnswering(true);
    void submit({ type: "poll.vote", pollId: poll.id, choices }).then((ack) => {
      setAnswering(false);
      if (!ack.ok && poll.anonymous && ack.code !== "poll.already_voted") forget(key);
    });
  };
  return { choices: poll.anonymous ? held : poll.votes[me], pending, vote };
}

const NONE: readonly Choice[] = [];
