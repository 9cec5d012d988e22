// A poll while it is being prepared: what the form holds, and the definition a command carries. Pure.
import type { CreatePoll, Poll } from "../../session/protocol";

export interface PollDraft {
  question: string;
  kind: Poll["kind"];
  options: readonly string[];
  /** Indexes of the right ones, for a quiz. */
  correct: readonly number[];
  steps: number;
  anonymous: boolean;
  results: Poll["results"];
  /** 0: it does not close by itself. */
  seconds: number;
}

export type PollDefinition = Omit<CreatePoll, "type">;

const STEPS_DEFAULT = 5;

export function draftOf(poll: Poll | undefined): PollDraft {
  const listed = poll !== undefined && poll.kind !== "rating" && poll.kind !== "text";
  return {
    question: poll?.question ?? "",
    kind: poll?.kind ?? "single",
    options: listed ? poll.options : ["", ""],
    correct: poll?.correct ?? [],
    steps: poll?.kind === "rating" ? poll.options.length : STEPS_DEFAULT,
    anonymous: poll?.anonymous ?? false,
    results: poll?.results ?? "live",
    seconds: poll?.closesAfterS ?? 0,
  };
}

/** Null while something is missing. Empty options are left out. */
export function definitionOf(draft: PollDraft): PollDefinition | null {
  const question = draft.question.trim();
  if (question === "") return null;
  const common = {
    question,
    kind: draft.kind,
    anonymous: draft.anonymous,
    results: draft.results,
    ...(draft.seconds > 0 ? { closesAfterS: draft.seconds } : {}),
  };
  if (draft.kind === "text") return common;
  if (draft.kind === "rating") return { ...common, scale: draft.steps };
  const given = draft.options.map((option, index) => ({ option: option.trim(), right: draft.correct.includes(index) }));
  const filled = given.filter(({ option }) => option !== "");
  const options = filled.map(({ option }) => option);
  const correct = filled.flatMap(({ right }, index) => (right ? [index] : []));
  if (options.length < 2 || new Set(options).size < options.length) return null;
  if (draft.kind !== "quiz") return { ...common, options };
  return correct.length === 0 ? null : { ...common, options, correct };
}
