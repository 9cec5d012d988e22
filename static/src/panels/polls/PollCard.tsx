// A poll in the panel: folded to its question where it is past, with what may be done.
import { useState } from "react";
import { Button, IconButton } from "../../design/Button";
import { MenuButton } from "../../design/Menu";
import type { Poll } from "../../session/protocol";
import { stageAt } from "../../session/standing";
import { useFormats, useTexts } from "../../texts";
import { usePlace } from "../room/place";
import { useClock, useRoom } from "../room/RoomContext";
import { PollBody } from "./PollBody";
import { PollForm } from "./PollForm";
import { useNextAct, usePollActs } from "./pollActs";
import { wordsOf } from "./reading";

export function PollCard({ poll, folded = false, next = false }: { poll: Poll; folded?: boolean; next?: boolean }) {
  const t = useTexts();
  const { view, here } = useRoom();
  const { look, looking } = usePlace();
  const [editing, setEditing] = useState(false);
  const acts = usePollActs(poll, () => setEditing(true));
  const act = useNextAct(poll);
  const { question } = wordsOf(poll, t.polls);
  const { kind, target } = stageAt(view, here);
  const onStage =
    looking === null ? kind === "poll" && target === poll.id : looking.kind === "poll" && looking.id === poll.id;
  const draft = poll.status === "draft";
  return (
    <article className={`poll-card ${next ? "poll-card-next" : ""}`}>
      <div className="poll-card-head">
        <div className="grow">
          <p className="poll-card-question words">{question}</p>
          <PollFacts poll={poll} />
        </div>
        {draft && act !== null && (
          <Button size="small" look={next ? "primary" : "edged"} icon="play" onPress={act.run}>
            {act.label}
          </Button>
        )}
        {acts.length > 0 && (
          <MenuButton label={t.polls.menuOf} groups={[{ acts }]}>
            <IconButton icon="more" size="small" label={t.polls.menuOf} />
          </MenuButton>
        )}
      </div>
      {!draft && onStage && <p className="soft small">{t.polls.onStage}</p>}
      {!draft && !onStage && folded && (
        <details>
          <summary className="soft small">{t.polls.results}</summary>
          <PollBody poll={poll} />
        </details>
      )}
      {!draft && !onStage && !folded && (
        <Button look="edged" wide icon="eye" onPress={() => look({ kind: "poll", id: poll.id })}>
          {t.polls.look}
        </Button>
      )}
      {!draft && act !== null && (
        <Button size="small" look={poll.status === "open" ? "edged" : "primary"} onPress={act.run}>
          {act.label}
        </Button>
      )}
      {editing && <PollForm poll={poll} onClose={() => setEditing(false)} />}
    </article>
  );
}

const SECOND_MS = 1_000;

/** Kind, whether anonymous, how many answered, how long it stays open. */
export function PollFacts({ poll, eligible }: { poll: Poll; eligible?: number }) {
  const t = useTexts();
  const answered = poll.tally?.answered;
  const facts = [
    t.polls.kinds[poll.kind],
    ...(poll.anonymous ? [t.polls.anonymousShort] : []),
    ...(poll.status === "closed" ? [t.polls.closed.toLowerCase()] : []),
    ...(answered === undefined
      ? []
      : [
          eligible === undefined || eligible < answered
            ? t.polls.answeredOnly(answered)
            : t.polls.answered(answered, eligible),
        ]),
  ];
  return (
    <p className="soft small numbers">
      {facts.join(" · ")}
      {poll.status === "open" && poll.closesAt !== undefined && <ClosesIn at={poll.closesAt} />}
    </p>
  );
}

function ClosesIn({ at }: { at: string }) {
  const t = useTexts();
  const formats = useFormats();
  const left = Date.parse(at) - useClock(SECOND_MS);
  return <> · {t.polls.closesIn(formats.clock(Math.max(0, left + SECOND_MS / 2)))}</>;
}
