"""A POST that is repeated with the same Idempotency-Key gets its first answer, for 24 hours. Answers may hold names and secrets
shown once, so they are stored sealed. Knows keys and hashes, not what a request means.
"""

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from persistence.database import Database
from rooms.ids import UserId

KEPT = timedelta(hours=24)
ABANDONED = timedelta(seconds=60)  # a first request that has not answered by then died with its process
SWEPT_MAX = 200
RESPONSE = "ops.idempotency_keys.response"


class KeyReused(Exception):
    """The same key came with another request."""


class StillRunning(Exception):
    """The first request of this key has not been answered yet."""


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    headers: dict[str, str]
    body: bytes


_CLAIM = """
INSERT INTO ops.idempotency_keys AS held (user_id, key, route, request_hash) VALUES ($1, $2, $3, $4)
ON CONFLICT (user_id, key, route) DO UPDATE SET request_hash = excluded.request_hash
  WHERE held.status IS NULL AND held.request_hash = excluded.request_hash AND held.updated_at < clock_timestamp() - $5::interval
RETURNING true
"""


class Idempotency:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, user: UserId, key: str, route: str, request_hash: bytes) -> Answered | None:
        """None: this is the first request, or the first one died; carry it out. Raises KeyReused, StillRunning."""
        async with self._database.connection() as connection:
            await connection.execute(
                "DELETE FROM ops.idempotency_keys WHERE (user_id, key, route) IN ("
                "SELECT user_id, key, route FROM ops.idempotency_keys WHERE created_at < clock_timestamp() - $1::interval LIMIT $2)",
                KEPT,
                SWEPT_MAX,
            )
            if await connection.fetchval(_CLAIM, user, key, route, request_hash, ABANDONED):
                return None
            row = await connection.fetchrow(
                "SELECT request_hash, status, response FROM ops.idempotency_keys WHERE user_id = $1 AND key = $2 AND route = $3",
                user,
                key,
                route,
            )
        if row is None:
            raise StillRunning  # it failed just now; the next attempt is the first again
        if row["request_hash"] != request_hash:
            raise KeyReused
        if row["status"] is None:
            raise StillRunning
        return self._opened(user, row["status"], row["response"])

    async def keep(self, user: UserId, key: str, route: str, answered: Answered) -> None:
        async with self._database.connection() as connection:
            await connection.execute(
                "UPDATE ops.idempotency_keys SET status = $4, response = $5 WHERE user_id = $1 AND key = $2 AND route = $3",
                user,
                key,
                route,
                answered.status,
                self._sealed(user, answered),
            )

    async def forget(self, user: UserId, key: str, route: str) -> None:
        """The request failed and changed nothing: the key may be used again."""
        async with self._database.connection() as connection:
            await connection.execute(
                "DELETE FROM ops.idempotency_keys WHERE user_id = $1 AND key = $2 AND route = $3 AND status IS NULL",
                user,
                key,
                route,
            )

    def _sealed(self, user: UserId, answered: Answered) -> str:
        text = json.dumps({"headers": answered.headers, "body": answered.body.decode()})
        return b64encode(self._database.keys.seal(text, RESPONSE, UUID(user))).decode()

    def _opened(self, user: UserId, status: int, response: Any) -> Answered:
        held = json.loads(self._database.keys.open(b64decode(response), RESPONSE, UUID(user)))
        return Answered(status, held["headers"], held["body"].encode())
