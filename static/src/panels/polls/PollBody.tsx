// A poll as somebody meets it: to answer while it is open, then one's own answer and, when they may be seen, the results.
import { useState } from "react";
import { Button } from "../../design/Button";
import type { Poll } from "../../session/protocol";
import { useTexts } from "../../texts";
import { useRoom } from "../room/RoomContext";
import { useOwnVote } from "./ballots";
import { PollResults } from "./PollResults";
import { PollVote } from "./PollVote";
import { isRight, wordsOf } from "./reading";

export function PollBody({ poll, keys = false }: { poll: Poll; keys?: boolean }) {
  const t = useTexts();
  const { takesPart, staff } = useRoom();
  const own = useOwnVote(poll);
  const [again, setAgain] = useState(false);
  const answered = own.choices !== undefined;
  const open = poll.status === "open";
  const mayVote = open && takesPart && !(poll.anonymous && answered);
  // Staff watch the answers come in; they may answer too, but are not asked first.
  const asked = mayVote && (again || (!answered && !staff));
  if (asked) return <PollVote poll={poll} own={own} keys={keys} onDone={() => setAgain(false)} />;
  return (
    <div className="stack">
      <OwnAnswer poll={poll} choices={own.choices} pending={own.pending} />
      <PollResults poll={poll} own={own.choices} />
      {mayVote && (
        <div>
          <Button look="edged" size={staff ? "small" : "normal"} onPress={() => setAgain(true)}>
            {answered ? t.polls.change : t.polls.answerToo}
          </Button>
        </div>
      )}
    </div>
  );
}

function OwnAnswer(props: { poll: Poll; choices: ReturnType<typeof useOwnVote>["choices"]; pending: boolean }) {
  const { poll, choices, pending } = props;
  const t = useTexts();
  if (choices === undefined) return null;
  if (poll.anonymous && choices.length === 0) return <p className="poll-own">{t.polls.votedAnonymous}</p>;
  const { options } = wordsOf(poll, t.polls);
  const words = choices.map((choice) =>
    typeof choice === "string" ? choice : (options[poll.kind === "rating" ? choice - 1 : choice] ?? ""),
  );
  const quiz = poll.kind === "quiz" && poll.correct !== undefined;
  return (
    <p className="poll-own words" role="status">
      {t.polls.voted}: <strong>{words.join(", ")}</strong>
      {pending && <span className="soft"> · {t.common.pending}</span>}
      {quiz && <span> · {isRight(poll, choices) ? t.polls.rightYou : t.polls.wrongYou}</span>}
    </p>
  );
}
