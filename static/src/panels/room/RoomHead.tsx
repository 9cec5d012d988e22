// The top of the room: title, whether it is live and for how long, the one step of its life that comes next, and the menu
// of everything that steers it, for those who may.
import { Preferences } from "../../app/Frame";
import { linkTo } from "../../app/router";
import { Button, buttonClass, IconButton } from "../../design/Button";
import { Icon } from "../../design/Icon";
import { MenuButton } from "../../design/Menu";
import { hostOf, isStaffRole } from "../../session/standing";
import { useFormats, useTexts } from "../../texts";
import { useSessionMenu } from "../lifecycle/sessionMenu";
import { RecordingMark } from "../recording/RecordingMark";
import { SpeakingNow } from "../sound/SpeakingNow";
import { useClock, useRoom } from "./RoomContext";
import { usePlace } from "./place";

export function RoomHead() {
  const t = useTexts();
  const { view } = useRoom();
  const { phone, wide } = usePlace();
  const menu = useSessionMenu();
  return (
    <header className="room-head">
      <h1 className="room-title clip">{view.lifecycle.title}</h1>
      <Status />
      <RecordingMark />
      <span className="grow">{!wide && !phone && <SpeakingNow />}</span>
      <NextStep />
      {menu.length > 0 && (
        <MenuButton label={t.room.menu} groups={menu}>
          {phone ? (
            <IconButton icon="more" label={t.room.menu} />
          ) : (
            <Button look="edged">
              {t.room.menu}
              <Icon name="down" />
            </Button>
          )}
        </MenuButton>
      )}
      <Preferences signedIn={false} />
      <a className={buttonClass({}, phone)} {...linkTo("/")} {...(phone ? { "aria-label": t.room.leave } : {})}>
        <Icon name="exit" />
        {!phone && t.room.leave}
      </a>
    </header>
  );
}

const SECOND_MS = 1_000;
const WARN_BEFORE_MS = 10 * 60_000;

function Status() {
  const t = useTexts();
  const formats = useFormats();
  const { view } = useRoom();
  const now = useClock(SECOND_MS);
  const { status, actualStart, scheduledEnd } = view.lifecycle;
  const left = scheduledEnd === undefined ? undefined : Date.parse(scheduledEnd) - now;
  const running = status === "active" || status === "paused";
  return (
    <span className="room-status">
      <span className={`live-mark ${status === "active" ? "" : "live-mark-still"}`}>{t.status[status]}</span>
      {running && actualStart !== undefined && (
        <span className="soft numbers only-wide">{formats.clock(now - Date.parse(actualStart))}</span>
      )}
      {running && left !== undefined && left < WARN_BEFORE_MS && (
        <span className="soft numbers only-wide">
          {left > 0 ? t.room.endsIn(formats.clock(left)) : t.room.overtime(formats.clock(-left))}
        </span>
      )}
    </span>
  );
}

/** Resume, or take over from a host who is gone, for whoever may do it. What comes before the start is on the stage. */
function NextStep() {
  const t = useTexts();
  const { view, role, submit, me } = useRoom();
  const { status } = view.lifecycle;
  if (isStaffRole(role) && status === "paused")
    return (
      <Button look="primary" icon="play" onPress={() => void submit({ type: "session.resume" })}>
        {t.room.resume}
      </Button>
    );
  const theHost = hostOf(view);
  if (view.people?.persons[me]?.role === "assistant" && theHost !== undefined && !theHost.present)
    return <TakeOver since={theHost.leftAt ?? view.lifecycle.scheduledStart} />;
  return null;
}

const TAKE_OVER_AFTER_MS = 5 * 60_000;
const CLOCK_MS = 5_000;

function TakeOver({ since }: { since: string | undefined }) {
  const t = useTexts();
  const { submit } = useRoom();
  const now = useClock(CLOCK_MS);
  if (since === undefined || now < Date.parse(since) + TAKE_OVER_AFTER_MS) return null;
  return (
    <Button look="edged" onPress={() => void submit({ type: "role.takeOver" })}>
      {t.room.takeOver}
    </Button>
  );
}
