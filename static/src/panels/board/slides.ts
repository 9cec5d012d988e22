// A PDF becomes pages of the board: each of its pages is drawn here, in the presenter's browser, stored as a picture and
// added as the background of a page. The document itself stays where it is.
import * as pdf from "pdfjs-dist";
import workerAddress from "pdfjs-dist/build/pdf.worker.min.mjs?url";
import type { Session } from "../../session/session";
import { added, PageFailed } from "./adding";
import { blobOf, storeImage } from "./images";

declare const __PDF_FILES__: string;

const WIDTH_PX = 1_920;
const SIDE_MAX_PX = 4_096;

export interface SlidesProgress {
  done: number;
  of: number;
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(address: string): string }): {
    createScriptURL(address: string): string;
  };
}

/** The page's policy takes script addresses only from here: the one of the worker that came with the build. */
function startWorker(): Worker {
  const trusted = (window as { trustedTypes?: TrustedTypes }).trustedTypes;
  const own = (address: string): string => {
    if (address !== workerAddress) throw new TypeError("this is not the worker");
    return address;
  };
  const address = trusted?.createPolicy("atelier-slides", { createScriptURL: own }).createScriptURL(workerAddress);
  return new Worker((address ?? workerAddress) as string, { type: "module" });
}

let worker: pdf.PDFWorker | undefined;

/** After the page `after`, one by one; those that were added stay when it is stopped. Returns the first page's id. */
export async function addSlides(given: {
  session: Session;
  file: File;
  after: string;
  name(page: number): string;
  progress(now: SlidesProgress): void;
  signal: AbortSignal;
}): Promise<string | undefined> {
  const { session, file, name, progress, signal } = given;
  worker ??= pdf.PDFWorker.create({ port: startWorker() });
  const reading = pdf.getDocument({
    data: new Uint8Array(await file.arrayBuffer()),
    worker,
    cMapUrl: `${__PDF_FILES__}cmaps/`,
    standardFontDataUrl: `${__PDF_FILES__}standard_fonts/`,
    wasmUrl: `${__PDF_FILES__}wasm/`,
    useWasm: false,
    enableXfa: false,
  });
  try {
    const document = await reading.promise.catch((error: unknown) => {
      throw new PageFailed((error as Error).name === "PasswordException" ? "password" : "unreadable");
    });
    let after = given.after;
    let first: string | undefined;
    for (let at = 1; at <= document.numPages; at += 1) {
      progress({ done: at - 1, of: document.numPages });
      signal.throwIfAborted();
      const picture = await drawn(await document.getPage(at));
      signal.throwIfAborted();
      const { imageId } = await storeImage(session.sessionId, given.after, picture, signal);
      after = await added(session, { imageId, after, name: name(at) });
      first ??= after;
    }
    return first;
  } finally {
    await reading.destroy();
  }
}

async function drawn(page: pdf.PDFPageProxy): Promise<Blob> {
  const plain = page.getViewport({ scale: 1 });
  const scale = Math.min(WIDTH_PX / plain.width, SIDE_MAX_PX / plain.height);
  const viewport = page.getViewport({ scale });
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.floor(viewport.width));
  canvas.height = Math.max(1, Math.floor(viewport.height));
  await page.render({ canvas, viewport, background: "#ffffff" }).promise;
  page.cleanup();
  return blobOf(canvas, "image/webp");
}
