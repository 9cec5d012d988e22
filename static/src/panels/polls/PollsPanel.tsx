// Polls: for makers the run of prepared ones and quick questions, for all what is open and what was asked before.
import { useEffect, useRef } from "react";
import { Empty } from "../../design/Bits";
import { Button } from "../../design/Button";
import { useTexts } from "../../texts";
import { usePlace } from "../room/place";
import { useRoom } from "../room/RoomContext";
import { PollCard } from "./PollCard";
import { partsOf } from "./reading";
import "./polls.css";

export function PollsPanel() {
  const t = useTexts();
  const { view, feature, may, here } = useRoom();
  const { opened, enters } = usePlace();
  const box = useRef<HTMLElement>(null);
  useEffect(() => {
    if (enters("polls")) box.current?.focus();
  }, [opened, enters]);
  if (feature("poll") === undefined) return <Empty icon="poll" title={t.polls.off} />;
  const { drafts, open, closed } = partsOf(view.polls, here);
  const maker = may("can_create_polls");
  const none = open.length + closed.length === 0 && (!maker || drafts.length === 0);
  return (
    <section className="panel-scroll" aria-label={t.polls.title} tabIndex={-1} ref={box}>
      {open.length > 0 && (
        <div className="panel-part stack-tight">
          <h3 className="panel-heading">{t.polls.open}</h3>
          {open.map((poll) => (
            <PollCard key={poll.id} poll={poll} />
          ))}
        </div>
      )}
      {maker && <Maker />}
      {none && (
        <Empty icon="poll" title={t.polls.empty}>
          {maker ? t.polls.emptyMaker : t.polls.emptyText}
        </Empty>
      )}
      {closed.length > 0 && (
        <div className="panel-part stack-tight">
          <h3 className="panel-heading">{t.polls.closed}</h3>
          {closed.map((poll) => (
            <PollCard key={poll.id} poll={poll} folded />
          ))}
        </div>
      )}
    </section>
  );
}

/** What makers have before them: one-click questions, the prepared run with the next one preselected, new ones. */
function Maker() {
  const t = useTexts();
  const { view, submit, here } = useRoom();
  const { openDialog } = usePlace();
  const { drafts } = partsOf(view.polls, here);
  const running = view.lifecycle.status === "active" || view.lifecycle.status === "paused";
  return (
    <>
      <div className="panel-part">
        {running && (
          <div className="row wrap poll-quick" role="group" aria-label={t.polls.quick}>
            <span className="soft small">{t.polls.quick}</span>
            <Button size="small" look="edged" onPress={() => void submit({ type: "poll.quick", template: "yesno" })}>
              {t.polls.yesno}
            </Button>
            <Button size="small" look="edged" onPress={() => void submit({ type: "poll.quick", template: "abcd" })}>
              {t.polls.abcd}
            </Button>
          </div>
        )}
        <div className="row wrap">
          <Button size="small" icon="plus" onPress={() => openDialog("new-poll")}>
            {t.polls.add}
          </Button>
          <Button size="small" icon="download" onPress={() => openDialog("import-polls")}>
            {t.polls.import}
          </Button>
        </div>
      </div>
      {drafts.length > 0 && (
        <div className="panel-part stack-tight">
          <h3 className="panel-heading">
            {t.polls.run} <span className="numbers">{drafts.length}</span>
          </h3>
          {running && <p className="soft small">{t.polls.runText("N")}</p>}
          {drafts.map((poll, index) => (
            <PollCard key={poll.id} poll={poll} next={index === 0} />
          ))}
        </div>
      )}
    </>
  );
}
