"""Query 1 of the workbook as corrected (W234, D11): three sums beside each other instead of one product of rows. Kept for five minutes;
whoever writes sees it at once (W241, D53)."""

from persistence.cache import DASHBOARD_KEPT_S, Cache
from persistence.database import Database
from persistence.models.dashboard import Dashboard
from rooms.ids import UserId

_DASHBOARD = """
SELECT u.id, u.subscription_tier, u.workshop_access_granted, u.last_login_at, u.created_at, u.updated_at,
       p.overall_progress, p.modules_started, r.recordings_count, n.notes_count
FROM workbook.workbook_users u
CROSS JOIN LATERAL (
  SELECT coalesce(round(sum(up.progress_percent)::numeric / nullif(
           (SELECT count(*) FROM workbook.workshop_modules m WHERE m.is_published AND m.deleted_at IS NULL), 0)), 0)::int
           AS overall_progress,
         count(*) FILTER (WHERE up.status IN ('in_progress', 'completed')) AS modules_started
  FROM workbook.user_progress up
  JOIN workbook.workshop_modules m ON m.id = up.module_id AND m.is_published AND m.deleted_at IS NULL
  WHERE up.user_id = u.id AND up.lesson_id IS NULL) p
CROSS JOIN LATERAL (
  SELECT count(*) AS recordings_count FROM workbook.audio_recordings ar
  WHERE ar.user_id = u.id AND ar.deleted_at IS NULL) r
CROSS JOIN LATERAL (
  SELECT count(*) AS notes_count FROM workbook.workbook_notes wn
  WHERE wn.user_id = u.id AND wn.deleted_at IS NULL) n
WHERE u.id = $1 AND u.deleted_at IS NULL
"""


def dashboard_key(user: UserId) -> str:
    return f"dash:{user}"


async def read_dashboard(database: Database, cache: Cache, user: UserId) -> Dashboard:
    async def make() -> str:
        async with database.as_user(user) as connection:
            row = await connection.fetchrow(_DASHBOARD, user)
        assert row is not None, "whoever is signed in has a row"
        return Dashboard.model_validate(dict(row)).model_dump_json()

    return Dashboard.model_validate_json(await cache.get(dashboard_key(user), DASHBOARD_KEPT_S, make))
