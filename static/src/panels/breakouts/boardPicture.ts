// Draws a page of the board as SVG, for looking at only. Its own chunk: the drawing program comes with it.
import "../board/assets";
import { exportToSvg } from "@excalidraw/excalidraw";
import { api } from "../../app/client";
import { dataUrlOf, fetchImage } from "../board/images";
import { pagePath } from "../board/loading";

type Drawing = Parameters<typeof exportToSvg>[0];

interface Drawn {
  type: string;
  fileId?: string | null;
}

interface Page {
  elements: Drawn[];
}

export async function pictureOf(session: string, boardId: string): Promise<SVGSVGElement> {
  const { elements } = await api.get<Page>(pagePath(session, boardId));
  const picture = await exportToSvg({
    elements: elements as unknown as Drawing["elements"],
    appState: { exportBackground: true, viewBackgroundColor: "#ffffff" },
    files: await filesOf(session, elements),
    skipInliningFonts: true,
  });
  picture.setAttribute("aria-hidden", "true");
  return picture;
}

async function filesOf(session: string, elements: readonly Drawn[]): Promise<NonNullable<Drawing["files"]>> {
  const ids = elements.flatMap((each) => (each.type === "image" && each.fileId ? [each.fileId] : []));
  const files = await Promise.all(
    [...new Set(ids)].map(async (id) => {
      const blob = await fetchImage(session, id);
      return { id, mimeType: blob.type, dataURL: await dataUrlOf(blob), created: 0 };
    }),
  );
  return Object.fromEntries(files.map((each) => [each.id, each])) as NonNullable<Drawing["files"]>;
}
