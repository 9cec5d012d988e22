"""Who there is: accounts, their names, platform roles and passwords. The only place where addresses and names are sealed and
opened. Does not decide who may ask; reads as the engine, because signing in happens before there is an identity (P12) and
names are shown to whoever is in the same room.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable
from time import monotonic
from uuid import UUID, uuid4

import asyncpg

from persistence.connection import Connection
from persistence.database import Database
from persistence.encryption import Undecryptable
from persistence.models.user import NewUser, PlatformRole, UserAdministration, UserChange, WorkbookUser
from persistence.pages import Page, from_cursor, to_cursor, within_limit
from persistence.passwords import Passwords
from rooms.ids import SessionId, UserId

log = logging.getLogger(__name__)

GUEST_DOMAIN = "guest.invalid"
NAMES_MAX = 10_000
NAME_KEPT_S = 60.0  # a change made by another process shows after this
ERASED_NAME = ""

EMAIL = "identity.accounts.email_enc"
GIVEN = "identity.accounts.given_name_enc"
FAMILY = "identity.accounts.family_name_enc"
FULL = "identity.accounts.full_name_enc"

_USER = """
SELECT a.id, a.email_enc, a.given_name_enc, a.family_name_enc, a.full_name_enc, a.status, a.is_guest,
       w.subscription_tier, w.workshop_access_granted, w.last_login_at, a.created_at,
       greatest(a.updated_at, w.updated_at) AS updated_at,
       ARRAY(SELECT r.role::text FROM identity.user_roles r WHERE r.user_id = a.id ORDER BY r.role) AS roles
FROM identity.accounts a JOIN workbook.workbook_users w USING (id)
"""


Allowed = Callable[[WorkbookUser], None]
"""Raises what the caller is to be told instead."""


class AddressTaken(Exception):
    """Somebody has an account with this e-mail address already."""


class LastAdministrator(Exception):
    """Refused: nobody would be left who can give roles."""


class Directory:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._keys = database.keys
        self.passwords = Passwords()
        self._names: OrderedDict[UserId, tuple[float, str]] = OrderedDict()

    # -- making accounts ------------------------------------------------------------------------------------------------

    async def create_user(self, new: NewUser) -> UserId:
        """Raises AddressTaken."""
        password_hash = await self.passwords.hash(new.password) if new.password else None
        async with self._database.transaction() as connection:
            user = await self._insert_account(connection, new.email, new.shown_name, new.first_name, new.last_name)
            await _give_roles(connection, user, new.roles, None)
            if password_hash:
                await _store_password(connection, user, password_hash)
        return user

    async def create_guest(self, connection: Connection, session: SessionId, name: str) -> UserId:
        """An account for one session, inside the caller's transaction."""
        return await self._insert_account(connection, None, name, None, None, session)

    async def _insert_account(
        self,
        connection: Connection,
        address: str | None,
        full_name: str,
        first_name: str | None,
        last_name: str | None,
        guest_of: SessionId | None = None,
    ) -> UserId:
        row_id = uuid4()
        address = address or f"{row_id}@{GUEST_DOMAIN}"
        seal = self._keys.seal
        try:
            await self._require_free(connection, address)
            await connection.execute(
                "INSERT INTO identity.accounts (id, email_enc, email_bidx, bidx_key_id, full_name_enc, given_name_enc, "
                "family_name_enc, guest_session_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                row_id,
                seal(address, EMAIL, row_id),
                self._keys.blind_index(address),
                self._keys.index_key_id,
                seal(full_name, FULL, row_id),
                seal(first_name, GIVEN, row_id) if first_name else None,
                seal(last_name, FAMILY, row_id) if last_name else None,
                guest_of,
            )
        except asyncpg.UniqueViolationError:
            raise AddressTaken from None
        await connection.execute("INSERT INTO workbook.workbook_users (id) VALUES ($1)", row_id)
        return UserId(str(row_id))

    async def _require_free(self, connection: Connection, address: str) -> None:
        """D51, also while the key of the index is changed, when the same address may stand under either of two."""
        indexes = self._keys.blind_indexes(address)
        if len(indexes) > 1:
            await connection.execute(
                "SELECT pg_advisory_xact_lock($1)", int.from_bytes(indexes[0][:8], "big", signed=True)
            )
            if await connection.fetchval(
                "SELECT EXISTS (SELECT FROM identity.accounts WHERE email_bidx = ANY ($1::bytea[]))", indexes
            ):
                raise AddressTaken

    # -- signing in -----------------------------------------------------------------------------------------------------

    async def sign_in(self, address: str, password: str) -> UserId | None:
        """None for an unknown address, a wrong password and a suspended account alike, after the same work."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(
                "SELECT a.id, c.password_hash FROM identity.accounts a LEFT JOIN identity.credentials c ON c.user_id = a.id "
                "WHERE a.email_bidx = ANY ($1::bytea[]) AND a.status IN ('active', 'deletion_requested')",
                self._indexes_or_none(address),
            )
        if not await self.passwords.verify(row["password_hash"] if row else None, password) or row is None:
            return None
        user = UserId(row["id"])
        await self.note_login(user)
        return user

    async def find(self, address: str) -> UserId | None:
        async with self._database.connection() as connection:
            user: UserId | None = await connection.fetchval(
                "SELECT id FROM identity.accounts WHERE email_bidx = ANY ($1::bytea[])", self._indexes_or_none(address)
            )
            return user

    async def find_all(self, addresses: Iterable[str]) -> dict[str, UserId]:
        """Of those that have an account."""
        indexes = {each: self._indexes_or_none(each) for each in addresses}
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                "SELECT id, email_bidx FROM identity.accounts WHERE email_bidx = ANY ($1::bytea[])",
                [index for each in indexes.values() for index in each],
            )
        users = {row["email_bidx"]: UserId(row["id"]) for row in rows}
        return {each: users[index] for each, held in indexes.items() for index in held if index in users}

    def _indexes_or_none(self, address: str) -> list[bytes]:
        """What cannot be an address has no index, so that asking for it takes the same way."""
        try:
            return self._keys.blind_indexes(address)
        except ValueError:
            return []

    async def check_password(self, user: UserId, password: str) -> bool:
        async with self._database.connection() as connection:
            held = await connection.fetchval("SELECT password_hash FROM identity.credentials WHERE user_id = $1", user)
        return await self.passwords.verify(held, password)

    async def set_password(self, user: UserId, password: str) -> None:
        """Revoking the sign-ins made with the old one is the caller's (tokens.py)."""
        await self.store_password(user, await self.passwords.hash(password))

    async def store_password(self, user: UserId, password_hash: str) -> None:
        """Somebody invited is active from now on."""
        async with self._database.transaction() as connection:
            await _store_password(connection, user, password_hash)
            await connection.execute(
                "UPDATE identity.accounts SET status = 'active' WHERE id = $1 AND status = 'invited'", user
            )

    async def note_login(self, user: UserId) -> None:
        async with self._database.connection() as connection:
            await connection.execute(
                "UPDATE workbook.workbook_users SET last_login_at = clock_timestamp() WHERE id = $1", user
            )

    # -- roles ----------------------------------------------------------------------------------------------------------

    async def roles(self, user: UserId) -> frozenset[PlatformRole]:
        """Of an active account; nobody else has any."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                "SELECT r.role FROM identity.user_roles r JOIN identity.accounts a ON a.id = r.user_id "
                "WHERE r.user_id = $1 AND a.status IN ('active', 'deletion_requested')",
                user,
            )
        return frozenset(PlatformRole(row["role"]) for row in rows)

    async def set_roles(
        self, user: UserId, roles: Iterable[PlatformRole], by: UserId | None, allowed: Allowed = lambda _found: None
    ) -> None:
        """Exactly these. `by` None: from the command line. `allowed` as of `change`. Raises LastAdministrator."""
        wanted = frozenset(roles)
        async with self._database.transaction() as connection:
            # Locked in one order, so that two administrators cannot remove each other at the same time.
            admins = await connection.fetch(
                "SELECT user_id FROM identity.user_roles WHERE role = 'admin' ORDER BY user_id FOR UPDATE"
            )
            await self._hold(connection, user, allowed)
            if PlatformRole.ADMIN not in wanted and [row["user_id"] for row in admins] == [user]:
                raise LastAdministrator
            await connection.execute(
                "DELETE FROM identity.user_roles WHERE user_id = $1 AND role <> ALL ($2::text[])", user, list(wanted)
            )
            await _give_roles(connection, user, wanted, by)

    # -- people ---------------------------------------------------------------------------------------------------------

    async def names(self, users: Iterable[UserId]) -> dict[UserId, str]:
        """The shown name of everybody there is, '' for an erased account; unknown ids are left out."""
        now = monotonic()
        found: dict[UserId, str] = {}
        missing = []
        for user in set(users):
            kept_until, name = self._names.get(user, (0.0, ""))
            if kept_until > now:
                found[user] = name
            else:
                missing.append(user)
        if missing:
            async with self._database.connection() as connection:
                rows = await connection.fetch(
                    "SELECT id, full_name_enc FROM identity.accounts WHERE id = ANY ($1::uuid[])", missing
                )
            for row in rows:
                found[row["id"]] = self._keep_name(row["id"], self._name_in(row))
        return found

    def _name_in(self, row: asyncpg.Record) -> str:
        """One that does not open keeps nobody out of a room; its owner may write another one."""
        try:
            return self._opened(row, "full_name_enc", FULL) or ERASED_NAME
        except Undecryptable:
            log.error("the name of account %s does not open", row["id"])  # noqa: TRY400 - no mistake of ours
            return ERASED_NAME

    def _keep_name(self, user: UserId, name: str) -> str:
        self._names[user] = (monotonic() + NAME_KEPT_S, name)
        self._names.move_to_end(user)
        while len(self._names) > NAMES_MAX:
            self._names.popitem(last=False)
        return name

    async def user(self, user: UserId) -> WorkbookUser | None:
        async with self._database.connection() as connection:
            row = await connection.fetchrow(f"{_USER} WHERE a.id = $1 AND a.status <> 'erased'", user)
        return None if row is None else self._user_of(row)

    async def users(self, limit: int = 50, cursor: str | None = None) -> Page[WorkbookUser]:
        """Everybody but guests and the erased, newest first; for administrators."""
        before_at, before_id = from_cursor(cursor)
        limit = within_limit(limit)
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                f"{_USER} WHERE a.status <> 'erased' AND NOT a.is_guest "
                "AND ($1::timestamptz IS NULL OR (a.created_at, a.id) < ($1, $2::uuid)) ORDER BY a.created_at DESC, a.id DESC LIMIT $3",
                before_at,
                before_id,
                limit + 1,
            )
        items = tuple(self._user_of(row) for row in rows[:limit])
        last = items[-1] if len(rows) > limit else None
        return Page(items, to_cursor(last.created_at, last.id) if last else None)

    async def change(
        self, user: UserId, change: UserChange | UserAdministration, allowed: Allowed = lambda _found: None
    ) -> WorkbookUser | None:
        """Only what is given. An address is not changed here: it would need to be proven first. `allowed` is told who it is before, while
        nobody else can change them."""
        row_id = UUID(user)
        sealed = [
            self._keys.seal(value, column, row_id) if value else None
            for value, column in ((change.first_name, GIVEN), (change.last_name, FAMILY), (change.full_name, FULL))
        ]
        account = change if isinstance(change, UserAdministration) else UserAdministration()
        async with self._database.transaction() as connection:
            await self._hold(connection, user, allowed)
            await connection.execute(
                "UPDATE identity.accounts SET given_name_enc = coalesce($2, given_name_enc), "
                "family_name_enc = coalesce($3, family_name_enc), full_name_enc = coalesce($4, full_name_enc), "
                "status = coalesce($5, status) WHERE id = $1",
                user,
                *sealed,
                account.status,
            )
            await connection.execute(
                "UPDATE workbook.workbook_users SET subscription_tier = coalesce($2, subscription_tier), "
                "workshop_access_granted = coalesce($3, workshop_access_granted) WHERE id = $1",
                user,
                account.subscription_tier,
                account.workshop_access_granted,
            )
        self._names.pop(user, None)
        return await self.user(user)

    async def _hold(self, connection: Connection, user: UserId, allowed: Allowed) -> None:
        await connection.execute("SELECT FROM identity.accounts WHERE id = $1 FOR UPDATE", user)
        row = await connection.fetchrow(f"{_USER} WHERE a.id = $1 AND a.status <> 'erased'", user)
        if row is not None:
            allowed(self._user_of(row))

    def _user_of(self, row: asyncpg.Record) -> WorkbookUser:
        return WorkbookUser(
            id=row["id"],
            email=self._opened(row, "email_enc", EMAIL) or "",
            first_name=self._opened(row, "given_name_enc", GIVEN),
            last_name=self._opened(row, "family_name_enc", FAMILY),
            full_name=self._opened(row, "full_name_enc", FULL) or ERASED_NAME,
            roles=tuple(PlatformRole(role) for role in row["roles"]),
            **{
                name: row[name]
                for name in (
                    "subscription_tier",
                    "workshop_access_granted",
                    "last_login_at",
                    "status",
                    "is_guest",
                    "created_at",
                    "updated_at",
                )
            },
        )

    def _opened(self, row: asyncpg.Record, field: str, column: str) -> str | None:
        return None if row[field] is None else self._keys.open(row[field], column, row["id"])


async def _give_roles(connection: Connection, user: UserId, roles: Iterable[PlatformRole], by: UserId | None) -> None:
    await connection.execute(
        "INSERT INTO identity.user_roles (user_id, role, granted_by) SELECT $1, unnest($2::text[]), $3 ON CONFLICT DO NOTHING",
        user,
        list(roles),
        by,
    )


async def _store_password(connection: Connection, user: UserId, password_hash: str) -> None:
    await connection.execute(
        "INSERT INTO identity.credentials (user_id, password_hash) VALUES ($1, $2) "
        "ON CONFLICT (user_id) DO UPDATE SET password_hash = excluded.password_hash",
        user,
        password_hash,
    )
