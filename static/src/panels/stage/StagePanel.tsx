// The stage: what the host features for all. One may look at something else instead; the way back is one click, and
// nothing that the host shows meanwhile pulls one away.
import type { ComponentType } from "react";
import { Button } from "../../design/Button";
import { Icon } from "../../design/Icon";
import type { View } from "../../session/protocol";
import { stageAt } from "../../session/standing";
import { useTexts } from "../../texts";
import { BoardStage } from "../board/BoardStage";
import { BreakoutStage } from "../breakouts/BreakoutStage";
import { type Thing, usePlace } from "../room/place";
import { useRoom } from "../room/RoomContext";
import { CaptionStrip } from "../sound/CaptionStrip";
import { EmptyStage } from "./EmptyStage";
import { PollStage } from "./PollStage";
import { QuestionStage } from "./QuestionStage";
import { ReactionsInAir } from "./ReactionsInAir";
import "./stage.css";

export function StagePanel() {
  const t = useTexts();
  const { view, here } = useRoom();
  const { looking } = usePlace();
  const featured = featuredOf(view, here);
  const shown = looking !== null && exists(view, looking) ? looking : featured;
  return (
    <main className={`stage ${shown === null ? "stage-empty" : ""}`} id="stage" tabIndex={-1} aria-label={t.room.stage}>
      <StatusLine />
      {looking !== null && shown === looking && <WayBack />}
      <div className="stage-body">
        {shown === null ? <EmptyStage /> : <Shown key={keyOf(shown)} thing={shown} featured={shown === featured} />}
      </div>
      <CaptionStrip />
      <ReactionsInAir />
    </main>
  );
}

/** The board stays when one turns its pages. */
const keyOf = ({ kind, id }: Thing): string => (kind === "board" ? kind : id);

/** What the host shows in the place one is in. */
function featuredOf(view: View, here: string | undefined): Thing | null {
  const { kind, target } = stageAt(view, here);
  if (!isShown(kind)) return null;
  const thing = { kind, id: target ?? "" };
  return exists(view, thing) ? thing : null;
}

function exists(view: View, { kind, id }: Thing): boolean {
  return SHOWN[kind].exists(view, id);
}

interface Showing {
  Stage: ComponentType<{ id: string; featured: boolean }>;
  exists(view: View, id: string): boolean;
}

/** What can stand on the stage, one line for each kind. */
const SHOWN: Record<Thing["kind"], Showing> = {
  poll: { Stage: PollStage, exists: (view, id) => view.polls?.polls[id] !== undefined },
  question: { Stage: QuestionStage, exists: (view, id) => view.questions?.questions[id] !== undefined },
  board: { Stage: BoardStage, exists: (view, id) => view.boards?.pages[id] !== undefined },
  breakouts: { Stage: BreakoutStage, exists: (view) => view.breakouts !== undefined },
};

const isShown = (kind: string): kind is Thing["kind"] => Object.hasOwn(SHOWN, kind);

function Shown({ thing, featured }: { thing: Thing; featured: boolean }) {
  const { Stage } = SHOWN[thing.kind];
  return <Stage id={thing.id} featured={featured} />;
}

/** "Mara is showing: Poll", and the way back to it. */
function WayBack() {
  const t = useTexts();
  const { view, hostName, here, staff } = useRoom();
  const { look, looking } = usePlace();
  const { kind } = stageAt(view, here);
  const away = staff && looking?.kind === "breakouts" ? t.breakouts.onlyYou : t.stage.away;
  return (
    <div className="way-back" role="status">
      <span className="grow">
        {kind === "nothing" ? away : t.stage.showing(hostName, t.stage.kinds[kind] ?? kind)}
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
