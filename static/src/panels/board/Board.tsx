// The board on the stage: the pages of a room, one of them to draw on, and around it what is to be done with it.
import { type DragEvent, useCallback, useEffect, useRef, useState } from "react";
import { Notice, Waiting } from "../../design/Bits";
import { Button, IconButton } from "../../design/Button";
import { MenuButton } from "../../design/Menu";
import { Confirm, Overlay } from "../../design/Overlay";
import { Field } from "../../design/Field";
import type { Page } from "../../session/protocol";
import { useTexts } from "../../texts";
import { useBoardTexts } from "../../texts/board";
import { usePlace } from "../room/place";
import { useRoom } from "../room/RoomContext";
import { useBoardActs } from "./boardActs";
import { DrawingSurface, type Program } from "./DrawingSurface";
import { History } from "./History";
import { insertOutline } from "./inserting";
import { InWords } from "./InWords";
import { useLoadedPage } from "./loading";
import { PageStrip } from "./PageStrip";
import { pagesOf } from "./reading";
import { RightsLine } from "./RightsLine";
import { around, SLIDE_WIDTH, slideHeight } from "./seeing";
import { Slide, type SlidePlace } from "./Slide";
import { outlineOf, type TemplateName } from "./templates";
import { Templates } from "./TemplateChoice";
import { useFollow, useLead } from "./useFollow";
import { useMyRights } from "./useDrawer";
import { useRefusals } from "./useRefusals";
import { forgetFailure, stopSlides, useSlides } from "./useSlides";
import { useWide } from "./useWide";
import "./board.css";

export type BoardDialog = "rename" | "remove" | "clear" | "words" | "history" | "template" | "template-page" | null;

export default function Board({ id, featured }: { id: string; featured: boolean }) {
  const { view } = useRoom();
  const page = view.boards?.pages[id];
  return page === undefined ? null : <BoardPage page={page} featured={featured} />;
}

function BoardPage({ page, featured }: { page: Page; featured: boolean }) {
  const t = useTexts();
  const b = useBoardTexts();
  const { session, state, view, submit, may, nameOf } = useRoom();
  const { look, looking } = usePlace();
  const pages = pagesOf(view.boards, page.room);
  const rights = useMyRights(page);
  const problem = useLoadedPage(session, page.id, page.elements !== undefined, state.phase === "live");
  const [started, setStarted] = useState<{ id: string; program: Program } | null>(null);
  const program = started?.id === page.id ? started.program : null; // each page has its own, with its own undo
  const [begin, setBegin] = useState<{ id: string; template: TemplateName } | null>(null);
  const [dialog, setDialog] = useState<BoardDialog>(null);
  const [notice, setNotice] = useState<string | null>(null);
  const [cleared, setCleared] = useState<string | null>(null);
  const [wide, setWide] = useWide();
  const [leads, lead] = useLead(featured);
  const follow = useFollow(program, page.id, featured, leads);
  const place = useRef<SlidePlace>(null);
  const slides = useSlides();
  useRefusals(page.id, setNotice);
  const name = page.name || b.page(pages.indexOf(page) + 1);

  const pick = useCallback(
    (id: string) => {
      if (leads) void submit({ type: "stage.show", kind: "board", target: id });
      else look({ kind: "board", id });
    },
    [leads, submit, look],
  );
  const step = (by: number): void => {
    const next = pages[pages.indexOf(page) + by];
    if (next !== undefined) pick(next.id);
  };
  const show = (): void => {
    lead(true);
    void submit({ type: "stage.show", kind: "board", target: page.id });
  };

  const { go, scrolled } = follow;
  useEffect(() => {
    if (program === null) return;
    if (page.background !== undefined) go(around(0, 0, SLIDE_WIDTH, slideHeight(page.background)));
    else program.scrollToContent(program.getSceneElements(), { fitToViewport: false, animate: false });
    place.current?.move(program.getAppState());
  }, [program]);
  useEffect(() => {
    if (program === null || begin?.id !== page.id) return;
    setBegin(null);
    insertOutline(program, outlineOf(begin.template, b.templateWords));
  }, [program, begin, page.id, b]);

  const beginWith = (id: string, template: TemplateName): void => setBegin({ id, template });
  const acts = useBoardActs({ page, name, pages, rights, program, pick, beginWith, setDialog, setNotice });
  const close = () => setDialog(null);
  const onDrop = (event: DragEvent): void => {
    event.preventDefault();
    event.stopPropagation(); // a file dropped on Excalidraw would take the place of everything
    acts.take([...event.dataTransfer.files]);
  };
  const loaded = page.elements !== undefined;
  const steering = may("can_moderate") && rights.running;

  return (
    <section
      className={`board ${wide ? "board-wide" : ""}`}
      aria-label={b.title}
      onKeyDownCapture={(event) => {
        if (event.key !== "PageDown" && event.key !== "PageUp") return;
        if (pages.length < 2 || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        event.stopPropagation();
        step(event.key === "PageDown" ? 1 : -1);
      }}
    >
      <header className="board-head">
        <PageStrip pages={pages} shown={page.id} adding={acts.adding} onPick={pick} />
        {steering &&
          (featured ? (
            <Button size="small" on onPress={() => (leads ? void submit({ type: "stage.show", kind: "nothing" }) : lead(true))}>
              {leads ? b.stop : b.shown}
            </Button>
          ) : (
            <Button size="small" look="primary" icon="stage" onPress={show}>
              {b.show}
            </Button>
          ))}
        <IconButton
          icon={wide ? "shrink" : "expand"}
          size="small"
          on={wide}
          label={wide ? b.smaller : b.larger}
          onPress={() => setWide(!wide)}
        />
        <MenuButton label={b.menu} groups={acts.groups}>
          <IconButton icon="more" size="small" label={b.menu} />
        </MenuButton>
      </header>
      <div
        className={`board-area ${rights.draw === "yes" ? "" : "board-looking"}`}
        data-own-keys=""
        onDropCapture={onDrop}
        onDragOverCapture={(event) => event.preventDefault()}
        onWheelCapture={follow.touched}
        onPointerDownCapture={follow.touched}
        onTouchMoveCapture={follow.touched}
        onKeyDownCapture={follow.touched}
      >
        {page.background !== undefined && <Slide ref={place} background={page.background} />}
        {loaded ? (
          <DrawingSurface
            key={page.id}
            boardId={page.id}
            elements={page.elements ?? {}}
            mayDraw={rights.draw === "yes"}
            moderates={may("can_moderate")}
            name={name}
            autoFocus={looking !== null}
            onReady={(ready) => setStarted({ id: page.id, program: ready })}
            onTakenBack={(why) => setNotice(b.takenBack[why] ?? null)}
            onScroll={(moved) => {
              place.current?.move(moved);
              scrolled(moved);
            }}
          />
        ) : problem !== null ? (
          <Notice kind="fault">{t.problem(problem.code)}</Notice>
        ) : (
          <Waiting text={b.loading} />
        )}
        {featured && !leads && follow.leader !== undefined && (
          <p className="board-follow" role="status">
            {follow.following ? (
              <span className="soft small">{b.following(nameOf(follow.leader))}</span>
            ) : (
              <Button size="small" look="primary" onPress={follow.again}>
                {b.follow(nameOf(follow.leader))}
              </Button>
            )}
          </p>
        )}
      </div>
      <RightsLine draw={rights.draw} />
      {slides.progress !== null && (
        <div className="board-line" role="status">
          <progress max={slides.progress.of || 1} value={slides.progress.done} aria-label={b.addSlides} />
          <span className="grow">
            {slides.progress.of === 0 ? b.slidesBegin : b.slides(slides.progress.done + 1, slides.progress.of)}{" "}
            <span className="soft small only-wide">{b.slidesMeanwhile}</span>
          </span>
          <Button size="small" onPress={stopSlides}>
            {b.cancel}
          </Button>
        </div>
      )}
      {slides.failed !== null && (
        <Line onClose={forgetFailure}>{b.slidesFailed[slides.failed] ?? b.slidesFailed["other"] ?? ""}</Line>
      )}
      {notice !== null && <Line onClose={() => setNotice(null)}>{notice}</Line>}
      {cleared === page.id && page.cleared !== undefined && page.live === 0 && (
        <div className="board-line" role="status">
          <span className="grow">{b.cleared}</span>
          <Button size="small" onPress={() => void submit({ type: "board.restore", boardId: page.id })}>
            {b.restore}
          </Button>
        </div>
      )}
      {acts.inputs}
      {dialog === "rename" && <Rename page={page} name={name} onClose={close} />}
      <Confirm
        open={dialog === "remove"}
        title={b.removeTitle(name)}
        text={b.removeText}
        act={b.remove}
        danger
        onClose={close}
        onConfirm={() => {
          step(-1);
          void submit({ type: "board.removePage", boardId: page.id });
        }}
      />
      <Confirm
        open={dialog === "clear"}
        title={b.clearTitle}
        text={b.clearText}
        act={b.clear}
        danger
        onClose={close}
        onConfirm={() => {
          setCleared(page.id);
          void submit({ type: "board.clear", boardId: page.id });
        }}
      />
      {dialog === "words" && <InWords page={page} elements={page.elements ?? {}} onClose={close} />}
      {dialog === "history" && <History page={page} name={name} onClose={close} />}
      {(dialog === "template" || dialog === "template-page") && (
        <Templates onPick={dialog === "template" ? acts.template : acts.templatePage} onClose={close} />
      )}
    </section>
  );
}

function Line({ children, onClose }: { children: string; onClose(): void }) {
  const t = useTexts();
  return (
    <div className="board-line board-line-notice" role="alert">
      <span className="grow">{children}</span>
      <Button size="small" onPress={onClose}>
        {t.refused.dismiss}
      </Button>
    </div>
  );
}

function Rename({ page, name, onClose }: { page: Page; name: string; onClose(): void }) {
  const t = useTexts();
  const b = useBoardTexts();
  const { submit } = useRoom();
  const [words, setWords] = useState(name);
  const save = (): void => {
    if (words.trim() !== "") void submit({ type: "board.renamePage", boardId: page.id, name: words.trim() });
    onClose();
  };
  return (
    <Overlay
      open
      onClose={onClose}
      title={b.rename}
      foot={
        <Button look="primary" onPress={save}>
          {t.common.save}
        </Button>
      }
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <Field label={b.name} value={words} onChange={setWords} maxLength={200} autoFocus />
      </form>
    </Overlay>
  );
}
