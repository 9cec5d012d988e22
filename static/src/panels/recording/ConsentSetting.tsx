// What one answered about one's own voice in the recording, and how to change it: at any time, also after the session. Taking
// back what was recorded already is asked about once, because it cannot come back.
import { useState } from "react";
import { Button } from "../../design/Button";
import { Confirm } from "../../design/Overlay";
import { useRecordingTexts } from "../../texts/recording";
import { useRoom } from "../room/RoomContext";
import { consentOf, currentRun } from "./reading";

export function ConsentSetting() {
  const t = useRecordingTexts();
  const { view, me, may, role, feature, submit } = useRoom();
  const [asks, setAsks] = useState(false);
  const { given: consent, runs = [] } = consentOf(view, me) ?? {};
  const over = view.lifecycle.status === "ended";
  const speaks = role !== undefined && role !== "observer" ? true : may("can_speak");
  if (over ? consent !== true : feature("recording") === undefined || !speaks) return null;
  const answer = (given: boolean) => void submit({ type: "recording.consent", given });
  const said =
    consent === undefined
      ? t.unanswered
      : !consent
        ? t.refused
        : over || currentRun(view) !== undefined
          ? t.given
          : t.givenIdle;
  return (
    <section className="consent-setting" aria-label={t.consent}>
      <p className="grow">{said}</p>
      {consent !== true && (
        <Button size="small" look="edged" onPress={() => answer(true)}>
          {t.give}
        </Button>
      )}
      {consent === undefined && (
        <Button size="small" onPress={() => answer(false)}>
          {t.refuse}
        </Button>
      )}
      {consent === true && (
        <Button size="small" look="edged" onPress={() => (runs.length > 0 ? setAsks(true) : answer(false))}>
          {runs.length > 0 ? t.withdraw : t.refuse}
        </Button>
      )}
      <Confirm
        open={asks}
        title={t.withdrawTitle}
        text={t.withdrawText}
        act={t.withdraw}
        danger
        onClose={() => setAsks(false)}
        onConfirm={() => answer(false)}
      />
    </section>
  );
}
