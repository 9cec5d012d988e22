// Things that come onto a page at once: templates, pictures, drawings from a file. They are acts of this person: they can
// be undone, and go to the log like strokes.
import {
  CaptureUpdateAction,
  convertToExcalidrawElements,
  loadFromBlob,
  viewportCoordsToSceneCoords,
} from "@excalidraw/excalidraw";
import type { Drawn } from "../../session/fold/boards";
import { dataUrlOf, storeImage } from "./images";
import { renewed } from "./renewing";
import type { Outline } from "./templates";
import type { Program } from "./DrawingSurface";

type Skeletons = NonNullable<Parameters<typeof convertToExcalidrawElements>[0]>;
type Scene = NonNullable<Parameters<Program["updateScene"]>[0]["elements"]>;

/** Above what is there, at the middle of what is seen, and selected. */
function add(program: Program, elements: readonly Drawn[]): void {
  const there = program.getSceneElementsIncludingDeleted() as unknown as Drawn[];
  const added = elements.map((each) => ({ ...each, index: null }));
  program.updateScene({
    elements: [...there, ...added] as unknown as Scene,
    captureUpdate: CaptureUpdateAction.IMMEDIATELY,
  });
}

const middleOf = (program: Program): { x: number; y: number } => {
  const state = program.getAppState();
  const { width, height, offsetLeft, offsetTop } = state;
  return viewportCoordsToSceneCoords({ clientX: offsetLeft + width / 2, clientY: offsetTop + height / 2 }, state);
};

export function insertOutline(program: Program, outline: readonly Outline[]): void {
  const elements = convertToExcalidrawElements(outline as unknown as Skeletons) as unknown as Drawn[];
  const below = lowest(program.getSceneElements() as unknown as Drawn[]);
  add(
    program,
    below === null ? elements : elements.map((each) => ({ ...each, y: Number(each["y"]) + below + GAP })),
  );
  program.scrollToContent(program.getSceneElements(), { fitToViewport: true, viewportZoomFactor: 0.9 });
}

const GAP = 80;

/** Where what is there ends, so that nothing comes to lie on it. */
function lowest(elements: readonly Drawn[]): number | null {
  if (elements.length === 0) return null;
  return Math.max(...elements.map((each) => Number(each["y"]) + Number(each["height"])));
}

const PICTURE_SIDE = 500;

export async function insertPicture(program: Program, session: string, boardId: string, file: File): Promise<void> {
  const { imageId, width, height } = await storeImage(session, boardId, file);
  const dataURL = await dataUrlOf(file);
  program.addFiles([{ id: imageId, mimeType: file.type, dataURL, created: 1 } as unknown as BinaryFile]);
  const scale = Math.min(1, PICTURE_SIDE / Math.max(width, height));
  const { x, y } = middleOf(program);
  const [wide, high] = [width * scale, height * scale];
  const picture = { type: "image", fileId: imageId, status: "saved", x: x - wide / 2, y: y - high / 2 };
  add(
    program,
    convertToExcalidrawElements([{ ...picture, width: wide, height: high }] as unknown as Skeletons) as unknown as Drawn[],
  );
}

type BinaryFile = Parameters<Program["addFiles"]>[0][number];

/** Of a file made by Excalidraw; how many of its things a board here cannot hold. */
export async function insertDrawing(program: Program, session: string, boardId: string, file: File): Promise<number> {
  const scene = await loadFromBlob(file, null, null);
  const stored = new Map<string, string>();
  for (const [id, { dataURL, mimeType }] of Object.entries(scene.files ?? {})) {
    const { imageId } = await storeImage(session, boardId, bytesOfData(dataURL, mimeType));
    stored.set(id, imageId);
    program.addFiles([{ id: imageId, mimeType, dataURL, created: 1 } as unknown as BinaryFile]);
  }
  const drawn = (scene.elements ?? []) as unknown as Drawn[];
  const { elements, left } = renewed(drawn, stored, () => crypto.randomUUID());
  add(program, elements);
  program.scrollToContent(program.getSceneElements(), { fitToViewport: true, viewportZoomFactor: 0.9 });
  return left;
}

/** The bytes of a data: address, without asking the network (the page's policy does not let it). */
function bytesOfData(address: string, type: string): Blob {
  const [head = "", body = ""] = address.split(",", 2);
  const text = head.endsWith(";base64") ? atob(body) : decodeURIComponent(body);
  return new Blob([Uint8Array.from(text, (character) => character.charCodeAt(0))], { type });
}
