"""Another SECRET_KEY (domain.md 2.9): every key that is wrapped by the one outside the database is wrapped by a new one. Nothing that
they seal is touched, so it takes a moment; for this moment nobody may be connected who still wraps with the old one. As the owner of the
database or a superuser, in one transaction.
"""

import asyncpg

from persistence.connection import Connection
from persistence.encryption import DataKey, Undecryptable, derive, open_sealed, seal
from persistence.migrate import LOGINS

# By table: what names a row, and the place its key is wrapped for.
WRAPPED = {
    "ops.encryption_keys": ("id", "'ops.encryption_keys.wrapped:' || id"),
    "live.session_secrets": ("session_id, name", "'live.session_secrets.wrapped:' || session_id || ':' || name"),
    "live.recording_keys": ("recording_id, track", "'live.recording_keys.wrapped:' || recording_id || ':' || track"),
}


class WrappingRefused(Exception):
    """Nothing was changed; the message says why."""


async def wrap_anew(dsn: str, former_secret_key: str, secret_key: str) -> int:
    """How many keys were wrapped anew; what is wrapped by the new one already stays. Raises WrappingRefused."""
    connection = await asyncpg.connect(dsn, server_settings={"application_name": "atelier keys"})
    try:
        async with connection.transaction():
            await connection.execute("SET LOCAL ROLE workshop_owner")
            await connection.execute(f"LOCK TABLE {', '.join(WRAPPED)} IN ACCESS EXCLUSIVE MODE")
            await _refuse_company(connection)
            former, wrapping = (_wrapping(each) for each in (former_secret_key, secret_key))
            return sum([await _wrap_table(connection, table, former, wrapping) for table in WRAPPED])
    finally:
        await connection.close()


def _wrapping(secret_key: str) -> DataKey:
    return DataKey(0, derive(secret_key, "wrapping key"))


async def _refuse_company(connection: Connection) -> None:
    there = await connection.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = ANY ($1)", list(LOGINS)
    )
    if there:
        raise WrappingRefused(
            "stop every server and worker of this database first: they would go on with the former key"
        )


async def _wrap_table(connection: Connection, table: str, former: DataKey, wrapping: DataKey) -> int:
    key, place = WRAPPED[table]
    changed = []
    for row in await connection.fetch(f"SELECT ctid, {place} AS place, wrapped FROM {table} ORDER BY {key}"):  # noqa: S608 - our own names
        try:
            open_sealed({0: wrapping.secret}, row["wrapped"], row["place"])
            continue
        except Undecryptable:
            pass
        try:
            secret = open_sealed({0: former.secret}, row["wrapped"], row["place"])
        except Undecryptable:
            raise WrappingRefused("SECRET_KEY_BEFORE is not the key this database was made with") from None
        changed.append((row["ctid"], seal(wrapping, secret, row["place"])))
    await connection.executemany(f"UPDATE {table} SET wrapped = $2 WHERE ctid = $1", changed)  # noqa: S608 - our own names
    return len(changed)
