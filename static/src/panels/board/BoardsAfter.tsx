// The boards after the end: each page can be watched being drawn, and all of them taken along.
import { useState } from "react";
import { Button } from "../../design/Button";
import { useBoardTexts } from "../../texts/board";
import { useRoom } from "../room/RoomContext";
import { asPdf, fileName, saveBlob } from "./exporting";
import { History } from "./History";
import { pagesOf } from "./reading";
import "./board.css";

export default function BoardsAfter() {
  const b = useBoardTexts();
  const { view, session, here } = useRoom();
  const [watched, setWatched] = useState<string | null>(null);
  const [making, setMaking] = useState<number | null>(null);
  const [failed, setFailed] = useState(false);
  const all = pagesOf(view.boards, here);
  const pages = all.filter((each) => each.live > 0 || each.background !== undefined);
  const nameOf = (id: string): string => {
    const at = all.findIndex((each) => each.id === id);
    return all[at]?.name || b.page(at + 1);
  };
  const page = pages.find((each) => each.id === watched);
  const take = (): void => {
    setFailed(false);
    asPdf(session.sessionId, pages, null, setMaking)
      .then((blob) => saveBlob(blob, fileName(view.lifecycle.title, "pdf")))
      .catch(() => setFailed(true))
      .finally(() => setMaking(null));
  };
  return (
    <section className="summary-part">
      <h2>{b.summary}</h2>
      {pages.length === 0 && <p className="soft">{b.summaryEmpty}</p>}
      <ul role="list" className="stack-tight">
        {pages.map((each) => (
          <li key={each.id} className="row wrap">
            <span className="grow words">
              {nameOf(each.id)} <span className="soft small">{b.elements(each.live)}</span>
            </span>
            <Button size="small" look="edged" icon="play" onPress={() => setWatched(each.id)}>
              {b.watch(nameOf(each.id))}
            </Button>
          </li>
        ))}
      </ul>
      {pages.length > 0 && (
        <div className="row wrap">
          <Button look="edged" icon="download" isPending={making !== null} onPress={take}>
            {b.pdf}
          </Button>
          <span className="soft small" role="status">
            {making !== null && b.making(making + 1, pages.length)}
            {failed && b.exportFailed}
          </span>
        </div>
      )}
      {page !== undefined && <History page={page} name={nameOf(page.id)} onClose={() => setWatched(null)} />}
    </section>
  );
}
