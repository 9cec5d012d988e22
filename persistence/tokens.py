"""Secrets handed to people and programs, stored as hashes and revocable: sign-ins that renew themselves, API tokens, links that
set a password. Access tokens are signed elsewhere and name the family here that revokes them. Does not know who may ask."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from secrets import token_urlsafe

from persistence.connection import Connection
from persistence.database import Database
from persistence.encryption import token_hash
from rooms.ids import UserId

SECRET_BYTES = 32
# Two tabs, or a lost answer, may renew with the same secret; after this it is taken for stolen.
RENEWAL_GRACE = timedelta(seconds=60)


class TokenKind(StrEnum):
    REFRESH = "refresh"
    API = "api"
    RESET = "reset"


LIFETIME = {
    TokenKind.REFRESH: timedelta(days=30),
    TokenKind.API: timedelta(days=365),
    TokenKind.RESET: timedelta(hours=24),
}


@dataclass(frozen=True, slots=True)
class Issued:
    """`secret` exists only here and with its receiver."""

    user: UserId
    family: str
    secret: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"Issued(user={self.user}, family={self.family})"


class Tokens:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def issue(
        self, user: UserId, kind: TokenKind, *, label: str | None = None, lifetime: timedelta | None = None
    ) -> Issued:
        async with self._database.connection() as connection:
            return await _insert(connection, user, kind, None, lifetime or LIFETIME[kind], label)

    async def renew(self, secret: str) -> Issued | None:
        """A fresh secret of the same sign-in, living on from now; None if it is revoked, expired or was never issued. A secret
        already renewed comes from a thief or from its victim: the whole family ends."""
        async with self._database.transaction() as connection:
            held = await connection.fetchrow(
                "SELECT t.id, t.user_id, t.family, t.replaced_at < clock_timestamp() - $3::interval AS stolen "
                "FROM identity.tokens t JOIN identity.accounts a ON a.id = t.user_id "
                "WHERE t.token_hash = $1 AND t.kind = $2 AND t.revoked_at IS NULL AND t.expires_at > clock_timestamp() "
                "AND a.status IN ('active', 'deletion_requested') FOR UPDATE OF t",
                token_hash(secret),
                TokenKind.REFRESH,
                RENEWAL_GRACE,
            )
            if held is None:
                return None
            if held["stolen"]:
                await _revoke(connection, held["family"])
                return None
            await connection.execute(
                "UPDATE identity.tokens SET replaced_at = coalesce(replaced_at, clock_timestamp()) WHERE id = $1",
                held["id"],
            )
            lifetime = LIFETIME[TokenKind.REFRESH]
            return await _insert(connection, held["user_id"], TokenKind.REFRESH, held["family"], lifetime, None)

    async def owner(self, secret: str, kind: TokenKind) -> tuple[UserId, str] | None:
        """(user, family) of a token that is good now; does not spend it."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(
                "SELECT t.user_id, t.family FROM identity.tokens t JOIN identity.accounts a ON a.id = t.user_id "
                "WHERE t.token_hash = $1 AND t.kind = $2 AND t.revoked_at IS NULL AND t.replaced_at IS NULL "
                "AND t.expires_at > clock_timestamp() AND a.status IN ('active', 'invited')",
                token_hash(secret),
                kind,
            )
        return None if row is None else (row["user_id"], row["family"])

    async def spend(self, secret: str) -> UserId | None:
        """Whose password a reset link may set; good once."""
        async with self._database.connection() as connection:
            user: UserId | None = await connection.fetchval(
                "UPDATE identity.tokens t SET replaced_at = clock_timestamp() FROM identity.accounts a "
                "WHERE t.token_hash = $1 AND t.kind = $2 AND t.replaced_at IS NULL AND t.revoked_at IS NULL "
                "AND t.expires_at > clock_timestamp() AND a.id = t.user_id AND a.status IN ('active', 'invited') "
                "RETURNING t.user_id",
                token_hash(secret),
                TokenKind.RESET,
            )
            return user

    async def revoke_family(self, family: str) -> None:
        """Signs out everywhere this sign-in was carried to."""
        async with self._database.connection() as connection:
            await _revoke(connection, family)

    async def revoke_all(self, user: UserId, *, but: str | None = None) -> None:
        """Every sign-in, API token and link of a person, except one family: after a change of password, or a suspension."""
        async with self._database.connection() as connection:
            await connection.execute(
                "UPDATE identity.tokens SET revoked_at = clock_timestamp() "
                "WHERE user_id = $1 AND revoked_at IS NULL AND family IS DISTINCT FROM $2::uuid",
                user,
                but,
            )

    async def living(self, families: Iterable[str]) -> set[str]:
        """Those whose sign-in still stands; asked again and again for the families of open sockets."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                "SELECT DISTINCT t.family FROM identity.tokens t JOIN identity.accounts a ON a.id = t.user_id "
                "WHERE t.family = ANY ($1::uuid[]) AND t.revoked_at IS NULL AND t.expires_at > clock_timestamp() "
                "AND a.status IN ('active', 'deletion_requested')",
                list(families),
            )
        return {row["family"] for row in rows}

    async def sweep(self) -> None:
        """Forgets what expired a week ago; until then a late renewal is told from a forged one in the logs."""
        async with self._database.connection() as connection:
            await connection.execute(
                "DELETE FROM identity.tokens WHERE expires_at < clock_timestamp() - interval '7 days'"
            )


async def _insert(
    connection: Connection, user: UserId, kind: TokenKind, family: str | None, lifetime: timedelta, label: str | None
) -> Issued:
    secret = token_urlsafe(SECRET_BYTES)
    row = await connection.fetchrow(
        "INSERT INTO identity.tokens (user_id, kind, family, token_hash, label, expires_at) "
        "VALUES ($1, $2, coalesce($3::uuid, gen_random_uuid()), $4, $5, clock_timestamp() + $6::interval) "
        "RETURNING family, expires_at",
        user,
        kind,
        family,
        token_hash(secret),
        label,
        lifetime,
    )
    assert row is not None
    return Issued(user, row["family"], secret, row["expires_at"])


async def _revoke(connection: Connection, family: str) -> None:
    await connection.execute(
        "UPDATE identity.tokens SET revoked_at = clock_timestamp() WHERE family = $1 AND revoked_at IS NULL", family
    )
