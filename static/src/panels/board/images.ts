// Pictures on the board: sent to the server's store, fetched from it with the token, kept as long as the page lives. Other
// kinds than the store takes are drawn anew as PNG first; a picture that is too large is made smaller.
import { api } from "../../app/client";
import { Problem } from "../../session/api";

export interface StoredImage {
  imageId: string;
  width: number;
  height: number;
}

const TAKEN = new Set(["image/png", "image/jpeg", "image/webp"]);
const BYTES_MAX = 10_000_000;
const PIXELS_MAX = 40_000_000;
const SIDE_MAX = 2_560;
const QUALITY = 0.9;
const UPLOAD_WITHIN_MS = 120_000;

export async function storeImage(session: string, boardId: string, file: Blob, signal?: AbortSignal): Promise<StoredImage> {
  const body = await storable(file);
  const path = `/live-sessions/${session}/images?boardId=${boardId}`;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await api.upload<StoredImage>(path, body, {
        withinMs: UPLOAD_WITHIN_MS,
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (error) {
      if (!(error instanceof Problem) || !PATIENCE.has(error.code) || attempt === ATTEMPTS_MAX) throw error;
      await pause((error.retryAfter ?? 1) * 1_000);
      signal?.throwIfAborted();
    }
  }
}

/** What only asks for patience: a long document is many pictures. */
const PATIENCE = new Set(["rate_limited", "overloaded", "unavailable"]);
const ATTEMPTS_MAX = 30;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function storable(file: Blob): Promise<Blob> {
  if (TAKEN.has(file.type) && file.size <= BYTES_MAX && !(await isHuge(file))) return file;
  const picture = await pictureOf(file);
  const scale = Math.min(1, SIDE_MAX / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return blobOf(canvas, file.type === "image/jpeg" ? "image/jpeg" : "image/png");
}

async function isHuge(file: Blob): Promise<boolean> {
  const { width, height } = await pictureOf(file);
  return width * height > PIXELS_MAX;
}

async function pictureOf(file: Blob): Promise<HTMLImageElement> {
  const address = URL.createObjectURL(file);
  try {
    const picture = new Image();
    picture.src = address;
    await picture.decode();
    return picture;
  } finally {
    URL.revokeObjectURL(address);
  }
}

export function blobOf(canvas: HTMLCanvasElement, type: string): Promise<Blob> {
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob === null ? reject(new Error("no picture came of it")) : resolve(blob)), type, QUALITY),
  );
}

const fetched = new Map<string, Promise<Blob>>();
let inside: ((imageId: string) => Blob) | null = null;

/** From now on pictures are at hand: nobody is asked for them. */
export function takeImagesFrom(source: (imageId: string) => Blob): void {
  inside = source;
}

/** A picture never changes: it is fetched once. */
export function fetchImage(session: string, imageId: string): Promise<Blob> {
  const path = `/live-sessions/${session}/images/${imageId}`;
  const known = fetched.get(path);
  if (known !== undefined) return known;
  const asked = inside === null ? api.file(path) : held(inside, imageId);
  fetched.set(path, asked);
  asked.catch(() => fetched.delete(path));
  return asked;
}

const held = async (source: (imageId: string) => Blob, imageId: string): Promise<Blob> => source(imageId);

export function dataUrlOf(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error ?? new Error("the picture cannot be read"));
    reader.readAsDataURL(blob);
  });
}
