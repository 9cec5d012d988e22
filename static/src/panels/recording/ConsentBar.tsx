// Asks once in a session whether one's voice may be recorded, under the head and not over anything: one can go on without
// answering, and is not recorded then.
import { Button } from "../../design/Button";
import { Icon } from "../../design/Icon";
import { useRecordingTexts } from "../../texts/recording";
import { useRoom } from "../room/RoomContext";
import { consentOf, currentRun } from "./reading";
import "./recording.css";

export function ConsentBar() {
  const t = useRecordingTexts();
  const { view, me, may, submit } = useRoom();
  if (currentRun(view) === undefined || consentOf(view, me) !== undefined || !may("can_speak")) return null;
  const answer = (given: boolean) => void submit({ type: "recording.consent", given });
  return (
    <section className="consent" aria-label={t.consent}>
      <Icon name="record" />
      <div className="consent-words">
        <p className="consent-ask">{t.ask}</p>
        <details>
          <summary>{t.more}</summary>
          <p className="small">{t.asked}</p>
        </details>
      </div>
      <span className="consent-acts">
        <Button size="small" look="primary" onPress={() => answer(true)}>
          {t.give}
        </Button>
        <Button size="small" look="edged" onPress={() => answer(false)}>
          {t.refuse}
        </Button>
      </span>
    </section>
  );
}
