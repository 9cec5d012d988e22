// What is on the page for those who do not see it: every text, and how much is drawn, by whom.
import { Overlay } from "../../design/Overlay";
import type { Elements } from "../../session/fold/boards";
import type { Page } from "../../session/protocol";
import { useBoardTexts } from "../../texts/board";
import { useRoom } from "../room/RoomContext";
import { sharesOf } from "./reading";

export function InWords({ page, elements, onClose }: { page: Page; elements: Elements; onClose(): void }) {
  const b = useBoardTexts();
  const { nameOf } = useRoom();
  const shares = sharesOf(elements);
  return (
    <Overlay open onClose={onClose} title={b.words}>
      <div className="stack">
        {page.background !== undefined && <p className="soft">{b.slide}</p>}
        {shares.length === 0 && <p>{b.wordsEmpty}</p>}
        {shares.map(({ user, texts, shapes }) => (
          <section key={user ?? ""} className="stack-tight">
            <h3>{user === undefined ? b.bySomebody : b.by(nameOf(user))}</h3>
            {texts.length > 0 && (
              <ul className="board-words">
                {texts.map((text, at) => (
                  <li key={at} className="words">
                    {text}
                  </li>
                ))}
              </ul>
            )}
            {shapes > 0 && <p className="soft">{b.shapes(shapes)}</p>}
          </section>
        ))}
      </div>
    </Overlay>
  );
}
