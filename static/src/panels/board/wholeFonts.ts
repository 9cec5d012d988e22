// Stands in the build for the part of Excalidraw that cuts fonts down to the letters used, for drawings saved as SVG: it
// would make code from text, which the page's policy never allows. Fonts go into the file whole instead.

const CHUNK_BYTES = 8_192;

export const Commands = { Subset: "SUBSET" };
export const WorkerUrl = undefined;

export async function toBase64(bytes: ArrayBuffer): Promise<string> {
  const all = new Uint8Array(bytes);
  let text = "";
  for (let at = 0; at < all.length; at += CHUNK_BYTES)
    text += String.fromCharCode(...all.subarray(at, at + CHUNK_BYTES));
  return `data:font/woff2;base64,${btoa(text)}`;
}

export const subsetToBase64 = (bytes: ArrayBuffer): Promise<string> => toBase64(bytes);
