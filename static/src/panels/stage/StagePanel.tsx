// The stage: what the host features for all. One may look at something else instead; the way back is one click, and
// nothing that the host shows meanwhile pulls one away.
import { Button } from "../../design/Button";
import { Icon } from "../../design/Icon";
import type { View } from "../../session/protocol";
import { useTexts } from "../../texts";
import { type Thing, usePlace } from "../room/place";
import { useRoom } from "../room/RoomContext";
import { EmptyStage } from "./EmptyStage";
import { PollStage } from "./PollStage";
import { QuestionStage } from "./QuestionStage";
import { ReactionsInAir } from "./ReactionsInAir";
import "./stage.css";

export function StagePanel() {
  const t = useTexts();
  const { view } = useRoom();
  const { looking } = usePlace();
  const featured = featuredOf(view);
  const shown = looking !== null && exists(view, looking) ? looking : featured;
  return (
    <main className={`stage ${shown === null ? "stage-empty" : ""}`} id="stage" tabIndex={-1} aria-label={t.room.stage}>
      <StatusLine />
      {looking !== null && shown === looking && <WayBack />}
      <div className="stage-body">
        {shown === null ? (
          <EmptyStage />
        ) : shown.kind === "poll" ? (
          <PollStage key={shown.id} id={shown.id} featured={shown === featured} />
        ) : (
          <QuestionStage key={shown.id} id={shown.id} featured={shown === featured} />
        )}
      </div>
      <ReactionsInAir />
    </main>
  );
}

function featuredOf(view: View): Thing | null {
  const { kind, target } = view.stage ?? { kind: "nothing" };
  if (kind === "nothing" || target === undefined) return null;
  const thing = { kind, id: target };
  return exists(view, thing) ? thing : null;
}

function exists(view: View, { kind, id }: Thing): boolean {
  return (kind === "poll" ? view.polls?.polls[id] : view.questions?.questions[id]) !== undefined;
}

/** "Mara is showing: Poll", and the way back to it. */
function WayBack() {
  const t = useTexts();
  const { view, hostName } = useRoom();
  const { look } = usePlace();
  const kind = view.stage?.kind ?? "nothing";
  return (
    <div className="way-back" role="status">
      <span className="grow">
        {kind === "nothing" ? t.stage.away : t.stage.showing(hostName, t.stage.kinds[kind] ?? kind)}
      </span>
      <Button size="small" look="primary" onPress={() => look(null)} aria-keyshortcuts="S">
        {t.stage.return}
      </Button>
    </div>
  );
}

/** What the whole session waits for, when it does not run. */
function StatusLine() {
  const t = useTexts();
  const { view, may } = useRoom();
  if (view.lifecycle.status !== "paused") return null;
  return (
    <p className="stage-status" role="status">
      <Icon name="pause" />
      {may("can_moderate") ? t.room.pausedStaff : t.room.paused}
    </p>
  );
}
