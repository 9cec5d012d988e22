"""Who asks: what one REST request needs to know of somebody signed in, in one query. Names and addresses are the directory's."""

from dataclasses import dataclass
from uuid import UUID

from persistence.database import Database
from persistence.models.user import PlatformRole
from rooms.ids import SessionId, UserId


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody whose sign-in stands. A guest has an account for one session only."""

    user: UserId
    family: str
    roles: frozenset[PlatformRole]
    guest_of: SessionId | None
    workshop_access: bool
    has_password: bool

    @property
    def admin(self) -> bool:
        return PlatformRole.ADMIN in self.roles

    @property
    def schedules(self) -> bool:
        """May make sessions and see unpublished modules."""
        return not self.roles.isdisjoint({PlatformRole.ADMIN, PlatformRole.INSTRUCTOR})

    @property
    def reads_ahead(self) -> bool:
        """May read a published module without having completed what comes before it."""
        return self.schedules or PlatformRole.ASSISTANT in self.roles


_READER = """
SELECT a.guest_session_id, w.workshop_access_granted,
       EXISTS (SELECT FROM identity.credentials c WHERE c.user_id = a.id) AS has_password,
       ARRAY(SELECT r.role::text FROM identity.user_roles r WHERE r.user_id = a.id) AS roles
FROM identity.accounts a JOIN workbook.workbook_users w USING (id)
WHERE a.id = $1 AND a.status IN ('active', 'deletion_requested') AND EXISTS (
  SELECT FROM identity.tokens t
  WHERE t.family = $2 AND t.user_id = a.id AND t.revoked_at IS NULL AND t.expires_at > clock_timestamp())
"""


async def find_administrators(database: Database, users: set[UserId]) -> set[UserId]:
    """Those of them who administrate the platform now."""
    if not users:
        return set()
    async with database.connection() as connection:
        rows = await connection.fetch(
            "SELECT r.user_id FROM identity.user_roles r WHERE r.user_id = ANY ($1::uuid[]) AND r.role = $2",
            list(users),
            PlatformRole.ADMIN,
        )
    return {UserId(row["user_id"]) for row in rows}


async def find_reader(database: Database, user: UserId, family: str) -> Reader | None:
    """None once the sign-in was revoked or the account is not active (attack 10), and for ids that are none."""
    try:
        UUID(user), UUID(family)
    except ValueError:
        return None
    async with database.connection() as connection:
        row = await connection.fetchrow(_READER, user, family)
    if row is None:
        return None
    roles = frozenset(PlatformRole(role) for role in row["roles"])
    return Reader(user, family, roles, row["guest_session_id"], row["workshop_access_granted"], row["has_password"])
