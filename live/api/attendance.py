"""Who was there and when, for a spreadsheet: presence from the log, and those who meant to come but did not.

Cells are for reading: what a spreadsheet would take for a formula is made text (attack 53).
"""

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from live.api.call import Call
from live.api.route import Audited, Family, File, SessionPath, Who
from persistence.attendance import gathered
from persistence.models.registration import Registration, RegistrationStatus
from persistence.registrations import Registrations
from rooms.evidence import Evidence, Guest, Stay
from rooms.feature import Wire
from rooms.ids import SessionId, UserId

family = Family("attendance", "Who was there.")

CONTENT_TYPE = "text/csv; charset=utf-8"
COLUMNS = ("userId", "name", "role", "registration", "firstJoined", "lastLeft", "minutes", "intervals")
FORMULA = frozenset("=+-@\t\r\n|%＝＋－＠")
BOM = "\ufeff"
WITHDRAWN = frozenset({RegistrationStatus.CANCELLED, RegistrationStatus.DECLINED})


class CsvQuery(Wire):
    """`bom`: with a byte order mark, for programs that take UTF-8 for something else without one."""

    bom: bool = False


@family.get(
    "/live-sessions/{session_id}/attendance.csv",
    Who.STAFF,
    produces=CONTENT_TYPE,
    cost=5,
    audited=Audited("live.session_participants"),
)
async def read_attendance(call: Call, session_id: SessionPath, query: CsvQuery) -> File:
    """Everybody who came, with their times, and everybody registered who did not."""
    return File(await attendance_of(call, session_id, bom=query.bom), CONTENT_TYPE, f"attendance-{session_id}.csv")


async def attendance_of(call: Call, session: SessionId, *, bom: bool = False) -> bytes:
    room = await call.room(session)
    evidence = await gathered(call.log, session, room.seq)
    registered = {each.user_id: each for each in await Registrations(call.database).list(session, call.user)}
    names = await call.directory.names({*map(UserId, evidence.guests), *registered})
    rows = _rows(evidence, registered, names, evidence.ended_at or datetime.now(UTC))
    return as_csv(COLUMNS, rows, bom=bom)


def _rows(
    evidence: Evidence, registered: Mapping[UserId, Registration], names: Mapping[UserId, str], now: datetime
) -> Iterable[tuple[str, ...]]:
    """Those who came by their first moment, then those who did not, by name. `now`: until when open stays last."""
    came = {UserId(user): guest for user, guest in evidence.guests.items() if guest.stays}
    for user, guest in sorted(came.items(), key=lambda each: each[1].stays[0].since):
        held = registered.get(user)
        ends = [stay.until or evidence.ended_at for stay in guest.stays]
        lasted = sum((until - stay.since for stay, until in _closed(guest, now)), timedelta())
        yield (
            user,
            names.get(user, ""),
            guest.role,
            held.status if held is not None else "",
            _time(guest.stays[0].since),
            _time(ends[-1]),
            str(round(lasted / timedelta(minutes=1))),
            "; ".join(f"{_time(stay.since)}/{_time(end)}" for stay, end in zip(guest.stays, ends, strict=True)),
        )
    absent = [each for user, each in registered.items() if user not in came and each.status not in WITHDRAWN]
    for each in sorted(absent, key=lambda each: names.get(each.user_id, "")):
        yield (each.user_id, names.get(each.user_id, ""), each.role, each.status, "", "", "0", "")


def _closed(guest: Guest, now: datetime) -> Iterable[tuple[Stay, datetime]]:
    return ((stay, max(stay.since, stay.until or now)) for stay in guest.stays)


def _time(at: datetime | None) -> str:
    """Empty while it goes on."""
    return "" if at is None else at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


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
