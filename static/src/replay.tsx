// Starts the replay of an archive: the page is one file, the session is inside it, nobody is asked for anything.
import { type ReactNode, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Mark, Preferences } from "./app/Frame";
import { applyScheme, chosenScheme } from "./app/scheme";
import { Empty } from "./design/Bits";
import { takeImagesFrom } from "./panels/board/images";
import { Opened } from "./panels/replay/Opened";
import { type Archive, archiveIn, ArchiveSource } from "./replay/archive";
import { firstLanguage, loadTexts, Speaking } from "./texts";
import { useReplayTexts } from "./texts/replay";
import "./design/tokens.css";
import "./design/base.css";
import "./app/frame.css";

function Offline({ archive }: { archive: Archive | null }) {
  const r = useReplayTexts();
  if (archive === null)
    return framed(
      <Empty icon="clock" title={r.emptyFile}>
        {r.emptyFileText}
      </Empty>,
    );
  return <Opened source={sourceOf(archive)} before={<Mark />} after={<Preferences signedIn={false} />} frame={framed} />;
}

const framed = (children: ReactNode): ReactNode => <main className="page">{children}</main>;

const sources = new WeakMap<Archive, ArchiveSource>();

function sourceOf(archive: Archive): ArchiveSource {
  const source = sources.get(archive) ?? new ArchiveSource(archive);
  sources.set(archive, source);
  takeImagesFrom((imageId) => source.picture(imageId));
  return source;
}

async function start(): Promise<void> {
  applyScheme(chosenScheme());
  const language = firstLanguage();
  const texts = await loadTexts(language);
  const root = document.getElementById("root");
  const held = document.getElementById("archive");
  if (root === null || held === null) throw new Error("replay.html lacks its places");
  const archive = archiveIn(held.textContent ?? "null");
  createRoot(root).render(
    <StrictMode>
      <Speaking first={language} firstTexts={texts}>
        <Offline archive={archive} />
      </Speaking>
    </StrictMode>,
  );
}

void start();
