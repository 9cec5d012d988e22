"""Brings a database to this release's schema: the three roles, then the numbered SQL files that are not applied yet, all in
one transaction under an advisory lock, forward only. An applied file may never change again (checksum). Runs as the
database's owner or a superuser; knows nothing about what the files contain.
"""

import hashlib
import hmac
from base64 import b64encode
from pathlib import Path
from secrets import token_bytes

import asyncpg

from persistence.connection import Connection
from persistence.encryption import login_password

FOLDER = Path(__file__).parent / "migrations"
LOCK = 0x41_74_65_6C  # any number, the same for ever
LOGINS = ("workshop_app", "workshop_engine")
SCRAM_ITERATIONS = 4096  # the password has 256 random bits; more rounds would only slow connecting


class MigrationRefused(RuntimeError):
    """The database is not one this release can bring up to date."""


async def migrate(dsn: str, secret_key: str) -> list[str]:
    """Names of the files applied now, in order; [] when the schema was current. Safe to run at any time, from anywhere."""
    connection = await asyncpg.connect(dsn, server_settings={"application_name": "atelier migrate"})
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
            await _require_version(connection)
            await _create_roles(connection, secret_key)
            return await _apply_files(connection)
    finally:
        await connection.close()


def files() -> list[Path]:
    return sorted(FOLDER.glob("[0-9][0-9][0-9][0-9]_*.sql"))


def scram_verifier(password: str, salt: bytes | None = None) -> str:
    """What Postgres stores for a password (RFC 5803), so that the password itself is never sent nor logged."""
    salt = salt or token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, SCRAM_ITERATIONS)
    stored_key = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    parts = [b64encode(part).decode() for part in (salt, stored_key, server_key)]
    return f"SCRAM-SHA-256${SCRAM_ITERATIONS}:{parts[0]}${parts[1]}:{parts[2]}"


async def _require_version(connection: Connection) -> None:
    if connection.get_server_version().major < 15:
        raise MigrationRefused("Postgres 15 or newer is needed")


async def _create_roles(connection: Connection, secret_key: str) -> None:
    """Roles belong to the whole cluster: another database there may have made them already."""
    for role in ("workshop_owner", *LOGINS):
        await connection.execute(
            f"""DO $$ BEGIN
                  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
                    CREATE ROLE {role} NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
                  END IF;
                EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;  -- made at this moment elsewhere
                END $$"""
        )
    for role in LOGINS:
        verifier = scram_verifier(login_password(secret_key, role))
        await connection.execute(f"ALTER ROLE {role} LOGIN PASSWORD '{verifier}'")
    # Become the owner without being a superuser; nothing may lie in the schema everybody can write to.
    await connection.execute(
        """DO $$ BEGIN
             IF NOT pg_has_role(current_user, 'workshop_owner', 'MEMBER') THEN
               EXECUTE format('GRANT workshop_owner TO %I', current_user);
             END IF;
             EXECUTE format('GRANT CREATE ON DATABASE %I TO workshop_owner', current_database());
             EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
             REVOKE ALL ON SCHEMA public FROM PUBLIC;
           END $$;
           SET LOCAL ROLE workshop_owner;
           CREATE SCHEMA IF NOT EXISTS app;
           CREATE TABLE IF NOT EXISTS app.migrations (
             name       text PRIMARY KEY,
             checksum   bytea NOT NULL,
             applied_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP
           )"""
    )


async def _apply_files(connection: Connection) -> list[str]:
    applied = {
        row["name"]: row["checksum"] for row in await connection.fetch("SELECT name, checksum FROM app.migrations")
    }
    if unknown := sorted(set(applied) - {file.name for file in files()}):
        raise MigrationRefused(f"the database was migrated by a newer release: {', '.join(unknown)}")
    done = []
    for file in files():
        content = file.read_bytes()
        checksum = hashlib.sha256(content).digest()
        if file.name in applied:
            if applied[file.name] != checksum:
                raise MigrationRefused(f"{file.name} was changed after it had been applied")
            continue
        try:
            await connection.execute(content.decode())
        except asyncpg.PostgresError as error:
            error.add_note(f"in {file.name}")
            raise
        await connection.execute("INSERT INTO app.migrations (name, checksum) VALUES ($1, $2)", file.name, checksum)
        done.append(file.name)
    return done
