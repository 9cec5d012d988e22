"""The pools through which this process speaks to Postgres, and the transactions drawn from them: `engine` for the committer, sign-in
and jobs, `app` for reads on behalf of one person under row-level security, and a `replica` for those of them that may
be a little old. Every wait has a limit; a lost Postgres is `Unavailable` and comes back by itself. Knows no tables but `ops`.

An identity is set for one transaction only, never for a connection, so nothing is left behind in the pool. Whoever borrows a
connection has keys that were read a moment ago.
"""

import asyncio
import json
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit
from uuid import UUID

import asyncpg

from persistence.clock import Clock
from persistence.connection import Connection, Pool
from persistence.durations import Durations
from persistence.encryption import Keys, login_password
from persistence.preconditions import Unsafe, refuse_unsafe, require_plain_role

log = logging.getLogger(__name__)
T = TypeVar("T")

KEYS_KEPT_S = 10.0  # a key made elsewhere is known everywhere after this
ACQUIRE_TIMEOUT_S = 2.0  # by one who is next
QUEUE_TIMEOUT_S = 10.0  # until one is: many ask at once, and all are answered in the end
COMMAND_TIMEOUT_S = 5.0
CLOSE_TIMEOUT_S = 5.0
REPLICA_TIMEOUT_S = 0.5  # to be connected to; the primary is there
REPLICA_REST_S = 5.0  # until one that failed is asked again
REPLICA_BEHIND_MAX_S = 10.0
POOL_CONNECTIONS = 10
SERVER_SETTINGS = {
    "search_path": "app, live, workbook, bootcamp, identity",  # the documents' own SQL runs unqualified
    "timezone": "UTC",
    # The server's limits end before the client's, so that a slow statement has a known outcome.
    "statement_timeout": "4500",
    "lock_timeout": "3000",
    "idle_in_transaction_session_timeout": "10000",
}
OF_LOGIN: dict[str, dict[str, str]] = {
    "workshop_engine": {},
    "workshop_app": {
        "statement_timeout": "2000"
    },  # what somebody asks to read must not keep a connection busy (attack 43)
}

_SYSTEM = "SELECT system_identifier FROM pg_control_system()"

# The server is gone, full, stopping, a standby or too slow. Whether a statement in flight was carried out is unknown.
_LOST = (
    OSError,  # with TimeoutError
    asyncpg.PostgresConnectionError,
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,  # shutdown, crash, starting up, statement timeout
    asyncpg.InsufficientResourcesError,  # connections, disk, memory
    asyncpg.TransactionRollbackError,  # a deadlock broken by the server
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.LockNotAvailableError,
)


class Unavailable(Exception):
    """Postgres cannot be used now; `unavailable` on the wire. The outcome of what was under way is unknown."""


class NoReplica(ConnectionError):
    """What answers is not a replica of this database that may be asked."""


class Uncancelled(asyncpg.Connection):
    """What is given up is not cancelled, as asyncpg would: it may be waiting for a synchronous standby, committed already, and a
    cancelled wait shows everybody what the standby has not heard (trap D23). The connection is given up with it. Postgres ends
    by its own limit what is merely slow."""

    def _cancel_current_command(self, *_waiters: Any) -> None:
        self.terminate()


class Database:
    """Made by `open`; `keys` are this installation's encryption keys, `clock` tells its time."""

    def __init__(self, engine: Pool, app: Pool, keys: Keys, clock: Clock, replica: Pool | None = None) -> None:
        self.engine = engine
        self.clock = clock
        self.app = app
        self.keys = keys
        self._replica = replica
        self.waits = Durations()  # of whoever asked one of the two pools for a connection
        self._asking: dict[object, float] = {}  # who waits for a connection, and since when
        self._places = {pool: asyncio.Semaphore(pool.get_max_size()) for pool in (engine, app)}
        self._replica_again_at = 0.0
        self._wrote: OrderedDict[str, float] = OrderedDict()
        self._refreshing = asyncio.Lock()

    @classmethod
    async def open(
        cls,
        dsn: str,
        secret_key: str,
        *,
        engine_dsn: str | None = None,
        app_dsn: str | None = None,
        replica_dsn: str | None = None,
        connections: int = POOL_CONNECTIONS,
    ) -> "Database":
        """`dsn` names host and database; its user is replaced by the two logins, unless these have DSNs of their own. `replica_dsn`
        does as well; nobody needs it to be there.
        Raises `preconditions.Unsafe` where serving would break a promise."""
        engine = await _pool(dsn, secret_key, "workshop_engine", engine_dsn, connections)
        app, clock = None, Clock()
        try:
            app = await _pool(dsn, secret_key, "workshop_app", app_dsn, connections)
            async with (
                engine.acquire(timeout=ACQUIRE_TIMEOUT_S) as one,
                app.acquire(timeout=ACQUIRE_TIMEOUT_S) as other,
            ):
                await refuse_unsafe(one, other)
                keys = await Keys.load(one, secret_key)
                system = await one.fetchval(_SYSTEM)
                await clock.set_by(one)
            replica = None
            if replica_dsn is not None:
                replica = await _replica_pool(replica_dsn, secret_key, app_dsn, system, connections)
        except BaseException:
            for pool in (engine, app):
                if pool is not None:
                    pool.terminate()
            raise
        return cls(engine, app, keys, clock, replica)

    async def close(self) -> None:
        for pool in filter(None, (self._replica, self.app, self.engine)):
            try:
                async with asyncio.timeout(CLOSE_TIMEOUT_S):
                    await pool.close()
            except _LOST:
                pool.terminate()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """As the engine, without a transaction: every statement commits by itself."""
        await self._know_keys()
        async with self._borrowed(self.engine) as connection:
            yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """As the engine; committed at the end of the block."""
        await self._know_keys()
        async with self._borrowed(self.engine) as connection, connection.transaction():
            yield connection

    @asynccontextmanager
    async def as_user(
        self, user: str, request_id: str | None = None, *, writes: bool = False
    ) -> AsyncIterator[Connection]:
        """Sees and, where it `writes`, changes what the policies let this person see and change; committed at the end of the block.
        Queries name their rows all the same (P4)."""
        await self._know_keys()
        async with (
            self._borrowed(self.app) as connection,
            _identified(connection, user, request_id, writes=writes),
        ):
            yield connection
        if writes and self._replica is not None:
            self._remember_writing(user)

    async def report(self, user: str, work: Callable[[Connection], Awaitable[T]], request_id: str | None = None) -> T:
        """What `work` reads as this person, on the replica where there is one: as of some seconds ago at worst. On the primary if
        the replica cannot be used now, where `work` may have begun before, and for whoever wrote so lately, here, that the replica may
        not have heard of it."""
        await self._know_keys()
        wrote_at = self._wrote.get(user, -REPLICA_BEHIND_MAX_S)
        now = monotonic()
        if self._replica is not None and now >= self._replica_again_at and now - wrote_at >= REPLICA_BEHIND_MAX_S:
            try:
                async with (
                    _borrowed(self._replica, REPLICA_TIMEOUT_S) as connection,
                    _identified(connection, user, request_id, writes=False),
                ):
                    behind_s = await connection.fetchval("SELECT app.behind_s()")
                    if behind_s is None or behind_s > REPLICA_BEHIND_MAX_S:
                        raise NoReplica("it is behind")
                    return await work(connection)
            except (Unavailable, asyncpg.PostgresError) as error:  # also what a replica has not heard of yet
                if isinstance(error.__cause__, asyncpg.QueryCanceledError):  # as slow everywhere
                    raise
                log.warning("the replica is not asked for a while: %s", error.__cause__ or error)
                self._replica_again_at = monotonic() + REPLICA_REST_S
        async with self.as_user(user, request_id) as connection:
            return await work(connection)

    def _remember_writing(self, user: str) -> None:
        self._wrote[user] = now = monotonic()
        self._wrote.move_to_end(user)
        while now - next(iter(self._wrote.values())) >= REPLICA_BEHIND_MAX_S:
            self._wrote.popitem(last=False)

    @asynccontextmanager
    async def _borrowed(self, pool: Pool) -> AsyncIterator[Connection]:
        place, asked_at, asking = self._places[pool], monotonic(), object()
        self._asking[asking] = asked_at
        try:
            async with asyncio.timeout(QUEUE_TIMEOUT_S):
                await place.acquire()
        except TimeoutError as error:
            self.waits.add(monotonic() - asked_at)
            raise Unavailable("too many ask at once") from error
        finally:
            del self._asking[asking]
        try:
            async with _borrowed(pool) as connection:
                self.waits.add(monotonic() - asked_at)
                yield connection
        finally:
            place.release()

    @property
    def wait_s(self) -> float:
        """How long whoever has waited longest for a connection has been waiting."""
        return monotonic() - next(iter(self._asking.values())) if self._asking else 0.0

    def in_use(self) -> dict[str, tuple[int, int]]:
        """By pool: connections that are lent, of how many there may be."""
        pools = {"engine": self.engine, "app": self.app} | ({"replica": self._replica} if self._replica else {})
        return {name: (pool.get_size() - pool.get_idle_size(), pool.get_max_size()) for name, pool in pools.items()}

    async def replica_behind_s(self) -> float | None:
        """Raises Unavailable. None: there is no replica."""
        if self._replica is None:
            return None
        async with _borrowed(self._replica, REPLICA_TIMEOUT_S) as connection:
            return float(await connection.fetchval("SELECT coalesce(app.behind_s(), 0)"))

    async def _know_keys(self) -> None:
        """Keys that another process made are known before anything is read that may be sealed with them (keys.py)."""
        if monotonic() - self.keys.read_at > KEYS_KEPT_S:
            async with self._refreshing:
                if monotonic() - self.keys.read_at > KEYS_KEPT_S:
                    async with self._borrowed(self.engine) as connection:
                        await self.keys.refresh(connection)
                        await self.clock.set_by(connection)

    async def ready(self) -> None:
        """Raises Unavailable unless a write can be committed now."""
        async with self.connection() as connection:
            await connection.execute("UPDATE ops.cluster SET seen_at = clock_timestamp()")


@asynccontextmanager
async def _identified(
    connection: Connection, user: str, request_id: str | None, *, writes: bool
) -> AsyncIterator[None]:
    async with connection.transaction(readonly=not writes):
        await connection.execute(
            "SELECT set_config('app.user_id', $1, true), set_config('app.request_id', $2, true)",
            str(UUID(user)),
            request_id or "",
        )
        yield


@asynccontextmanager
async def _borrowed(pool: Pool, timeout_s: float = ACQUIRE_TIMEOUT_S) -> AsyncIterator[Connection]:
    try:
        async with pool.acquire(timeout=timeout_s) as connection:
            yield connection
    except _LOST as error:
        _stay_cancelled()
        raise Unavailable("the database cannot be used now") from error
    except asyncpg.InterfaceError as error:
        _stay_cancelled()
        if type(error) is not asyncpg.InterfaceError:  # its subclasses are our own mistakes
            raise
        raise Unavailable("the connection to the database is closed") from error


def _stay_cancelled() -> None:
    """Who is cancelled in a transaction finds its connection given up when that is rolled back: no reason to go on."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def _pool(dsn: str, secret_key: str, login: str, own_dsn: str | None, connections: int) -> Pool:
    try:
        return await asyncpg.create_pool(
            own_dsn or dsn,
            user=None if own_dsn else login,
            password=None if own_dsn else login_password(secret_key, login),
            min_size=1,
            max_size=connections,
            timeout=ACQUIRE_TIMEOUT_S,
            command_timeout=COMMAND_TIMEOUT_S,
            server_settings=SERVER_SETTINGS
            | OF_LOGIN[login]
            | {"application_name": f"atelier {login.removeprefix('workshop_')}"},
            connection_class=Uncancelled,
            init=_greet_as_engine if login == "workshop_engine" else set_codecs,
            reset=_nothing_to_reset,
        )
    except asyncpg.InvalidAuthorizationSpecificationError as error:
        raise Unavailable(f"{error}: run `migrate` with this SECRET_KEY first") from error


async def _replica_pool(dsn: str, secret_key: str, app_dsn: str | None, system: int, connections: int) -> Pool:
    """The app's login, on another server. Nobody is connected yet: it may come and go as it likes."""

    async def greet(connection: Connection) -> None:
        await set_codecs(connection)
        try:
            await require_plain_role(connection)
        except Unsafe as error:
            raise NoReplica(str(error)) from error
        if not await connection.fetchval("SELECT pg_is_in_recovery()") or await connection.fetchval(_SYSTEM) != system:
            raise NoReplica("DATABASE_REPLICA_URL leads to no replica of this database")

    login = None if app_dsn is None else urlsplit(app_dsn)
    return await asyncpg.create_pool(
        dsn,
        user=unquote(login.username or "") if login else "workshop_app",
        password=unquote(login.password or "") if login else login_password(secret_key, "workshop_app"),
        min_size=0,
        max_size=connections,
        timeout=REPLICA_TIMEOUT_S,
        command_timeout=COMMAND_TIMEOUT_S,
        server_settings=SERVER_SETTINGS | OF_LOGIN["workshop_app"] | {"application_name": "atelier app"},
        init=greet,
        reset=_nothing_to_reset,
    )


async def _greet_as_engine(connection: Connection) -> None:
    """Before the first use of a connection: it may be the first one to a restored or promoted cluster."""
    await set_codecs(connection)
    if await connection.fetchval("SELECT ops.recognise_cluster()"):
        log.warning("another Postgres than before answers: every session's epoch was renewed")


async def set_codecs(connection: Connection) -> None:
    """jsonb is Python objects; ids are strings, as in rooms/."""
    await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=_dump, decoder=json.loads)
    await connection.set_type_codec("uuid", schema="pg_catalog", encoder=str, decoder=str)


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


async def _nothing_to_reset(connection: Connection) -> None:
    """Saves the round trip of RESET ALL: no setting outlives its transaction here, and asyncpg rolls back by itself."""
