"""Sound of people who are connected to another process than the one that is their session's home (design.md 1): their offer is handed on
to it over the neighbours, and what it says to them comes back the same way. Sound itself never comes this way: the answer names the
home's own addresses.

Both ends are here. `lines` are of people connected here whose home is elsewhere; a `RemoteLine` is how a home here speaks to somebody
who is connected elsewhere. Who is a home, and when somebody is gone, is decided by rows and by the log, not by what is said here.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from uuid import UUID

import structlog

from live import limits
from live.host import Host
from live.neighbours import Neighbours
from live.sound_signals import Line, SoundRefused, refusal
from persistence.database import Unavailable
from persistence.media_homes import Homes
from rooms.ids import SessionId, UserId

log = structlog.get_logger("sound")

ELSEWHERE = "elsewhere"
OFFERED, SAID, HUNG_UP = "offer", "said", "hang up"
ANSWERED_WITHIN_S = 4.0
CHECK_EVERY_S = 1.0
Offered = Callable[[SessionId, UserId, Line, str], None]


def is_elsewhere() -> SoundRefused:
    return SoundRefused(ELSEWHERE, "another process has the sound of this session", limits.RETRY_OFFER_S)


@dataclass(slots=True)
class Handed:
    """An offer that was handed on, from a connection here."""

    number: int
    host: Host
    line: Line
    home: UUID
    answered: asyncio.Future[None]


class RemoteLine:
    """Somebody's connection to another process, seen from their sound's home. Whether it lives is known there."""

    closing_down = False

    def __init__(self, neighbours: Neighbours, process: bytes, number: int) -> None:
        self._neighbours = neighbours
        self._process = process
        self._number = number

    def push(self, data: bytes, _events: int = 0) -> None:
        self._neighbours.say(SAID, self._process, self._number, data)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RemoteLine) and other.key == self.key

    def __hash__(self) -> int:
        return hash(self.key)

    @property
    def key(self) -> tuple[bytes, int]:
        return self._process, self._number


class SoundElsewhere:
    """`offered` is told of an offer to a home that may be here."""

    def __init__(self, neighbours: Neighbours, rows: Homes) -> None:
        self._neighbours = neighbours
        self._rows = rows
        self._numbers = count(1)
        self._lines: dict[tuple[SessionId, UserId], Handed] = {}

    def begin(self, offered: Offered, hung_up: Callable[[SessionId, UserId], None]) -> None:
        def take(process: bytes, to: bytes, number: int, session: str, user: str, sdp: str) -> None:
            if to == self._neighbours.process:
                line = RemoteLine(self._neighbours, process, number)
                offered(SessionId(session), UserId(user), line, sdp)

        self._neighbours.on(OFFERED, take)
        self._neighbours.on(SAID, self._said)
        self._neighbours.on(HUNG_UP, lambda _process, session, user: hung_up(SessionId(session), UserId(user)))

    # -- people who are connected here ----------------------------------------------------------------------------------

    async def offer(self, host: Host, user: UserId, line: Line, sdp: str) -> None:
        """Returns when the home has said something on that line, or raises SoundRefused; also Unavailable."""
        home = (await self._rows.where([host.session])).get(host.session)
        if home is None or not self._neighbours.are_heard:
            raise is_elsewhere()
        whose, before = (host.session, user), self._lines.get((host.session, user))
        number = before.number if before is not None and before.line is line else next(self._numbers)
        handed = Handed(number, host, line, home, asyncio.get_running_loop().create_future())
        self._lines[whose] = handed
        self._neighbours.say(OFFERED, home.bytes, number, host.session, user, sdp)
        try:
            async with asyncio.timeout(ANSWERED_WITHIN_S):
                await handed.answered
        except TimeoutError:
            if self._lines.get(whose) is handed:
                del self._lines[whose]
            raise is_elsewhere() from None

    def _said(self, _process: bytes, to: bytes, number: int, frame: bytes) -> None:
        """To the connection it is meant for; if that broke meanwhile, to those they have now."""
        if to != self._neighbours.process:
            return
        for (_session, user), handed in self._lines.items():
            if handed.number == number:
                if not handed.answered.done():
                    handed.answered.set_result(None)
                if not handed.line.closing_down:
                    handed.line.push(frame)
                    return
                for viewer in handed.host.audience.by_user.get(user, ()):
                    viewer.sink.push(frame)
                return

    def hang_up(self, session: SessionId, user: UserId) -> None:
        self._lines.pop((session, user), None)
        self._neighbours.say(HUNG_UP, session, user)

    def settled_here(self, session: SessionId, user: UserId) -> None:
        """Their sound is here now."""
        self._lines.pop((session, user), None)

    async def keep_checking(self) -> None:
        """Until cancelled: whose home is another one now, or none, is told to offer again. Asked of the rows, because a home that died
        says nothing."""
        while True:
            await asyncio.sleep(CHECK_EVERY_S)
            for whose, handed in list(self._lines.items()):
                if handed.line.closing_down and whose[1] not in handed.host.audience.by_user:
                    del self._lines[whose]
            if self._lines:
                with suppress(Unavailable):
                    await self._check(dict(self._lines))

    async def _check(self, asked: dict[tuple[SessionId, UserId], Handed]) -> None:
        homes = await self._rows.where({session for session, _user in asked})
        again = refusal(ELSEWHERE, "the sound of this session moves", limits.RETRY_OFFER_S)
        for whose, handed in asked.items():
            if homes.get(whose[0]) != handed.home and self._lines.get(whose) is handed:
                self._said(b"", self._neighbours.process, handed.number, again)
                self._lines.pop(whose, None)
