"""What the function behind a route is given: who asks, the parts of the server, and the ways to read and change a session.

A session is read at the head of its log and changed by commands, exactly as over the socket.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID, uuid4, uuid5

from aiohttp import web
from pydantic import BaseModel

from live.addresses import client_address
from live.api.representation import is_version
from live.api.route import Listing, Named, Route
from live.drafts import Stale
from live.hosts import Hosts, NoSession
from live.kept import Kept
from live.keys import (
    ACCESS_TOKENS,
    ACCESSES,
    CACHE,
    DATABASE,
    DIRECTORY,
    HOSTS,
    KEPT,
    LIMITS,
    MAIL,
    SETTINGS,
    STORE,
    STUDIO,
    TOKENS,
)
from live.limits import Limits
from live.mail import Mail
from live.named import people_in
from live.problems import REQUEST_ID, Problem, not_found
from live.settings import Settings
from live.studio import Studio
from live.tokens import AccessTokens
from media.store import Store
from persistence.audit import AccessLog
from persistence.cache import Cache
from persistence.connection import Connection
from persistence.dashboard import dashboard_key
from persistence.database import Database
from persistence.directory import Directory
from persistence.event_log import EventLog
from persistence.models.session import LiveSession
from persistence.pages import Page
from persistence.readers import Reader
from persistence.sessions import Sessions
from persistence.tokens import Tokens
from rooms.feature import Command, Context, Standing
from rooms.ids import SessionId, UserId
from rooms.people import is_staff, known_to, role_of, standing_of
from rooms.roles import Role
from rooms.room import RoomState
from rooms.standings import standing_at

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")
REPEATABLE = UUID("5b9d8c52-0c3f-5f0e-9a51-6d1f3f6c7a11")  # namespace of ids made from an Idempotency-Key


@dataclass
class Call:
    """One request. `key`: its Idempotency-Key, which makes the ids of this call the same when it is repeated."""

    request: web.Request
    reader: Reader | None = None
    key: str | None = None
    location: str | None = None  # of what was made
    matching: tuple[Route, str] | None = None  # what If-Match named, for a route that holds what it changes
    _rooms: dict[SessionId, RoomState] = field(default_factory=dict)
    _sessions: dict[SessionId, LiveSession | None] = field(default_factory=dict)
    _made: int = 0

    # -- the parts of the server --

    @property
    def database(self) -> Database:
        return self.request.app[DATABASE]

    @property
    def directory(self) -> Directory:
        return self.request.app[DIRECTORY]

    @property
    def tokens(self) -> Tokens:
        return self.request.app[TOKENS]

    @property
    def access_tokens(self) -> AccessTokens:
        return self.request.app[ACCESS_TOKENS]

    @property
    def hosts(self) -> Hosts:
        return self.request.app[HOSTS]

    @property
    def log(self) -> EventLog:
        return EventLog(self.database)

    @property
    def limits(self) -> Limits:
        return self.request.app[LIMITS]

    @property
    def settings(self) -> Settings:
        return self.request.app[SETTINGS]

    @property
    def mail(self) -> Mail | None:
        """None without a mail server."""
        return self.request.app.get(MAIL)

    @property
    def store(self) -> Store:
        return self.request.app[STORE]

    @property
    def studio(self) -> Studio:
        return self.request.app[STUDIO]

    @property
    def cache(self) -> Cache:
        return self.request.app[CACHE]

    @property
    def accesses(self) -> AccessLog:
        return self.request.app[ACCESSES]

    @property
    def kept(self) -> Kept:
        return self.request.app[KEPT]

    # -- who asks --

    @property
    def sender(self) -> Reader:
        """Of a route that not ANYONE may use."""
        assert self.reader is not None
        return self.reader

    @property
    def user(self) -> UserId:
        return self.sender.user

    @property
    def address(self) -> str:
        return client_address(self.request, self.settings.trusted_proxies)

    @property
    def request_id(self) -> str:
        return self.request[REQUEST_ID]

    def require_workshop_access(self) -> None:
        """W007."""
        if not self.sender.workshop_access:
            raise Problem("no_workshop_access")

    def reading(self) -> AbstractAsyncContextManager[Connection]:
        """The database as the caller sees it."""
        return self.database.as_user(self.user, self.request_id)

    async def report(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """What `work` reads, some seconds old at worst: on the replica, where there is one. Not for what somebody has just done."""
        return await self.database.report(self.user, work, self.request_id)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Connection]:
        """The database as the caller sees and may change it; all of the block or nothing. One's own dashboard shows it at once (D53)."""
        async with self.database.as_user(self.user, self.request_id, writes=True) as connection:
            yield connection
        await self.cache.drop(dashboard_key(self.user))

    def require_version(self, answered: Any) -> None:
        """That it still is what the caller read: `answered` is what a GET would answer now."""
        if self.matching is not None and not is_version(self.matching[0], answered, self.matching[1]):
            raise Problem("precondition_failed")

    def new_id(self) -> str:
        """The next id this call makes; the same again when the request is repeated with its key."""
        if self.key is None:
            return str(uuid4())
        self._made += 1
        return str(uuid5(REPEATABLE, f"{self.user} {self.request.method} {self.request.path} {self.key} {self._made}"))

    # -- a session --

    async def session(self, session: SessionId) -> LiveSession | None:
        """As the reader may know it, read under row-level security; None is not found (404)."""
        if session not in self._sessions:
            self._sessions[session] = await Sessions(self.database).get(session, self.user)
        return self._sessions[session]

    async def room(self, session: SessionId) -> RoomState:
        """At the head of the log. One that does not exist is not found."""
        if session not in self._rooms:
            try:
                self._rooms[session] = await self.hosts.read(session)
            except NoSession:
                raise not_found() from None
        return self._rooms[session]

    async def staffs(self, session: SessionId) -> bool:
        return self.sender.admin or is_staff(await self.room(session), self.user)

    async def hosts_it(self, session: SessionId) -> bool:
        return self.sender.admin or role_of(await self.room(session), self.user) is Role.INSTRUCTOR

    async def standing(self, session: SessionId, seq: int | None = None) -> Standing:
        """Under which the reader sees the event `seq`, or what is now. Administrators see what staff see (domain.md 4.2)."""
        room = await self.room(session)
        found = standing_of(room, self.user) if seq is None else standing_at(room, self.user, seq)
        if self.sender.admin and not found.staff:
            return Standing(self.user, staff=True)
        return found

    def context(self, session: SessionId) -> Context:
        """For asking the rules beforehand what they will say to a command of this caller."""
        return Context(session, self.user, self.database.clock.now(), new_id=self.new_id, admin=self.sender.admin)

    async def submit(
        self,
        session: SessionId,
        command: Command,
        command_id: str | None = None,
        *,
        stale: Stale | None = None,
        resent: bool = False,
    ) -> int:
        """The seq of the head after the command; a refusal is a problem. `stale`: refuses it at any other state than the one
        it was meant for."""
        try:
            ack = await self.hosts.submit(
                session,
                self.user,
                command,
                command_id or self.new_id(),
                admin=self.sender.admin,
                stale=stale,
                resent=resent,
            )
        except NoSession:
            raise not_found() from None
        self.forget(session)
        if not ack.ok:
            raise Problem(
                ack.code or "internal", ack.detail or "", allowed=ack.allowed, retry_after_s=ack.retry_after_s
            )
        assert ack.seq is not None
        return ack.seq

    def forget(self, session: SessionId) -> None:
        """What was read of it so far: it has changed."""
        self._rooms.pop(session, None)
        self._sessions.pop(session, None)

    async def people(self, *shown: Any, of: RoomState | None = None) -> dict[UserId, Named]:
        """Names of everybody whom these models or documents speak of. `of`: of those this session knows; for documents with
        people's own words in them, where an id may stand for somebody they have nothing to do with."""
        ids = {person for each in shown for person in people_in(each)}
        names = await self.directory.names(ids if of is None else ids & known_to(of))
        return {user: Named(name=name) for user, name in sorted(names.items())}

    async def listing(self, page: Page[M]) -> Listing[M]:
        return Listing(items=page.items, next_cursor=page.next_cursor, people=await self.people(*page.items))
