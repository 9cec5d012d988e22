// Before the door: what is waited for, who else waits, and an optional check of one's sound meanwhile.
import { Frame } from "../../app/Frame";
import { linkTo } from "../../app/router";
import { buttonClass } from "../../design/Button";
import { useFormats, useTexts } from "../../texts";
import { ConnectionBar } from "../room/ConnectionBar";
import { useClock, useRoom } from "../room/RoomContext";
import { SelfCheck } from "./SelfCheck";
import "./lobby.css";

export function Lobby() {
  const t = useTexts();
  const { view, me, nameOf } = useRoom();
  const formats = useFormats();
  const { title, description, scheduledStart } = view.lifecycle;
  const others = (view.lobby?.waiting ?? []).filter((each) => each.user !== me);
  return (
    <Frame narrow>
      <ConnectionBar />
      <div className="lobby stack">
        {scheduledStart !== undefined && (
          <p className="soft">
            {formats.day(scheduledStart)}, {formats.time(scheduledStart)}
          </p>
        )}
        <h1 className="words">{title}</h1>
        {description !== undefined && <p className="words">{description}</p>}
        <div className="lobby-wait" role="status">
          <WaitsFor />
          <p className="soft small">{t.lobby.stay}</p>
        </div>
        <p className="soft">
          {t.lobby.others(others.length)}
          {others.length > 0 && `: ${formats.list(others.slice(0, 12).map((each) => nameOf(each.user)))}`}
        </p>
        <SelfCheck />
        <a className={buttonClass({})} {...linkTo("/")}>
          {t.lobby.leave}
        </a>
      </div>
    </Frame>
  );
}

const CLOCK_MS = 10_000;

function WaitsFor() {
  const t = useTexts();
  const formats = useFormats();
  const { view, me, nameOf } = useRoom();
  const now = useClock(CLOCK_MS);
  const { instructorId, scheduledStart, status } = view.lifecycle;
  const line = (view.lobby?.waiting ?? []).filter((each) => each.reason === "seat");
  const mine = view.lobby?.waiting.find((each) => each.user === me);
  const running = status === "active" || status === "paused";
  const early = scheduledStart !== undefined && Date.parse(scheduledStart) > now;
  const text =
    mine?.reason === "seat"
      ? t.lobby.seat(line.findIndex((each) => each.user === me) + 1)
      : !running && early && status !== "starting"
        ? t.lobby.start(formats.time(scheduledStart))
        : mine?.reason === "start"
          ? t.lobby.startNow
          : t.lobby.host(instructorId === undefined ? t.stage.theHost : nameOf(instructorId));
  return <p className="lobby-text">{text}</p>;
}
