"""The two pools through which this process speaks to Postgres, and the transactions drawn from them: `engine` for the
committer, sign-in and jobs, `app` for reads on behalf of one person under row-level security. Every wait has a limit; a lost
Postgres is `Unavailable` and comes back by itself. Knows no tables but `ops`.

An identity is set for one transaction only, never for a connection, so nothing is left behind in the pool.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg

from persistence.connection import Connection, Pool
from persistence.encryption import Keys, login_password
from persistence.preconditions import refuse_unsafe

log = logging.getLogger(__name__)

ACQUIRE_TIMEOUT_S = 2.0
COMMAND_TIMEOUT_S = 5.0
CLOSE_TIMEOUT_S = 5.0
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


class Database:
    """Made by `open`; `keys` are this installation's encryption keys."""

    def __init__(self, engine: Pool, app: Pool, keys: Keys) -> None:
        self.engine = engine
        self.app = app
        self.keys = keys

    @classmethod
    async def open(
        cls,
        dsn: str,
        secret_key: str,
        *,
        engine_dsn: str | None = None,
        app_dsn: str | None = None,
        connections: int = POOL_CONNECTIONS,
    ) -> "Database":
        """`dsn` names host and database; its user is replaced by the two logins, unless these have DSNs of their own.
        Raises `preconditions.Unsafe` where serving would break a promise."""
        engine = await _pool(dsn, secret_key, "workshop_engine", engine_dsn, connections)
        app = None
        try:
            app = await _pool(dsn, secret_key, "workshop_app", app_dsn, connections)
            async with (
                engine.acquire(timeout=ACQUIRE_TIMEOUT_S) as one,
                app.acquire(timeout=ACQUIRE_TIMEOUT_S) as other,
            ):
                await refuse_unsafe(one, other)
                keys = await Keys.load(one, secret_key)
        except BaseException:
            for pool in (engine, app):
                if pool is not None:
                    pool.terminate()
            raise
        return cls(engine, app, keys)

    async def close(self) -> None:
        for pool in (self.app, self.engine):
            try:
                async with asyncio.timeout(CLOSE_TIMEOUT_S):
                    await pool.close()
            except _LOST:
                pool.terminate()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """As the engine, without a transaction: every statement commits by itself."""
        async with _borrowed(self.engine) as connection:
            yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """As the engine; committed at the end of the block."""
        async with _borrowed(self.engine) as connection, connection.transaction():
            yield connection

    @asynccontextmanager
    async def as_user(self, user: str, request_id: str | None = None) -> AsyncIterator[Connection]:
        """Read-only, seeing what the policies let this person see. Queries name their rows all the same (P4)."""
        async with _borrowed(self.app) as connection, connection.transaction(readonly=True):
            await connection.execute(
                "SELECT set_config('app.user_id', $1, true), set_config('app.request_id', $2, true)",
                str(UUID(user)),
                request_id or "",
            )
            yield connection

    async def ready(self) -> None:
        """Raises Unavailable unless a write can be committed now."""
        async with self.connection() as connection:
            await connection.execute("UPDATE ops.cluster SET seen_at = clock_timestamp()")


@asynccontextmanager
async def _borrowed(pool: Pool) -> AsyncIterator[Connection]:
    try:
        async with pool.acquire(timeout=ACQUIRE_TIMEOUT_S) as connection:
            yield connection
    except _LOST as error:
        raise Unavailable("the database cannot be used now") from error
    except asyncpg.InterfaceError as error:
        if type(error) is not asyncpg.InterfaceError:  # its subclasses are our own mistakes
            raise
        raise Unavailable("the connection to the database is closed") from error


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
            init=_greet_as_engine if login == "workshop_engine" else _set_codecs,
            reset=_nothing_to_reset,
        )
    except asyncpg.InvalidAuthorizationSpecificationError as error:
        raise Unavailable(f"{error}: run `migrate` with this SECRET_KEY first") from error


async def _greet_as_engine(connection: Connection) -> None:
    """Before the first use of a connection: it may be the first one to a restored or promoted cluster."""
    await _set_codecs(connection)
    if await connection.fetchval("SELECT ops.recognise_cluster()"):
        log.warning("another Postgres than before answers: every session's epoch was renewed")


async def _set_codecs(connection: Connection) -> None:
    """jsonb is Python objects; ids are strings, as in rooms/."""
    await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=_dump, decoder=json.loads)
    await connection.set_type_codec("uuid", schema="pg_catalog", encoder=str, decoder=str)


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


async def _nothing_to_reset(connection: Connection) -> None:
    """Saves the round trip of RESET ALL: no setting outlives its transaction here, and asyncpg rolls back by itself."""
