// Everything that is to be done with a page, in menus: what this person may do, in words. Files come in by the one hidden
// field here, or dropped on the page.
import { type ReactNode, useRef } from "react";
import type { Act, ActGroup } from "../../design/Menu";
import type { Page } from "../../session/protocol";
import { useTexts } from "../../texts";
import { useBoardTexts } from "../../texts/board";
import { useRoom } from "../room/RoomContext";
import type { BoardDialog } from "./Board";
import type { Program } from "./DrawingSurface";
import type { Drawn } from "../../session/fold/boards";
import { added } from "./adding";
import { asDrawing, asPdf, asPng, asSvg, fileName, saveBlob, sheetOf } from "./exporting";
import { storeImage } from "./images";
import { insertDrawing, insertOutline, insertPicture } from "./inserting";
import { isFirst } from "./reading";
import { outlineOf, type TemplateName } from "./templates";
import type { MyRights } from "./useDrawer";
import { startSlides } from "./useSlides";

export interface BoardActs {
  /** What can be added as a page. */
  adding: readonly ActGroup[];
  groups: readonly ActGroup[];
  inputs: ReactNode;
  template(name: TemplateName): void;
  templatePage(name: TemplateName): void;
  /** Files that were dropped. */
  take(files: readonly File[]): void;
}

type Wanted = "picture" | "pictures" | "slides" | "drawing";

const ACCEPT: Readonly<Record<Wanted, string>> = {
  picture: "image/png,image/jpeg,image/webp",
  pictures: "image/png,image/jpeg,image/webp",
  slides: "application/pdf,.pdf",
  drawing: ".excalidraw,application/json",
};

export function useBoardActs(given: {
  page: Page;
  name: string;
  pages: readonly Page[];
  rights: MyRights;
  program: Program | null;
  pick(id: string): void;
  /** The page will begin with a template once it is on the screen. */
  beginWith(id: string, template: TemplateName): void;
  setDialog(dialog: BoardDialog): void;
  setNotice(words: string | null): void;
}): BoardActs {
  const { page, name, pages, rights, program, pick, beginWith, setDialog, setNotice } = given;
  const t = useTexts();
  const b = useBoardTexts();
  const { session, submit, view } = useRoom();
  const field = useRef<HTMLInputElement>(null);
  const wanted = useRef<Wanted>("picture");
  const { sessionId } = session;
  const draws = rights.draw === "yes" && program !== null;
  const last = pages.at(-1)?.id ?? page.id;

  const ask = (what: Wanted): void => {
    const input = field.current;
    if (input === null) return;
    wanted.current = what;
    input.accept = ACCEPT[what];
    input.multiple = what === "pictures";
    input.value = "";
    input.click();
  };
  const trying = async (work: Promise<unknown>, otherwise: string): Promise<void> => {
    setNotice(null);
    await work.catch(() => setNotice(otherwise));
  };
  const addPage = async (more: { imageId?: string; name?: string } = {}): Promise<string> => {
    const id = await added(session, { after: page.id, ...more });
    pick(id);
    return id;
  };
  const addPictures = async (files: readonly File[]): Promise<void> => {
    let after = last;
    for (const file of files) {
      const { imageId } = await storeImage(sessionId, page.id, file);
      after = await added(session, { imageId, after, name: file.name.replace(/\.\w+$/, "").slice(0, 200) || t.common.more });
    }
    if (files.length > 0) pick(after);
  };
  const slides = (file: File): void => {
    void startSlides({ session, file, after: last, name: (at) => b.page(pages.length + at) }).then(
      (first) => first !== undefined && pick(first),
    );
  };
  const bringDrawing = async (file: File): Promise<void> => {
    if (program === null) return;
    const left = await insertDrawing(program, sessionId, page.id, file);
    if (left > 0) setNotice(b.leftOut(left));
  };

  const take = (files: readonly File[]): void => {
    const pdf = files.find((each) => each.type === "application/pdf" || each.name.endsWith(".pdf"));
    const drawn = files.find((each) => each.name.endsWith(".excalidraw"));
    const pictures = files.filter((each) => each.type.startsWith("image/"));
    if (pdf !== undefined && rights.steer) slides(pdf);
    else if (drawn !== undefined && draws) void trying(bringDrawing(drawn), b.fileFailed);
    else if (draws && program !== null)
      for (const each of pictures) void trying(insertPicture(program, sessionId, page.id, each), b.pictureFailed);
  };
  const chosen = (files: readonly File[]): void => {
    const [first] = files;
    if (first === undefined) return;
    if (wanted.current === "slides") slides(first);
    else if (wanted.current === "pictures") void trying(addPictures(files), b.pictureFailed);
    else if (wanted.current === "drawing") void trying(bringDrawing(first), b.fileFailed);
    else if (program !== null) void trying(insertPicture(program, sessionId, page.id, first), b.pictureFailed);
  };

  const template = (which: TemplateName): void => {
    if (program !== null) insertOutline(program, outlineOf(which, b.templateWords));
  };
  const templatePage = (which: TemplateName): void => {
    const adding = added(session, { after: page.id, name: b.templates[which] });
    void trying(
      adding.then((id) => {
        beginWith(id, which);
        pick(id);
      }),
      b.exportFailed,
    );
  };

  const elements = (): readonly Drawn[] =>
    (program?.getSceneElements() ?? []) as unknown as readonly Drawn[];
  const sheet = () => sheetOf(sessionId, page, elements().filter((each) => !each.id.startsWith("~")));
  const save = (ending: string, make: () => Promise<Blob>): void =>
    void trying(
      make().then((blob) => saveBlob(blob, fileName(`${view.lifecycle.title} - ${name}`, ending))),
      b.exportFailed,
    );
  const pdf = (): Promise<Blob> =>
    asPdf(sessionId, pages, { id: page.id, elements: elements() }, (done) =>
      setNotice(b.making(done + 1, pages.length)),
    ).finally(() => setNotice(null));

  const inserting: Act[] = draws
    ? [
        { id: "picture", label: b.picture, icon: "image", run: () => ask("picture") },
        { id: "template", label: b.template, icon: "board", run: () => setDialog("template") },
        { id: "importing", label: b.importing, icon: "plus", run: () => ask("drawing") },
      ]
    : [];
  const steering: Act[] = rights.steer
    ? [
        {
          id: "lock",
          label: page.locked ? b.unlock : b.lock,
          icon: "lock",
          run: () => void submit({ type: "board.lock", boardId: page.id, locked: !page.locked }),
        },
        {
          id: "share",
          label: page.everyone ? b.unshare : b.share,
          icon: "people",
          run: () => void submit({ type: "board.share", boardId: page.id, everyone: !page.everyone }),
        },
        { id: "rename", label: b.rename, icon: "edit", run: () => setDialog("rename") },
        ...(page.cleared === undefined
          ? []
          : [
              {
                id: "restore",
                label: b.restore,
                icon: "reply",
                run: () => void submit({ type: "board.restore", boardId: page.id }),
              } as const,
            ]),
        ...(page.live > 0
          ? [{ id: "clear", label: b.clear, icon: "trash", danger: true, run: () => setDialog("clear") } as const]
          : []),
        ...(isFirst(page)
          ? []
          : [{ id: "remove", label: b.remove, icon: "trash", danger: true, run: () => setDialog("remove") } as const]),
      ]
    : [];
  const groups: ActGroup[] = [
    {
      acts: [
        { id: "words", label: b.words, icon: "eye", run: () => setDialog("words") },
        { id: "history", label: b.history, icon: "clock", run: () => setDialog("history") },
      ],
    },
    { heading: b.insert, acts: inserting },
    { heading: b.pages, acts: steering },
    {
      heading: b.take,
      acts: [
        { id: "png", label: b.png, icon: "download", run: () => save("png", async () => asPng(await sheet())) },
        { id: "svg", label: b.svg, icon: "download", run: () => save("svg", async () => asSvg(await sheet())) },
        {
          id: "drawing",
          label: b.drawing,
          icon: "download",
          run: () => save("excalidraw", async () => asDrawing(await sheetOf(sessionId, bare(page), elements()))),
        },
        { id: "pdf", label: b.pdf, icon: "download", run: () => save("pdf", pdf) },
      ],
    },
  ];
  const adding: ActGroup[] = rights.steer
    ? [
        {
          heading: b.add,
          acts: [
            { id: "blank", label: b.addBlank, icon: "plus", run: () => void trying(addPage(), b.exportFailed) },
            ...(rights.running
              ? [
                  {
                    id: "from",
                    label: b.addTemplate,
                    icon: "board",
                    run: () => setDialog("template-page"),
                  } as const,
                  { id: "pictures", label: b.addPictures, icon: "image", run: () => ask("pictures") } as const,
                  { id: "slides", label: b.addSlides, icon: "stage", run: () => ask("slides") } as const,
                ]
              : []),
          ],
        },
      ]
    : [];
  const inputs = (
    <input
      ref={field}
      type="file"
      hidden
      tabIndex={-1}
      aria-hidden="true"
      onChange={(event) => chosen([...(event.target.files ?? [])])}
    />
  );
  return { adding, groups, inputs, template, templatePage, take };
}

/** A drawing opens without its slide: that is a picture of its own. */
function bare(page: Page): Page {
  const { background: _background, ...rest } = page;
  return rest;
}
