"""The log of a session as one reader may have it, and its state at any moment of it. Both stand on the head of the log and are
filtered by the reader's standing at each event (design.md 2.7).
"""

import asyncio
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from live.api.call import Call
from live.api.route import Family, File, Listing, Named, SessionPath, Who
from live.frames import event_item, ids_in
from live.problems import Fault, invalid
from persistence.event_log import READ_EVENTS_MAX
from persistence.pages import LIMIT_MAX
from persistence.snapshots import Snapshots
from rooms.feature import Moment, Recorded, Standing, Wire
from rooms.ids import SessionId, UserId
from rooms.room import STATE, RoomState, apply
from rooms.standings import standing_at
from rooms.upcasters import CURRENT
from rooms.visibility import view, visible

family = Family("history", "What happened in a session, filtered for the reader as it was live.")

SEQ_MAX = 2**63 - 1
SCANNED_EVENTS_MAX = 20_000  # rows looked at for one page once it has something to show


class EventQuery(Wire):
    """`after`: the seq one stands at. `limit` counts events that one may see, so an empty page is the end. `type`: only these, as
    `board.changed`, or all of a kind, as `board.`."""

    after: Annotated[int, Field(ge=0, le=SEQ_MAX)] = 0
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = 50
    cursor: Annotated[str, Field(pattern=r"^\d{1,18}$")] | None = None
    type: Annotated[str, Field(pattern=r"^[a-z]+\.([a-zA-Z]+)?$", max_length=60)] | None = None


class EventPage(Listing[dict[str, Any]]):
    """Items as in `events` frames. The page covers everything after `after` up to `upto`; `nextCursor` goes on there."""

    epoch: str
    after: int
    upto: int


class StateQuery(Wire):
    """A seq or an RFC 3339 time; without it, now."""

    at: Annotated[str, Field(max_length=40)] | None = None


@family.get("/live-sessions/{session_id}/events", Who.MEMBER)
async def list_events(call: Call, session_id: SessionPath, query: EventQuery) -> EventPage:
    """The events one may see, oldest first."""
    after = int(query.cursor) if query.cursor is not None else query.after
    room = await call.room(session_id)
    heads = await call.log.heads([session_id])
    types = None if query.type is None else frozenset(filter(partial(_is_of, query.type), CURRENT))
    if types is not None and not types:
        raise invalid([Fault("is no type of an event", parameter="type")])
    found, upto = await visible_after(call, session_id, room, min(after, room.seq), query.limit, types)
    items = tuple(event_item(each) for each in found)
    return EventPage(
        epoch=heads[session_id].epoch,
        after=min(after, room.seq),
        upto=upto,
        items=items,
        next_cursor=str(upto) if upto < room.seq else None,
        people=await call.people(list(items), of=room),
    )


def _is_of(asked: str, kind: str) -> bool:
    return kind.startswith(asked) if asked.endswith(".") else kind == asked


async def visible_after(
    call: Call, session: SessionId, room: RoomState, after: int, limit: int, types: frozenset[str] | None
) -> tuple[list[Recorded], int]:
    """At most `limit` visible events (of these types) and the seq up to which nothing else is visible."""
    found: list[Recorded] = []
    upto = after
    while upto < room.seq:
        rows = await _read(call, session, room, upto, types)
        if not rows:
            return found, room.seq
        for recorded in rows:
            upto = recorded.seq
            shown = visible(recorded, standing_at_seq(call, room, upto))
            if shown is not None:
                found.append(shown)
                if len(found) == limit:
                    return found, upto
        if found and upto - after >= SCANNED_EVENTS_MAX:
            break
    return found, upto


async def _read(
    call: Call, session: SessionId, room: RoomState, after: int, types: frozenset[str] | None
) -> list[Recorded]:
    """Nothing beyond the state by which it is judged who may see it."""
    if types is None:
        return await call.log.read(session, after, min(READ_EVENTS_MAX, room.seq - after))
    return [each for each in await call.log.read_of_types(session, after, types) if each.seq <= room.seq]


def standing_at_seq(call: Call, room: RoomState, seq: int) -> Standing:
    if call.sender.admin:
        return Standing(call.user, staff=True)
    return standing_at(room, call.user, seq)


@family.get("/live-sessions/{session_id}/state", Who.MEMBER, etag=True, cost=5)
async def read_state(call: Call, session_id: SessionPath, query: StateQuery) -> File:
    """The whole view that one had, or would have had, at that moment: `{seq, view, people}`."""
    room = await call.room(session_id)
    past = room if query.at is None else await replayed_to(call, session_id, room, _moment(query.at))
    standing = standing_at_seq(call, room, past.seq)
    encoded, named_in_it = await asyncio.to_thread(encoded_view, past, standing)
    people = await call.people(named_in_it, of=room)
    named = _PEOPLE.dump_json(people, by_alias=True)
    return File(b'{"seq":%d,"view":%b,"people":%b}' % (past.seq, encoded, named), "application/json")


def encoded_view(room: RoomState, standing: Standing) -> tuple[bytes, list[str]]:
    """The view, and every id in it. Aside, because it holds all that was ever drawn."""
    encoded = STATE.dump_json(view(room, standing), by_alias=True, exclude_none=True)
    return encoded, list({*ids_in(_ANY.validate_json(encoded))})


_ANY: TypeAdapter[Any] = TypeAdapter(Any)
_PEOPLE = TypeAdapter(dict[UserId, Named])
_AT: TypeAdapter[datetime] = TypeAdapter(Moment)


def _moment(at: str) -> int | datetime:
    if at.isascii() and at.isdigit():
        return min(int(at), SEQ_MAX)
    try:
        return _AT.validate_python(at).astimezone(UTC)
    except (ValidationError, OverflowError):
        raise invalid([Fault("must be a seq or an RFC 3339 time", parameter="at")]) from None


async def replayed_to(call: Call, session: SessionId, head: RoomState, moment: int | datetime) -> RoomState:
    """The state after the last event at or before `moment`; times are those of the events, which never run backwards."""
    if (moment >= head.seq) if isinstance(moment, int) else (moment >= head.at):
        return head
    state = RoomState()
    if isinstance(moment, int):
        state = await Snapshots(call.database).load(session, moment) or state
    while state.seq < head.seq and (rows := await call.log.read(session, state.seq)):
        for recorded in rows:
            if (recorded.seq > moment) if isinstance(moment, int) else (recorded.at > moment):
                return state
            state = apply(state, recorded)
    return state
