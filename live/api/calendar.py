"""Sessions as iCalendar (RFC 5545): one's own as a feed, and each by itself. The UID stays, the sequence grows with the log, and
what is cancelled says so, so that a calendar follows every change.
"""

from collections.abc import Iterable
from datetime import UTC
from typing import TYPE_CHECKING

from live.api.call import Call
from live.api.route import Family, File, SessionPath, Who
from live.problems import not_found
from persistence.models.session import LiveSession
from persistence.pages import LIMIT_MAX
from persistence.sessions import Filter, Sessions
from rooms.ids import SessionId
from rooms.lifecycle import Status

if TYPE_CHECKING:
    from icalendar import Event

family = Family("calendar", "Sessions for a calendar program.")

CONTENT_TYPE = "text/calendar; charset=utf-8"
FEED_SESSIONS_MAX = 1_000
STATUS = {Status.SCHEDULED: "CONFIRMED", Status.CANCELLED: "CANCELLED"}


@family.get("/calendar.ics", Who.SIGNED_IN, etag=True, produces=CONTENT_TYPE, cost=5)
async def read_feed(call: Call) -> File:
    """Every session one hosts, is registered for or attended."""
    held, found = Sessions(call.database), list[LiveSession]()
    cursor: str | None = None
    while len(found) < FEED_SESSIONS_MAX:
        page = await held.list(call.user, Filter(mine=True, latest_first=True), LIMIT_MAX, cursor)
        found += page.items
        if (cursor := page.next_cursor) is None:
            break
    return File(await _calendar(call, found), CONTENT_TYPE, "calendar.ics")


@family.get("/live-sessions/{session_id}/calendar.ics", Who.MEMBER, etag=True, produces=CONTENT_TYPE)
async def read_entry(call: Call, session_id: SessionPath) -> File:
    """One session."""
    session = await call.session(session_id)
    if session is None:
        raise not_found()
    return File(await _calendar(call, [session]), CONTENT_TYPE, "session.ics")


async def _calendar(call: Call, sessions: Iterable[LiveSession]) -> bytes:
    from icalendar import Calendar  # takes long to import, and everybody waits for a server that starts

    shown = list(sessions)
    heads = await call.log.heads([SessionId(each.id) for each in shown])
    names = await call.directory.names({each.instructor_id for each in shown})
    calendar = Calendar()
    calendar.add("prodid", "-//Atelier//Live sessions//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    for session in shown:
        seq = heads[SessionId(session.id)].last_seq
        calendar.add_component(entry(session, seq, names.get(session.instructor_id, ""), call.settings.url))
    return bytes(calendar.to_ical())


def entry(session: LiveSession, seq: int, host: str, url: str) -> "Event":
    """`seq`: the head of the session's log."""
    from icalendar import Event, vCalAddress, vText

    made = Event()
    made.add("uid", f"{session.id}@atelier")
    made.add("sequence", seq)
    made.add("dtstamp", session.updated_at.astimezone(UTC))
    made.add("dtstart", session.scheduled_start.astimezone(UTC))
    made.add("dtend", session.scheduled_end.astimezone(UTC))
    made.add("summary", session.title)
    if session.description:
        made.add("description", session.description)
    made.add("status", STATUS.get(session.status, "CONFIRMED"))
    made.add("url", f"{url}/sessions/{session.id}")
    organizer = vCalAddress(f"urn:uuid:{session.instructor_id}")
    organizer.params["CN"] = vText(host)
    made["organizer"] = organizer
    return made
