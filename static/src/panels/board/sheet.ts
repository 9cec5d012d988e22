// Excalidraw as the canvas of a `Drawing`: shows the elements of the page and, over them, what others are just drawing.
// Strokes of others are on the screen only: they are never handed over, exported or undone.
import { CaptureUpdateAction } from "@excalidraw/excalidraw";
import type { AppState, ExcalidrawImperativeAPI } from "@excalidraw/excalidraw/types";
import type { Drawn } from "../../session/fold/boards";
import type { Canvas } from "./drawing";

type Scene = NonNullable<Parameters<ExcalidrawImperativeAPI["updateScene"]>[0]["elements"]>;

const STROKE = "~";
const STROKE_OPACITY = 60;

export class Sheet implements Canvas {
  readonly #api: ExcalidrawImperativeAPI;
  readonly #strokes = new Map<string, Drawn>();

  constructor(api: ExcalidrawImperativeAPI) {
    this.#api = api;
  }

  elements(): readonly Drawn[] {
    const all = this.#api.getSceneElementsIncludingDeleted() as unknown as readonly Drawn[];
    return all.filter(isOfPage);
  }

  /** Not captured: undo is for what one did oneself. */
  put(elements: readonly Drawn[]): void {
    const strokes = [...this.#strokes].map(([user, stroke]) => ({
      ...stroke,
      id: STROKE + user,
      index: null,
      locked: true,
      opacity: STROKE_OPACITY,
      boundElements: null,
      frameId: null,
      groupIds: [],
    }));
    const scene = [...elements, ...strokes] as unknown as Scene;
    this.#api.updateScene({ elements: scene, captureUpdate: CaptureUpdateAction.NEVER });
  }

  busy(): ReadonlySet<string> {
    return underHand(this.#api.getAppState());
  }

  /** What somebody is drawing just now; null when they have stopped. */
  stroke(user: string, stroke: Drawn | null): void {
    if (stroke === null && !this.#strokes.has(user)) return;
    if (stroke === null) this.#strokes.delete(user);
    else this.#strokes.set(user, stroke);
    this.put(this.elements());
  }

  /** A stroke that has become an element of the page is no stroke any more. */
  drawn(has: (id: string) => boolean): void {
    const done = [...this.#strokes].filter(([, stroke]) => has(stroke.id));
    if (done.length === 0) return;
    for (const [user] of done) this.#strokes.delete(user);
    this.put(this.elements());
  }
}

const isOfPage = ({ id }: { id: string }): boolean => !id.startsWith(STROKE);

/** What a finger, a pointer or the keyboard is at work on. */
export function underHand(state: Readonly<AppState>): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const each of [
    state.newElement,
    state.multiElement,
    state.editingTextElement,
    state.resizingElement,
    state.selectionElement,
  ])
    if (each) ids.add(each.id);
  if (state.editingLinearElement) ids.add(state.editingLinearElement.elementId);
  if (state.cursorButton === "down")
    for (const [id, selected] of Object.entries(state.selectedElementIds)) if (selected) ids.add(id);
  return ids;
}
