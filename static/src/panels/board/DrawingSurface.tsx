// Excalidraw, bound to one page: what others did comes onto it, what one does here goes to the log, pointers and strokes
// of this moment go both ways. Its own menus are reduced to what the page around it does not do better.
import "./assets";
import { Excalidraw, MainMenu } from "@excalidraw/excalidraw";
import "@excalidraw/excalidraw/index.css";
import type { AppState, Collaborator, ExcalidrawImperativeAPI, SocketId } from "@excalidraw/excalidraw/types";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Drawn, Elements } from "../../session/fold/boards";
import type { ChangeBoard } from "../../session/protocol";
import type { Pending } from "../../session/outbox";
import { useLanguage } from "../../texts";
import { useRoom } from "../room/RoomContext";
import { Drawing, type TakenBack } from "./drawing";
import { dataUrlOf, fetchImage, storeImage } from "./images";
import { CURSOR_KEPT_MS, cursorSignal, listen, Saying, STROKE_KEPT_MS, strokeSignal } from "./live";
import { useDark } from "./scheme";
import { Sheet } from "./sheet";

const FLUSH_MS = 60;
/** So many commands wait at most before one's own changes wait on the canvas itself. */
const WAITING_MAX = 40;
const HELD_MS = 500;

export type Program = ExcalidrawImperativeAPI;

export interface SurfaceProps {
  boardId: string;
  elements: Elements;
  mayDraw: boolean;
  /** Whether one may remove what others drew. */
  moderates: boolean;
  name: string;
  autoFocus: boolean;
  /** It is started, and shows what is on the page. */
  onReady(program: Program): void;
  onTakenBack(why: TakenBack): void;
  onScroll(state: Pick<AppState, "scrollX" | "scrollY" | "zoom">): void;
}

export function DrawingSurface(props: SurfaceProps) {
  const { boardId, elements, mayDraw, name, autoFocus } = props;
  const { session, state, me } = useRoom();
  const { language } = useLanguage();
  const dark = useDark();
  const [program, setProgram] = useState<Program | null>(null);
  const [drawing, setDrawing] = useState<Drawing | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const pending = useMemo(
    () => state.pending.filter((each) => isOfBoard(each, boardId)) as BoardPending[],
    [state.pending, boardId],
  );
  const waiting = useRef(0);
  waiting.current = pending.filter((each) => each.seq === undefined).length;

  const sheet = useMemo(() => (program === null ? null : new Sheet(program)), [program]);

  // The first change is told when the program has started; before that what is put on it would be lost.
  const begin = useCallback(() => {
    if (program === null || sheet === null) return;
    const made = new Drawing({
      canvas: sheet,
      send: (changes) => void session.submit({ type: "board.change", boardId, ...changes, elements: [...changes.elements] }),
      mayRemove: (creator) => latest.current.moderates || creator === me,
      takenBack: (why) => latest.current.onTakenBack(why),
    });
    made.take(latest.current.elements);
    setDrawing((now) => now ?? made);
  }, [program, sheet, session, boardId, me]);

  useEffect(() => {
    if (drawing !== null && program !== null) latest.current.onReady(program);
  }, [drawing, program]);

  useEffect(() => {
    drawing?.take(elements);
    sheet?.drawn((id) => elements[id] !== undefined);
  }, [drawing, sheet, elements]);

  // What was given and the server has decided on now: in the log, or refused.
  const given = useRef<ReadonlyMap<string, BoardPending>>(new Map());
  useEffect(() => {
    if (drawing === null) return;
    const now = new Map(pending.map((each) => [each.id, each]));
    if (given.current.size === 0 && now.size > 0) drawing.resume(elementsOf([...now.values()]));
    const decided = [...given.current.values()].filter((each) => !now.has(each.id));
    given.current = now;
    if (decided.length > 0) drawing.decided(elementsOf(decided));
  }, [drawing, pending]);

  const stroke = useMemo(() => new Saying(session), [session]);
  const cursor = useMemo(() => new Saying(session), [session]);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  const flush = useCallback(() => {
    timer.current = undefined;
    if (drawing === null || !latest.current.mayDraw) return;
    if (waiting.current < WAITING_MAX) drawing.flush();
    else timer.current = setTimeout(flush, HELD_MS);
  }, [drawing]);

  useEffect(
    () => () => {
      clearTimeout(timer.current);
      timer.current = undefined;
      stroke.stop();
      cursor.stop();
      if (latest.current.mayDraw) drawing?.flush();
    },
    [drawing, stroke, cursor],
  );

  const said = useRef(false);
  const change = useCallback(
    (_elements: unknown, app: AppState) => {
      if (drawing === null) {
        if (!app.isLoading) begin();
        return;
      }
      timer.current ??= setTimeout(flush, FLUSH_MS);
      if (!latest.current.mayDraw) return;
      const making = (app.newElement ?? app.editingTextElement) as unknown as Drawn | null;
      if (making === null && !said.current) return;
      said.current = making !== null;
      const signal = strokeSignal(boardId, making);
      if (signal !== null) stroke.say(signal);
    },
    [drawing, begin, flush, stroke, boardId],
  );

  useOthers(program, sheet, boardId);
  useFiles(program, elements);

  const upload = useCallback(
    async (file: File) => (await storeImage(session.sessionId, boardId, file)).imageId,
    [session, boardId],
  );

  return (
    <Excalidraw
      excalidrawAPI={setProgram}
      initialData={INITIAL}
      onChange={change}
      onPointerUpdate={({ pointer }) => cursor.say(cursorSignal(boardId, pointer.x, pointer.y))}
      onScrollChange={(scrollX, scrollY, zoom) => latest.current.onScroll({ scrollX, scrollY, zoom })}
      onLinkOpen={openLink}
      generateIdForFile={upload}
      viewModeEnabled={!mayDraw}
      isCollaborating
      langCode={language === "fr" ? "fr-FR" : "en"}
      theme={dark ? "dark" : "light"}
      name={name}
      autoFocus={autoFocus}
      aiEnabled={false}
      validateEmbeddable={false}
      UIOptions={OPTIONS}
    >
      {/* in the place of its own, which would offer what the page around it does */}
      <MainMenu>{null}</MainMenu>
    </Excalidraw>
  );
}

const INITIAL = { appState: { viewBackgroundColor: "transparent", currentItemRoughness: 1 } };

const OPTIONS = {
  canvasActions: {
    changeViewBackgroundColor: false,
    clearCanvas: false,
    export: false,
    loadScene: false,
    saveToActiveFile: false,
    saveAsImage: false,
    toggleTheme: false,
  },
} as const;

interface BoardPending extends Pending {
  command: ChangeBoard;
}

function isOfBoard({ command }: Pending, boardId: string): boolean {
  return command.type === "board.change" && command.boardId === boardId;
}

const elementsOf = (pending: readonly BoardPending[]): Drawn[] =>
  pending.flatMap((each) => each.command.elements as Drawn[]);

/** Addresses of the web only, in a window that knows nothing of this one. */
function openLink(element: { link: string | null }, event: CustomEvent): void {
  event.preventDefault();
  if (element.link !== null && /^https?:\/\//i.test(element.link))
    window.open(element.link, "_blank", "noopener,noreferrer");
}

/** Where others point and what they are drawing, for as long as they go on. */
function useOthers(program: Program | null, sheet: Sheet | null, boardId: string): void {
  const { session } = useRoom();
  useEffect(() => {
    if (program === null || sheet === null) return;
    const cursors = new Map<SocketId, Collaborator>();
    const timers = new Map<string, ReturnType<typeof setTimeout>>();
    const forget = (key: string, ms: number, gone: () => void): void => {
      clearTimeout(timers.get(key));
      timers.set(key, setTimeout(gone, ms));
    };
    const show = (): void => program.updateScene({ collaborators: new Map(cursors) });
    const stop = listen(session, boardId, {
      cursor: (user, x, y) => {
        const username = session.state.names[user]?.name ?? "";
        cursors.set(user as SocketId, { id: user, username, pointer: { x, y, tool: "pointer" } });
        show();
        forget(`cursor.${user}`, CURSOR_KEPT_MS, () => {
          cursors.delete(user as SocketId);
          show();
        });
      },
      stroke: (user, element) => {
        sheet.stroke(user, element);
        if (element !== null) forget(`stroke.${user}`, STROKE_KEPT_MS, () => sheet.stroke(user, null));
      },
    });
    return () => {
      stop();
      for (const each of timers.values()) clearTimeout(each);
    };
  }, [program, sheet, session, boardId]);
}

/** Brings the pictures that elements speak of. One that cannot be had now is asked for again with the next change. */
function useFiles(program: Program | null, elements: Elements): void {
  const { session } = useRoom();
  useEffect(() => {
    if (program === null) return;
    const there = program.getFiles();
    const wanted = new Set(Object.values(elements).flatMap((each) => (each.deleted ? [] : fileOf(each.body))));
    for (const imageId of wanted)
      if (there[imageId] === undefined)
        void fetchImage(session.sessionId, imageId)
          .then(async (blob) => [blob.type, await dataUrlOf(blob)] as const)
          .then(([mimeType, dataURL]) =>
            program.addFiles([{ id: imageId, mimeType, dataURL, created: 1 } as unknown as BinaryFile]),
          )
          .catch(() => undefined);
  }, [program, session, elements]);
}

type BinaryFile = Parameters<Program["addFiles"]>[0][number];

function fileOf(body: Readonly<Record<string, unknown>>): string[] {
  return body["type"] === "image" && typeof body["fileId"] === "string" ? [body["fileId"]] : [];
}

