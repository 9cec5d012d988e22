// Parts of libraries that nobody would ever load here: Excalidraw's diagrams from text and jsPDF's pages from HTML, megabytes.
import { fileURLToPath } from "node:url";

const absent = fileURLToPath(new URL("src/panels/board/absent.ts", import.meta.url));

export const absentParts: Readonly<Record<string, string>> = Object.fromEntries(
  ["@excalidraw/mermaid-to-excalidraw", "html2canvas", "canvg", "dompurify"].map((name) => [name, absent]),
);
