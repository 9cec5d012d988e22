// The polls as they stood at that moment, growing while it plays.
import { Empty } from "../../design/Bits";
import type { Poll } from "../../session/protocol";
import { useTexts } from "../../texts";
import { useReplayTexts } from "../../texts/replay";
import { PollResults } from "../polls/PollResults";
import { partsOf, wordsOf } from "../polls/reading";
import { useMoment, useReplay } from "./ReplayContext";
import "../polls/polls.css";

export function Polls() {
  const r = useReplayTexts();
  const t = useTexts();
  const { view, place } = useMoment();
  const { open, closed } = partsOf(view.polls, place);
  const polls = [...open, ...closed];
  if (polls.length === 0)
    return (
      <div className="replay-none">
        <Empty icon="poll" title={r.pollsEmpty} />
      </div>
    );
  return (
    <div className="panel-scroll stack" role="group" aria-label={t.room.polls} tabIndex={0}>
      {polls.map((poll) => (
        <PollThen key={poll.id} poll={poll} />
      ))}
    </div>
  );
}

export function PollThen({ poll, large = false }: { poll: Poll; large?: boolean }) {
  const t = useTexts();
  const r = useReplayTexts();
  const { me } = useReplay();
  const answered = poll.tally?.answered ?? Object.keys(poll.votes).length;
  const Title = large ? "h2" : "h3";
  return (
    <article className={large ? "stage-card" : "poll-card"} data-poll={poll.id}>
      <header>
        <Title className={`words ${large ? "stage-title" : ""}`}>{wordsOf(poll, t.polls).question}</Title>
        <p className="soft small numbers">
          {poll.status === "open" ? r.open : r.closed} · {r.answers(answered)}
        </p>
      </header>
      <PollResults poll={poll} own={poll.votes[me]} />
    </article>
  );
}
