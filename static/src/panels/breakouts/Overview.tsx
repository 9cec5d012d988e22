// The rooms as everybody may know them: their names, who is in them, the time of one's own, and the way there where one may
// choose. On the stage, or looked at by oneself.
import { Button } from "../../design/Button";
import { Disc, Empty } from "../../design/Bits";
import type { BreakoutRoom, BreakoutSet } from "../../session/protocol";
import { useTexts } from "../../texts";
import { useRoom } from "../room/RoomContext";
import { openRooms, peopleIn, seatsLeft, waysOf } from "./reading";
import { useCountdown } from "./useCountdown";
import { useSteps } from "./useSteps";
import { leftOn } from "./words";
import "./overview.css";

export function Overview({ set }: { set: BreakoutSet }) {
  const t = useTexts();
  const { view, me, staff, nameOf } = useRoom();
  const ways = waysOf(view, me, staff);
  const main = peopleIn(view, undefined);
  return (
    <article className="overview">
      <h2 className="stage-title words">{set.name}</h2>
      {ways.rooms.length > 0 && !staff && <p className="soft">{t.breakouts.chooseText}</p>}
      <ul role="list" className="overview-rooms">
        {openRooms(set).map((room) => (
          <RoomOverview key={room.id} room={room} open={ways.rooms.includes(room)} />
        ))}
        <li className="overview-room">
          <h3>{t.breakouts.main}</h3>
          <Names names={main.map((each) => nameOf(each.user))} />
        </li>
      </ul>
    </article>
  );
}

function RoomOverview({ room, open }: { room: BreakoutRoom; open: boolean }) {
  const t = useTexts();
  const { view, here, nameOf } = useRoom();
  const { go } = useSteps();
  const left = useCountdown(room.closesAt);
  const people = peopleIn(view, room.id);
  const seats = seatsLeft(room);
  return (
    <li className={`overview-room ${here === room.id ? "overview-room-own" : ""}`}>
      <h3 className="words">{room.name}</h3>
      {(left !== undefined || here === room.id || seats !== Infinity) && (
        <p className="soft small numbers">
          {[
            here === room.id && t.breakouts.youAreHere,
            left !== undefined && t.breakouts.left(leftOn(left)),
            seats !== Infinity && t.breakouts.seats(seats),
          ]
            .filter(Boolean)
            .join(" · ")}
        </p>
      )}
      <Names names={people.map((each) => nameOf(each.user))} />
      {open && (
        <Button look="edged" wide onPress={() => go(room.id)}>
          {t.breakouts.join(room.name)}
        </Button>
      )}
    </li>
  );
}

function Names({ names }: { names: string[] }) {
  const t = useTexts();
  if (names.length === 0) return <p className="soft small">{t.breakouts.nobody}</p>;
  return (
    <ul role="list" className="overview-names">
      {[...names]
        .sort((one, other) => one.localeCompare(other))
        .map((name, index) => (
          <li key={`${name}.${index}`} className="overview-name">
            <Disc name={name} />
            <span className="clip">{name}</span>
          </li>
        ))}
    </ul>
  );
}

export function NoRooms() {
  const t = useTexts();
  return (
    <Empty icon="people" title={t.breakouts.none}>
      {t.breakouts.noneText}
    </Empty>
  );
}
