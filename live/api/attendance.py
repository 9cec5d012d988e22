"""Who was there and when, for a spreadsheet: presence from the log, and those who meant to come but did not.

Cells are for reading: what a spreadsheet would take for a formula is made text (attack 53).
"""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from live.api.call import Call
from live.api.route import Family, File, SessionPath, Who
from persistence.event_log import EventLog
from persistence.models.registration import Registration, RegistrationStatus
from persistence.registrations import Registrations
from rooms.admission import ParticipantAdmitted, ParticipantBanned, ParticipantRemoved
from rooms.feature import Recorded, Wire
from rooms.ids import SessionId, UserId
from rooms.lifecycle import SessionCancelled, SessionEnded
from rooms.participants import ParticipantJoined, ParticipantLeft
from rooms.room import RoomState

family = Family("attendance", "Who was there.")

CONTENT_TYPE = "text/csv; charset=utf-8"
COLUMNS = ("userId", "name", "role", "registration", "firstJoined", "lastLeft", "minutes", "intervals")
FORMULA = frozenset("=+-@\t\r\n|%＝＋－＠")
BOM = "\ufeff"
WITHDRAWN = frozenset({RegistrationStatus.CANCELLED, RegistrationStatus.DECLINED})


@dataclass
class Presence:
    """`intervals`: from, to; the last one is open (None) while they are there."""

    intervals: list[tuple[datetime, datetime | None]] = field(default_factory=list)

    @property
    def open(self) -> bool:
        return bool(self.intervals) and self.intervals[-1][1] is None

    def come(self, at: datetime) -> None:
        if not self.open:
            self.intervals.append((at, None))

    def go(self, at: datetime) -> None:
        if self.open:
            since = self.intervals[-1][0]
            self.intervals[-1] = (since, max(since, at))

    def lasted(self, now: datetime) -> timedelta:
        return sum(((until or now) - since for since, until in self.intervals), timedelta())


class CsvQuery(Wire):
    """`bom`: with a byte order mark, for programs that take UTF-8 for something else without one."""

    bom: bool = False


@family.get("/live-sessions/{session_id}/attendance.csv", Who.STAFF, produces=CONTENT_TYPE)
async def read_attendance(call: Call, session_id: SessionPath, query: CsvQuery) -> File:
    """Everybody who came, with their times, and everybody registered who did not."""
    room = await call.room(session_id)
    present = await follow_presence(call.log, session_id, room.seq)
    registered = {each.user_id: each for each in await Registrations(call.database).list(session_id, call.user)}
    names = await call.directory.names({*present, *registered})
    rows = _rows(room, present, registered, names, datetime.now(UTC))
    return File(as_csv(COLUMNS, rows, bom=query.bom), CONTENT_TYPE, f"attendance-{session_id}.csv")


async def follow_presence(log: EventLog, session: SessionId, upto: int) -> dict[UserId, Presence]:
    found: dict[UserId, Presence] = {}
    seq = 0
    while seq < upto and (rows := await log.read(session, seq)):
        for recorded in rows:
            note_presence(found, recorded)
        seq = rows[-1].seq
    return found


def note_presence(found: dict[UserId, Presence], recorded: Recorded) -> None:
    match recorded.event:
        case ParticipantJoined(user_id=user) | ParticipantAdmitted(user_id=user):
            found.setdefault(user, Presence()).come(recorded.at)
        case ParticipantLeft(user_id=user, waiting=False, last_seen=last_seen) if user in found:
            found[user].go(last_seen)
        case ParticipantRemoved(user_id=user) | ParticipantBanned(user_id=user) if user in found:
            found[user].go(recorded.at)
        case SessionEnded() | SessionCancelled():
            for presence in found.values():
                presence.go(recorded.at)
        case _:
            pass


def _rows(
    room: RoomState,
    present: Mapping[UserId, Presence],
    registered: Mapping[UserId, Registration],
    names: Mapping[UserId, str],
    now: datetime,
) -> Iterable[tuple[str, ...]]:
    """Those who came by their first moment, then those who did not, by name."""
    for user, presence in sorted(present.items(), key=lambda each: each[1].intervals[0][0]):
        person = room.people.get(user) if room.people is not None else None
        held = registered.get(user)
        last = presence.intervals[-1][1]
        yield (
            user,
            names.get(user, ""),
            person.role if person is not None else "",
            held.status if held is not None else "",
            _time(presence.intervals[0][0]),
            _time(last) if last is not None else "",
            str(round(presence.lasted(now).total_seconds() / 60)),
            "; ".join(f"{_time(since)}/{_time(until) if until else ''}" for since, until in presence.intervals),
        )
    absent = [each for user, each in registered.items() if user not in present and each.status not in WITHDRAWN]
    for each in sorted(absent, key=lambda each: names.get(each.user_id, "")):
        yield (each.user_id, names.get(each.user_id, ""), each.role, each.status, "", "", "0", "")


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def as_csv(columns: Iterable[str], rows: Iterable[Iterable[str]], *, bom: bool = False) -> bytes:
    """RFC 4180."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(columns)
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return ((BOM if bom else "") + written.getvalue()).encode()


def safe_cell(text: str) -> str:
    """With an apostrophe before what a spreadsheet would calculate, also behind white space."""
    return f"'{text}" if text.lstrip(" \u00a0")[:1] in FORMULA and text else text
