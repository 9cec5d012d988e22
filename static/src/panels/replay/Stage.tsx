// What stood on the stage at that moment, or what the reader looks at instead: a page of the board, the breakout rooms.
import { lazy, type ReactNode, Suspense, useState } from "react";
import { Empty, Waiting } from "../../design/Bits";
import { Choose } from "../../design/Field";
import { Icon } from "../../design/Icon";
import type { Shown } from "../../session/protocol";
import { stageAt } from "../../session/standing";
import { useTexts } from "../../texts";
import { useBoardTexts } from "../../texts/board";
import { useReplayTexts } from "../../texts/replay";
import { pagesOf } from "../board/reading";
import { setsOf } from "../breakouts/reading";
import { PollThen } from "./Polls";
import { QuestionThen } from "./Questions";
import { RoomsThen } from "./People";
import { Reactions } from "./Reactions";
import { useMoment, useReplay } from "./ReplayContext";
import "../stage/stage.css";

const BoardThen = lazy(() => import("./BoardThen"));
const STAGE = "";

export function Stage() {
  const r = useReplayTexts();
  const t = useTexts();
  const { view, place } = useMoment();
  const [looking, setLooking] = useState(STAGE);
  const pages = usePages();
  const page = pages.find((each) => each.id === looking);
  const shown: Shown = page === undefined ? stageAt(view, place) : { kind: "board", target: page.id };
  return (
    <section className="replay-stage" aria-label={t.room.stage} data-seq={view.seq}>
      <header className="replay-stage-head">
        <Places />
        {pages.length > 0 && (
          <Choose
            label={r.look}
            value={page === undefined ? STAGE : looking}
            options={[{ value: STAGE, label: r.stage }, ...pages.map(({ id, name }) => ({ value: id, label: name }))]}
            onChange={setLooking}
          />
        )}
      </header>
      {view.lifecycle.status === "paused" && (
        <p className="stage-status">
          <Icon name="pause" />
          {r.paused}
        </p>
      )}
      <div className="replay-stage-body" role="group" aria-label={r.stage} tabIndex={0}>
        <On shown={shown} />
      </div>
      <Reactions />
    </section>
  );
}

function On({ shown: { kind, target } }: { shown: Shown }): ReactNode {
  const r = useReplayTexts();
  const b = useBoardTexts();
  const { view } = useMoment();
  const pages = usePages(true);
  const poll = view.polls?.polls[target ?? ""];
  const question = view.questions?.questions[target ?? ""];
  const page = view.boards?.pages[target ?? ""];
  if (kind === "poll" && poll !== undefined) return <PollThen poll={poll} large />;
  if (kind === "question" && question !== undefined) return <QuestionThen question={question} large />;
  if (kind === "breakouts") return <RoomsThen />;
  if (kind === "board" && page !== undefined)
    return (
      <Suspense fallback={<Waiting text={r.boardLoading} />}>
        <BoardThen page={page} name={pages.find((each) => each.id === page.id)?.name ?? b.title} />
      </Suspense>
    );
  return (
    <div className="replay-none">
      <Empty icon="stage" title={r.nothingShown} />
    </div>
  );
}

/** The pages of the place one looks at, under the names people know them by. Those where nothing ever was are left out. */
function usePages(all = false): { id: string; name: string }[] {
  const b = useBoardTexts();
  const { material } = useReplay();
  const { view, place } = useMoment();
  const end = material.past.head.boards?.pages ?? {};
  return pagesOf(view.boards, place)
    .map(({ id, name, live, background }, index) => ({
      id,
      name: name || b.page(index + 1),
      used: live > 0 || background !== undefined || (end[id]?.live ?? 0) > 0,
    }))
    .filter((each) => all || each.used);
}

/** Staff see all rooms: which of them is theirs to choose. */
function Places() {
  const r = useReplayTexts();
  const { staff } = useReplay();
  const { view, place, choosePlace } = useMoment();
  const rooms = setsOf(view.breakouts)
    .filter((each) => each.status === "open" || each.status === "closed")
    .flatMap((set) => set.rooms.map(({ id, name }) => ({ value: id, label: `${set.name}: ${name}` })));
  if (!staff || rooms.length === 0) return null;
  return (
    <Choose
      label={r.place}
      value={place ?? ""}
      options={[{ value: "", label: r.main }, ...rooms]}
      onChange={(next) => choosePlace(next === "" ? undefined : next)}
    />
  );
}
