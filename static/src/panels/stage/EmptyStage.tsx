// Nothing is shown: for guests a quiet place, for whoever makes polls the next prepared one at hand.
import { Button } from "../../design/Button";
import { Empty, Key } from "../../design/Bits";
import { useTexts } from "../../texts";
import { MarkupText } from "../chat/MarkupText";
import { partsOf, wordsOf } from "../polls/reading";
import { usePlace } from "../room/place";
import { useRoom } from "../room/RoomContext";

export function EmptyStage() {
  const t = useTexts();
  const { view, may, host, feature, here } = useRoom();
  const { phone } = usePlace();
  const { status, description } = view.lifecycle;
  const inRoom = here !== undefined;
  const maker = may("can_create_polls") && may("can_moderate") && feature("poll") !== undefined;
  if (status === "scheduled" || status === "starting")
    return host ? (
      <BeforeStart opened={status === "starting"} />
    ) : (
      <Empty icon="clock" title={t.room.starting}>
        {description}
      </Empty>
    );
  return (
    <div className="stage-quiet">
      <Empty {...(phone ? {} : { icon: "stage" as const })} title={t.stage.nothing}>
        {inRoom && !maker ? t.breakouts.kept : !phone && (maker ? t.stage.nothingHost : t.stage.nothingText)}
      </Empty>
      {!phone && description !== undefined && !maker && (
        <div className="stage-description message-words words soft">
          <MarkupText text={description} />
        </div>
      )}
      {maker && <NextPoll />}
    </div>
  );
}

/** The step that comes next, for whom it is to do. */
function BeforeStart({ opened }: { opened: boolean }) {
  const t = useTexts();
  const { submit } = useRoom();
  return (
    <Empty icon="clock" title={opened ? t.room.gathering : t.room.closedDoors}>
      <div className="stack">
        <p>{opened ? t.room.beginText : t.room.openDoorsText}</p>
        <div>
          <Button
            look="primary"
            size="large"
            onPress={() => void submit({ type: opened ? "session.activate" : "session.start" })}
          >
            {opened ? t.room.begin : t.room.openDoors}
          </Button>
        </div>
      </div>
    </Empty>
  );
}

export function NextPoll() {
  const t = useTexts();
  const { view, submit, here } = useRoom();
  const { openPanel, phone } = usePlace();
  const next = partsOf(view.polls, here).drafts[0];
  const running = view.lifecycle.status === "active" || view.lifecycle.status === "paused";
  if (next === undefined || !running)
    return phone ? null : (
      <Button look="edged" icon="poll" onPress={() => openPanel("polls", true)}>
        {t.stage.prepare}
      </Button>
    );
  return (
    <div className="next-poll">
      <div className="grow">
        <p className="soft small">{t.stage.nextPoll}</p>
        <p className="words">{wordsOf(next, t.polls).question}</p>
      </div>
      <Button look="primary" icon="play" onPress={() => void submit({ type: "poll.open", pollId: next.id })}>
        {t.stage.launch}
        {!phone && <Key>N</Key>}
      </Button>
    </div>
  );
}
