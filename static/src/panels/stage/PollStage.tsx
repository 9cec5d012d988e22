// A poll on the stage: the question large, answers for the thumb, results growing; for its maker how many answered and the
// one thing to do next.
import { Button, IconButton } from "../../design/Button";
import { MenuButton } from "../../design/Menu";
import { placeOf } from "../../session/standing";
import { useTexts } from "../../texts";
import { PollBody } from "../polls/PollBody";
import { PollFacts } from "../polls/PollCard";
import { steers, useNextAct, usePollActs } from "../polls/pollActs";
import { wordsOf } from "../polls/reading";
import { useRoom } from "../room/RoomContext";
import { NextPoll } from "./EmptyStage";
import type { Poll } from "../../session/protocol";
import "../polls/polls.css";

export function PollStage({ id, featured }: { id: string; featured: boolean }) {
  const { view } = useRoom();
  const poll = view.polls?.polls[id];
  return poll === undefined ? null : <Shown poll={poll} featured={featured} />;
}

function Shown({ poll, featured }: { poll: Poll; featured: boolean }) {
  const t = useTexts();
  const room = useRoom();
  const { view, may, submit } = room;
  const act = useNextAct(poll);
  const acts = usePollActs(poll, () => undefined).filter((each) => each.id !== "look" && each.id !== act?.id);
  const { question } = wordsOf(poll, t.polls);
  const steering = steers(room, poll);
  const eligible = Object.values(view.people?.persons ?? {}).filter(
    (each) => each.present && each.role === "participant" && placeOf(view, each.user) === poll.room,
  );
  return (
    <article className="stage-card">
      <header className="stage-head">
        <div className="grow">
          <h2 className="stage-title words">{question}</h2>
          <PollFacts poll={poll} {...(steering ? { eligible: eligible.length } : {})} />
        </div>
        {steering && acts.length > 0 && (
          <MenuButton label={t.polls.menuOf} groups={[{ acts }]}>
            <IconButton icon="more" label={t.polls.menuOf} />
          </MenuButton>
        )}
      </header>
      <PollBody poll={poll} keys={featured} />
      {(act !== null || (featured && may("can_moderate"))) && (
        <footer className="stage-foot">
          {act !== null && (
            <Button look="primary" {...(act.icon && { icon: act.icon })} onPress={act.run}>
              {act.label}
            </Button>
          )}
          {poll.status === "open" && steering && !poll.live && (
            <Button look="edged" icon="eye" onPress={() => void submit({ type: "poll.publish", pollId: poll.id })}>
              {t.polls.publish}
            </Button>
          )}
          {featured && may("can_moderate") && (
            <Button onPress={() => void submit({ type: "stage.show", kind: "nothing" })}>{t.stage.off}</Button>
          )}
        </footer>
      )}
      {featured && may("can_moderate") && poll.status === "closed" && <NextPoll />}
    </article>
  );
}
