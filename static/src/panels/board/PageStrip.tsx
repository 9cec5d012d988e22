// The pages of the room's board in a row: one to look at, and for moderators a way to add more.
import { useEffect, useRef } from "react";
import { IconButton } from "../../design/Button";
import { Icon } from "../../design/Icon";
import { type ActGroup, MenuButton } from "../../design/Menu";
import type { Page } from "../../session/protocol";
import { useBoardTexts } from "../../texts/board";

export interface PageStripProps {
  pages: readonly Page[];
  shown: string;
  adding: readonly ActGroup[];
  onPick(id: string): void;
}

export function PageStrip({ pages, shown, adding, onPick }: PageStripProps) {
  const b = useBoardTexts();
  const current = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    current.current?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [shown]);
  return (
    <nav className="board-pages" aria-label={b.pages}>
      <ul role="list" className="board-page-list">
        {pages.map((page, at) => {
          const here = page.id === shown;
          const name = page.name || b.page(at + 1);
          return (
            <li key={page.id}>
              <button
                type="button"
                ref={here ? current : undefined}
                className={`board-page ${here ? "board-page-here" : ""}`}
                aria-current={here ? "page" : undefined}
                aria-label={b.pageOf(at + 1, pages.length, name)}
                title={name}
                onClick={() => onPick(page.id)}
              >
                {page.locked && <Icon name="lock" />}
                <span className="clip">{name}</span>
              </button>
            </li>
          );
        })}
      </ul>
      {adding.length > 0 && (
        <MenuButton label={b.add} groups={adding}>
          <IconButton icon="plus" size="small" label={b.add} />
        </MenuButton>
      )}
    </nav>
  );
}
