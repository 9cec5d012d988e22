"""Entering a session, for the first time or again (design.md 4, invariant 8): one way for both. The answer is a snapshot, or
the place where the client stood; no frame of the session reaches the connection before it, and the first one after it begins
there. Knows one connection only as a sink; who may come in at all is asked of persistence, what that means of rooms/.
"""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from live import limits
from live.acks import Ack, refused
from live.delivery import Sink, Viewer, you
from live.host import Host
from live.hosts import Hosts, NoSession
from live.presence import Presence, submit_join
from persistence.database import Unavailable
from persistence.sessions import Sessions
from rooms.feature import Wire
from rooms.ids import UUID_PATTERN, SessionId, UserId
from rooms.lifecycle import OVER
from rooms.people import person_of, role_of, standing_of
from rooms.roles import Role
from rooms.room import RoomState
from rooms.standings import standing_since

TAIL_WAIT_S = 0.02
TAIL_BYTES = 262_144  # of a tail on its way at a time


class JoinSession(Wire):
    """`epoch` and `after`: where the client stands. What makes no sense there leads to a snapshot, never to an error."""

    session_id: Annotated[SessionId, Field(pattern=UUID_PATTERN)]
    epoch: Annotated[str, StringConstraints(max_length=100)] | None = None
    after: Annotated[int, Field(strict=True)] | None = None


class Refusal(Exception):
    def __init__(self, ack: Ack) -> None:
        super().__init__(ack.code)
        self.ack = ack


class Joining:
    """`answer` writes the ack to the connection at once."""

    def __init__(self, hosts: Hosts, sessions: Sessions, presence: Presence) -> None:
        self._hosts = hosts
        self._sessions = sessions
        self._presence = presence

    async def join(
        self, asked: JoinSession, user: UserId, sink: Sink, answer: Callable[[dict[str, Any]], None]
    ) -> tuple[Host, Viewer]:
        """Raises Refusal; nothing was answered then. Whoever got a viewer takes them out again, here and of presence."""
        host = await self._open(asked)
        role = await self._role_of(host, user)
        await self._presence.arriving(host.session, user)
        try:
            return host, await self._seat(host, user, role, asked, sink, answer)
        except BaseException:
            self._presence.departed(host.session, user)
            raise

    async def _seat(
        self,
        host: Host,
        user: UserId,
        role: Role,
        asked: JoinSession,
        sink: Sink,
        answer: Callable[[dict[str, Any]], None],
    ) -> Viewer:
        """The first connection of a person is an event; further ones append nothing."""
        over = host.room.lifecycle.status in OVER
        if not is_here(host.room, user) and not over:
            ack = await submit_join(host, user, role)
            if not ack.ok:
                raise Refusal(ack)
        await host.meet_everybody()
        if not is_here(host.room, user) and host.room.lifecycle.status not in OVER:
            raise Refusal(refused("participant.not_admitted", "you were sent away meanwhile"))
        viewer = Viewer(user, sink, standing_of(host.room, user), host.room.seq)
        after = _resumes_at(host, asked, viewer)
        if after is None:
            _answer_with_snapshot(host, viewer, asked, answer)
        else:
            viewer.stand(after, viewer.known)
            answer(_ack(host, viewer))
            await _send_tail(host, viewer)
        host.audience.add(viewer)
        return viewer

    async def _open(self, asked: JoinSession) -> Host:
        try:
            host = await self._hosts.get(asked.session_id)
        except NoSession:
            raise _unknown() from None
        except Unavailable:
            raise _unavailable() from None
        try:
            await host.catch_up()
        except Unavailable:  # the room stays readable as it is, but for those who have seen more of it elsewhere
            if asked.after is not None and (asked.epoch != host.epoch or asked.after > host.room.seq):
                raise _unavailable() from None
        return host

    async def _role_of(self, host: Host, user: UserId) -> Role:
        """In which role they may come in. Raises Refusal."""
        try:
            entry = await self._sessions.entry(host.session, user)
        except Unavailable:
            known = role_of(host.room, user)
            if known is None:
                raise _unavailable() from None
            return known
        if entry is None:
            raise _unknown()
        if not entry.has_access:
            raise Refusal(refused("no_workshop_access", "your access to workshops was withdrawn"))
        return entry.role


def is_here(room: RoomState, user: UserId) -> bool:
    """Present, or waiting to be let in."""
    person = person_of(room, user)
    waits = room.lobby is not None and room.lobby.get(user) is not None
    return waits or (person is not None and person.admitted and person.present)


def _resumes_at(host: Host, asked: JoinSession, viewer: Viewer) -> int | None:
    """Where the client goes on, or None when only a new view can be trusted."""
    after, head = asked.after, host.room.seq
    if after is None or asked.epoch != host.epoch or not 0 <= after <= head:
        return None
    if head - after > limits.RESUME_EVENTS_MAX or standing_since(host.room, viewer.user) > after:
        return None
    return after


def _answer_with_snapshot(
    host: Host, viewer: Viewer, asked: JoinSession, answer: Callable[[dict[str, Any]], None]
) -> None:
    snapshot = host.audience.view_for(viewer, host.room)
    resync = {"resync": True} if asked.after is not None else {}
    answer({**_ack(host, viewer), "snapshot": snapshot, **resync})


def _ack(host: Host, viewer: Viewer) -> dict[str, Any]:
    return {"ok": True, "epoch": host.epoch, "seq": viewer.position, "you": you(host.room, viewer.standing)}


async def _send_tail(host: Host, viewer: Viewer) -> None:
    """Everything visible between the client's place and the head, in pieces the connection can take. Returns in the same turn
    of the loop in which the head was reached, so nothing can come between. The standing does not change on the way: if it
    did, the caller's connection gets a new view."""
    epoch, audience = host.epoch, host.audience
    while viewer.position < host.room.seq:
        if standing_of(host.room, viewer.user) != viewer.standing or host.epoch != epoch:
            viewer.standing = standing_of(host.room, viewer.user)
            audience.send_snapshot(viewer, host.epoch, host.room)
            return
        events = await host.events(viewer.position, limits.FRAME_EVENTS_MAX)
        if events:
            audience.send_past(viewer, epoch, events)
        await _drained(viewer.sink)
        if viewer.sink.closing_down or not events:
            return


async def _drained(sink: Sink) -> None:
    while sink.waiting_bytes > TAIL_BYTES and not sink.closing_down:  # noqa: ASYNC110 - outboxes are flushed by the clock
        await asyncio.sleep(TAIL_WAIT_S)


def _unknown() -> Refusal:
    return Refusal(refused("not_found", "there is no such session, or not for you"))


def _unavailable() -> Refusal:
    return Refusal(refused("unavailable", "the database cannot be used now", retry_after_s=limits.RETRY_UNAVAILABLE_S))
