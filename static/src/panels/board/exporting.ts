// A page taken along as a picture, as a drawing that Excalidraw opens again, or all pages as one PDF. A slide under the
// drawing comes along with it.
import { exportToBlob, exportToCanvas, exportToSvg, serializeAsJSON } from "@excalidraw/excalidraw";
import { api } from "../../app/client";
import type { Drawn, LoadedBoard } from "../../session/fold/boards";
import type { Page } from "../../session/protocol";
import { inOrder } from "./drawn";
import { dataUrlOf, fetchImage } from "./images";
import { pagePath } from "./loading";
import { SLIDE_WIDTH, slideHeight } from "./seeing";

type Exported = Parameters<typeof exportToCanvas>[0];

export interface Sheet {
  elements: readonly Drawn[];
  files: Record<string, { id: string; mimeType: string; dataURL: string; created: number }>;
}

const PAPER = { exportBackground: true, viewBackgroundColor: "#ffffff", exportWithDarkMode: false };
const PADDING = 24;
const SCALE = 2;
const SIDE_MAX_PX = 6_000;

/** What is on the page, its slide as the lowest, and the pictures it needs. */
export async function sheetOf(session: string, page: Page, drawn: readonly Drawn[]): Promise<Sheet> {
  const slide = page.background === undefined ? [] : [slideOf(page.background)];
  const elements = [...slide, ...inOrder(drawn.filter((each) => !each.isDeleted))];
  const wanted = new Set(elements.flatMap((each) => (typeof each["fileId"] === "string" ? [each["fileId"]] : [])));
  const files: Sheet["files"] = {};
  for (const id of wanted) {
    const blob = await fetchImage(session, id).catch(() => null);
    if (blob !== null) files[id] = { id, mimeType: blob.type, dataURL: await dataUrlOf(blob), created: 1 };
  }
  return { elements, files };
}

export function slideOf(background: NonNullable<Page["background"]>): Drawn {
  return {
    id: "slide",
    type: "image",
    version: 1,
    versionNonce: 1,
    isDeleted: false,
    fileId: background.imageId,
    status: "saved",
    x: 0,
    y: 0,
    width: SLIDE_WIDTH,
    height: slideHeight(background),
    angle: 0,
    scale: [1, 1],
    crop: null,
    strokeColor: "transparent",
    backgroundColor: "transparent",
    fillStyle: "solid",
    strokeWidth: 1,
    strokeStyle: "solid",
    roughness: 0,
    opacity: 100,
    groupIds: [],
    frameId: null,
    roundness: null,
    seed: 1,
    boundElements: null,
    updated: 1,
    link: null,
    locked: true,
    index: null,
  };
}

const given = ({ elements, files }: Sheet): Exported =>
  ({ elements, files, appState: PAPER, exportPadding: PADDING }) as unknown as Exported;

const sized = (width: number, height: number): { width: number; height: number; scale: number } => {
  const scale = Math.min(SCALE, SIDE_MAX_PX / Math.max(width, height, 1));
  return { width: width * scale, height: height * scale, scale };
};

export async function asPng(sheet: Sheet): Promise<Blob> {
  return exportToBlob({ ...given(sheet), getDimensions: sized, mimeType: "image/png" } as Parameters<typeof exportToBlob>[0]);
}

export async function asSvg(sheet: Sheet): Promise<Blob> {
  const svg = await exportToSvg(given(sheet) as Parameters<typeof exportToSvg>[0]);
  return new Blob([new XMLSerializer().serializeToString(svg)], { type: "image/svg+xml" });
}

export function asDrawing({ elements, files }: Sheet): Blob {
  const [scene, kept] = [elements, files] as unknown as [Parameters<typeof serializeAsJSON>[0], Sheet["files"]];
  const text = serializeAsJSON(scene, {}, kept as unknown as Parameters<typeof serializeAsJSON>[2], "local");
  return new Blob([text], { type: "application/vnd.excalidraw+json" });
}

/** Every page on a page of its own size; those of this screen as they are, the others as the server has them. */
export async function asPdf(
  session: string,
  pages: readonly Page[],
  here: { id: string; elements: readonly Drawn[] } | null,
  progress: (done: number) => void,
): Promise<Blob> {
  const sheets = pages.map((page) => async () => {
    const drawn =
      page.id === here?.id ? here.elements : (await api.get<LoadedBoard>(pagePath(session, page.id))).elements;
    return sheetOf(session, page, drawn);
  });
  return pdfOf(sheets, progress);
}

/** One sheet after the other, each made when it is its turn. */
export async function pdfOf(sheets: readonly (() => Promise<Sheet>)[], progress: (done: number) => void): Promise<Blob> {
  const { jsPDF } = await import("jspdf");
  let document: InstanceType<typeof jsPDF> | undefined;
  for (const [at, make] of sheets.entries()) {
    progress(at);
    const sheet = await make();
    const canvas = await exportToCanvas({ ...given(sheet), getDimensions: sized } as Exported);
    const format = [Math.max(1, canvas.width / SCALE), Math.max(1, canvas.height / SCALE)];
    const [width = 1, height = 1] = format;
    const orientation = width > height ? "landscape" : "portrait";
    if (document === undefined) document = new jsPDF({ unit: "px", format, orientation, compress: true });
    else document.addPage(format, orientation);
    document.addImage(canvas, "JPEG", 0, 0, width, height);
  }
  return (document ?? new jsPDF()).output("blob");
}

export function saveBlob(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob);
  const link = window.document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

export const fileName = (title: string, ending: string): string =>
  `${title.replace(/[^\p{L}\p{N} _-]+/gu, "").trim().slice(0, 60) || "board"}.${ending}`;
