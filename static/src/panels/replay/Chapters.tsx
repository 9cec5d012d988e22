// Ways into the session: a search in everything that was said, written and asked, and the chapters while nothing is
// searched for.
import { type ReactNode, useDeferredValue } from "react";
import { Empty } from "../../design/Bits";
import { Icon, type IconName } from "../../design/Icon";
import { type Chapter, chapterAt, type ChapterKind } from "../../replay/chapters";
import { type Findable, type HitKind, piecesOf } from "../../replay/search";
import { useFormats } from "../../texts";
import { type ReplayTexts, useReplayTexts } from "../../texts/replay";
import { useAt, useReplay } from "./ReplayContext";
import { useRoving } from "./useRoving";

export const CHAPTER_ICON: Record<ChapterKind, IconName> = { poll: "poll", question: "question", rooms: "rooms", mark: "star" };
const HIT_ICON: Record<HitKind, IconName> = { said: "mic", chat: "chat", question: "question", poll: "poll" };

/** Polls of one click have no words of their own but their template's. */
export const titleOf = ({ kind, title }: Chapter, r: ReplayTexts): string => title || r.kinds[kind];

export interface FindingProps {
  query: string;
  onQuery(query: string): void;
}

export function Chapters({ query, onQuery }: FindingProps) {
  const r = useReplayTexts();
  const searching = query.trim() !== "";
  return (
    <div className="finding">
      <input
        className="input"
        type="search"
        value={query}
        aria-label={r.findIn}
        placeholder={r.findIn}
        title={r.findHint}
        onChange={(event) => onQuery(event.target.value)}
      />
      <div className="finding-scroll">{searching ? <Hits query={query} /> : <ChapterList />}</div>
    </div>
  );
}

function ChapterList() {
  const r = useReplayTexts();
  const { chapters } = useReplay();
  const active = useAt((at) => chapterAt(chapters, at)?.id);
  if (chapters.length === 0) return <Empty title={r.noChapters}>{r.noChaptersText}</Empty>;
  return (
    <Ways
      label={r.chapters}
      active={active}
      ways={chapters.map((each) => ({
        id: each.id,
        atS: each.atS,
        icon: CHAPTER_ICON[each.kind],
        kind: r.kinds[each.kind],
        body: titleOf(each, r),
      }))}
    />
  );
}

/** What was found, for the list and for the line of the player. */
export function useHits(query: string): readonly Findable[] {
  const { search } = useReplay();
  return search.find(useDeferredValue(query));
}

function Hits({ query }: { query: string }) {
  const r = useReplayTexts();
  const { nameOf } = useReplay();
  const wanted = useDeferredValue(query);
  const hits = useHits(query);
  return (
    <>
      <p className="soft small" role="status">
        {r.hits(hits.length)}
      </p>
      <Ways
        label={r.find}
        active={undefined}
        ways={hits.map(({ id, atS, kind, user, text }) => ({
          id,
          atS,
          icon: HIT_ICON[kind],
          kind: r.kinds[kind],
          body: (
            <>
              {user !== undefined && <strong>{nameOf(user)}: </strong>}
              {piecesOf(text, wanted).map((piece, index) =>
                piece.found ? <mark key={index}>{piece.text}</mark> : <span key={index}>{piece.text}</span>,
              )}
            </>
          ),
        }))}
      />
    </>
  );
}

interface Way {
  id: string;
  atS: number;
  icon: IconName;
  kind: string;
  body: ReactNode;
}

function Ways({ label, ways, active }: { label: string; ways: readonly Way[]; active: string | undefined }) {
  const formats = useFormats();
  const { player } = useReplay();
  const roving = useRoving();
  const held = ways.some((each) => each.id === roving.stop) ? roving.stop : (active ?? ways[0]?.id);
  return (
    <ol role="list" className="ways" aria-label={label} onKeyDown={roving.onKeyDown}>
      {ways.map(({ id, atS, icon, kind, body }) => (
        <li key={id}>
          <button
            type="button"
            className={`way ${id === active ? "way-now" : ""}`}
            data-stop=""
            tabIndex={id === held ? 0 : -1}
            aria-current={id === active ? "true" : undefined}
            onFocus={() => roving.onFocus(id)}
            onClick={() => player.seek(atS)}
          >
            <Icon name={icon} />
            <span className="grow words">
              <span className="soft small numbers way-head">
                {formats.clock(atS * 1_000)} · {kind}
              </span>
              <span className="way-words">{body}</span>
            </span>
          </button>
        </li>
      ))}
    </ol>
  );
}
