// The results of a set of breakout rooms at an address of their own, to link to and to print. One stays in the session.
import { Frame } from "../../app/Frame";
import { linkTo } from "../../app/router";
import { buttonClass } from "../../design/Button";
import { Icon } from "../../design/Icon";
import { useTexts } from "../../texts";
import { useRoom } from "../room/RoomContext";
import { Results } from "./Results";

export function ResultsPage({ setId }: { setId: string }) {
  const t = useTexts();
  const { view, session } = useRoom();
  return (
    <Frame signedIn>
      <div className="stack">
        <p className="results-back">
          <a className={`${buttonClass({ size: "small" })} no-print`} {...linkTo(`/sessions/${session.sessionId}`)}>
            <Icon name="left" />
            {t.breakouts.toSession}
          </a>
          <span className="soft">{view.lifecycle.title}</span>
        </p>
        <Results setId={setId} page />
      </div>
    </Frame>
  );
}
