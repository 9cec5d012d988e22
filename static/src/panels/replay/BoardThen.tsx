// A page of the board as it was at that moment, in the drawing program, to look at and to take along. Its own chunk: the
// drawing program comes with it. Moving the view is the reader's own.
import "../board/assets";
import { Excalidraw } from "@excalidraw/excalidraw";
import "@excalidraw/excalidraw/index.css";
import { type RefObject, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Button, IconButton } from "../../design/Button";
import { MenuButton } from "../../design/Menu";
import type { Drawn } from "../../session/fold/boards";
import type { Page } from "../../session/protocol";
import { useLanguage } from "../../texts";
import { useBoardTexts } from "../../texts/board";
import { useReplayTexts } from "../../texts/replay";
import { seenOn } from "../board/drawn";
import type { Program } from "../board/DrawingSurface";
import { asPng, asSvg, fileName, pdfOf, saveBlob, sheetOf, slideOf } from "../board/exporting";
import { dataUrlOf, fetchImage } from "../board/images";
import { pagesOf, sharesOf } from "../board/reading";
import { useDark } from "../board/scheme";
import { useMoment, useReplay } from "./ReplayContext";
import "../board/board.css";

type Scene = NonNullable<Parameters<Program["updateScene"]>[0]["elements"]>;
type Fitted = Exclude<NonNullable<Parameters<Program["scrollToContent"]>[0]>, string | { id: string }>;
type Files = Parameters<Program["addFiles"]>[0];

const INITIAL = { appState: { viewBackgroundColor: "transparent" } };

export default function BoardThen({ page, name }: { page: Page; name: string }) {
  const r = useReplayTexts();
  const { language } = useLanguage();
  const dark = useDark();
  const { material, source } = useReplay();
  const [program, setProgram] = useState<Program | null>(null);
  const [started, setStarted] = useState(false);
  const { elements, background } = page;
  const slide = useMemo(() => (background === undefined ? [] : [slideOf(background)]), [background]);
  const seen = useMemo(() => [...slide, ...seenOn(elements)], [slide, elements]);
  usePictures(program, source.sessionId, seen);
  const area = useRef<HTMLDivElement>(null);
  useStill(area);

  useEffect(() => {
    if (program !== null && started) program.updateScene({ elements: seen as unknown as Scene });
  }, [program, started, seen]);

  // What is there at the end decides what part of the page is seen, so that nothing jumps while it is drawn.
  const end = material.past.head.boards?.pages[page.id]?.elements;
  const fit = useCallback(() => {
    const all = [...slide, ...seenOn(end ?? elements)] as unknown as Fitted;
    if (all.length > 0) program?.scrollToContent(all, { fitToViewport: true, viewportZoomFactor: 0.9 });
  }, [program, slide, end, elements]);
  const fitted = useRef("");
  useEffect(() => {
    if (program === null || !started || fitted.current === page.id) return;
    fitted.current = page.id;
    fit();
  }, [program, started, page.id, fit]);

  return (
    <figure className="board-then" data-board={page.id} data-elements={seen.length}>
      <div ref={area} className="past-area board-then-area" data-own-keys="" aria-hidden="true">
        <Excalidraw
          excalidrawAPI={setProgram}
          initialData={INITIAL}
          onChange={(_elements, state) => !state.isLoading && setStarted(true)}
          viewModeEnabled
          zenModeEnabled
          langCode={language === "fr" ? "fr-FR" : "en"}
          theme={dark ? "dark" : "light"}
          aiEnabled={false}
          validateEmbeddable={false}
        />
      </div>
      <figcaption className="row wrap">
        <span className="grow small soft">{r.boardOf(name)}</span>
        <Button size="small" icon="expand" onPress={fit}>
          {r.fit}
        </Button>
        <Take page={page} name={name} drawn={seen} />
      </figcaption>
      <Said page={page} />
    </figure>
  );
}

/** It is there to be looked at: the keyboard passes it by, whatever the program puts into it. */
function useStill(area: RefObject<HTMLElement>): void {
  useEffect(() => {
    const element = area.current;
    if (element === null) return;
    const pass = (): void => {
      for (const each of element.querySelectorAll<HTMLElement>("a, button, input, select, textarea, [tabindex]"))
        if (each.tabIndex >= 0) each.tabIndex = -1;
    };
    pass();
    const watch = new MutationObserver(pass);
    watch.observe(element, { subtree: true, childList: true, attributeFilter: ["tabindex"] });
    return () => watch.disconnect();
  }, [area]);
}

/** Pictures are fetched once each and given to the drawing program when they are there. */
function usePictures(program: Program | null, session: string, seen: readonly Drawn[]): void {
  const given = useRef(new Set<string>());
  useEffect(() => {
    if (program === null) return;
    for (const each of seen) {
      const id = each["fileId"];
      if (typeof id !== "string" || given.current.has(id)) continue;
      given.current.add(id);
      fetchImage(session, id)
        .then(async (blob) => program.addFiles([await fileOf(id, blob)] as unknown as Files))
        .catch(() => given.current.delete(id));
    }
  }, [program, session, seen]);
}

const fileOf = async (id: string, blob: Blob) => ({ id, mimeType: blob.type, dataURL: await dataUrlOf(blob), created: 1 });

function Take({ page, name, drawn }: { page: Page; name: string; drawn: readonly Drawn[] }) {
  const b = useBoardTexts();
  const { source, material } = useReplay();
  const { view, place } = useMoment();
  const [state, setState] = useState<"idle" | "busy" | "failed">("idle");
  const session = source.sessionId;
  const make = (ending: string, made: () => Promise<Blob>): void => {
    setState("busy");
    made().then(
      (blob) => {
        saveBlob(blob, fileName(`${material.session.title} ${name}`, ending));
        setState("idle");
      },
      () => setState("failed"),
    );
  };
  const sheet = () => sheetOf(session, page, drawn.filter((each) => each.id !== "slide"));
  const pages = pagesOf(view.boards, place).filter((each) => each.live > 0 || each.background !== undefined);
  const sheets = pages.map((each) => () => sheetOf(session, each, seenOn(each.elements)));
  return (
    <>
      <span className="small" role="status">
        {state === "failed" && b.exportFailed}
      </span>
      <MenuButton
        label={b.take}
        groups={[
          {
            acts: [
              { id: "svg", label: b.svg, icon: "download", run: () => make("svg", async () => asSvg(await sheet())) },
              { id: "png", label: b.png, icon: "image", run: () => make("png", async () => asPng(await sheet())) },
              { id: "pdf", label: b.pdf, icon: "copy", run: () => make("pdf", () => pdfOf(sheets, () => undefined)) },
            ],
          },
        ]}
      >
        <IconButton icon="download" size="small" label={b.take} isDisabled={state === "busy"} />
      </MenuButton>
    </>
  );
}

/** For whoever does not see it. */
function Said({ page }: { page: Page }) {
  const b = useBoardTexts();
  const r = useReplayTexts();
  const { nameOf } = useReplay();
  const shares = sharesOf(page.elements);
  return (
    <details className="small">
      <summary>{b.words}</summary>
      {shares.length === 0 && <p className="soft">{r.boardEmpty}</p>}
      <ul>
        {shares.map(({ user, texts, shapes }) => (
          <li key={user ?? ""} className="words">
            {user === undefined ? b.bySomebody : b.by(nameOf(user))}: {[...texts, ...(shapes > 0 ? [b.shapes(shapes)] : [])].join("; ")}
          </li>
        ))}
      </ul>
    </details>
  );
}
