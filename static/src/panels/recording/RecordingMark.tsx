// In the head of the room, for everybody, as long as the session is recorded: a mark with a word. For staff it is also the
// way to pause, mark and stop.
import { Button } from "../../design/Button";
import { Icon } from "../../design/Icon";
import { MenuButton } from "../../design/Menu";
import { useRecordingTexts } from "../../texts/recording";
import { useKeys } from "../room/keys";
import { usePlace } from "../room/place";
import { useRoom } from "../room/RoomContext";
import { currentRun } from "./reading";
import { useRecordingActs } from "./recordingActs";
import "./recording.css";

export function RecordingMark() {
  const t = useRecordingTexts();
  const { view } = useRoom();
  const { phone, openDialog } = usePlace();
  const acts = useRecordingActs();
  const run = currentRun(view);
  useKeys(run === undefined || acts.length === 0 ? {} : { k: () => openDialog("mark") });
  if (run === undefined) return null;
  const paused = run.status === "paused";
  const said = (
    <>
      <Icon name={paused ? "pause" : "record"} />
      {phone ? t.short : paused ? t.paused : t.on}
      {phone && <span className="unseen">{paused ? t.paused : t.on}</span>}
    </>
  );
  const place = `recording-mark ${paused ? "recording-mark-paused" : ""}`;
  if (acts.length === 0) return <span className={place}>{said}</span>;
  return (
    <MenuButton label={t.title} groups={[{ acts }]}>
      <Button size="small" place={place}>
        {said}
        {!phone && <Icon name="down" />}
      </Button>
    </MenuButton>
  );
}
