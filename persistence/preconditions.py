"""What must hold before a process may serve: acknowledgements are durable and row-level security cannot be passed by. Asked of
the server, not of the configuration; changes nothing.
"""

from uuid import uuid4

from persistence.connection import Connection

SCHEMAS = ["identity", "workbook", "bootcamp", "live", "audit", "ops"]


class Unsafe(RuntimeError):
    """Serving would break a promise; the message names it and what to change."""


async def refuse_unsafe(engine: Connection, app: Connection) -> None:
    await _require_durability(engine)
    for login in (engine, app):
        await require_plain_role(login)
    await _require_policies(engine)
    await _require_blindness(app)


async def _require_durability(engine: Connection) -> None:
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        if await engine.fetchval("SELECT current_setting($1)", setting) == "off":
            raise Unsafe(f"Postgres runs with {setting} = off: an acknowledged event could be lost")


async def require_plain_role(login: Connection) -> None:
    """P2: a superuser, BYPASSRLS or a member of the owner passes row-level security silently."""
    name = await login.fetchval(
        "SELECT rolname FROM pg_roles WHERE rolname = current_user "
        "AND (rolsuper OR rolbypassrls OR pg_has_role(current_user, 'workshop_owner', 'MEMBER'))"
    )
    if name is not None:
        raise Unsafe(f"the login {name} can pass row-level security: use the logins made by `migrate`")


async def _require_policies(engine: Connection) -> None:
    bare = await engine.fetch(
        "SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = ANY ($1::text[]) AND c.relkind IN ('r', 'p') AND NOT c.relispartition "
        "AND NOT (c.relrowsecurity AND c.relforcerowsecurity) ORDER BY 1",
        SCHEMAS,
    )
    if bare:
        raise Unsafe(f"without row-level security: {', '.join(row['name'] for row in bare)}")


async def _require_blindness(app: Connection) -> None:
    """Nobody, and somebody who does not exist, see no row of any table that can be read at all. Asked in one statement."""
    asked = await app.fetch(
        "SELECT format('SELECT %L WHERE EXISTS (SELECT FROM %I.%I)', c.oid::regclass, n.nspname, c.relname) AS table "
        "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = ANY ($1::text[]) AND c.relkind IN ('r', 'p') AND has_any_column_privilege(c.oid, 'SELECT')",
        SCHEMAS,
    )
    shown = " UNION ALL ".join(row["table"] for row in asked)
    for identity in ("", str(uuid4())):
        async with app.transaction(readonly=True):
            await app.execute("SELECT set_config('app.user_id', $1, true)", identity)
            if (seen := await app.fetchval(shown)) is not None:
                raise Unsafe(f"{seen} shows rows to nobody in particular")
