"""Attack 70: somebody who may write whatever they like to Redis. It keeps answers there, so what they could do is to change them:
nothing of theirs is shown, nothing of it is run, and nobody is answered by a failure of ours.
"""

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from live.keys import CACHE
from persistence.dashboard import dashboard_key
from tests.attacks.conftest import Desk


class Runs:
    """What a pickle of it would do to whoever opens it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


async def test_70_whoever_writes_to_redis_changes_no_answer(
    desk: Desk, redis: str, tmp_path: Path, faults: Callable[[], list[str]]
) -> None:
    server = await desk.house.another(redis_url=redis)
    ana, ben = await desk.caller("ana", server), await desk.caller("ben", server)
    honest = (await ana.get("/dashboard")).body
    theirs: Any = Redis.from_url(redis)
    key = dashboard_key(ana.user)
    kept = await theirs.get(key)
    assert kept is not None, "it is kept in Redis, or this shows nothing"
    ran = tmp_path / "ran"
    forged = {
        "other figures": kept.replace(b"0", b"7"),
        "figures without a code": kept[64:],
        "another's answer": None,
        "no answer": b"x" * 200,
        "a code and nothing": kept[:64],
        "bytes": b"\xff\xfe" * 100,
        "a pickle": pickle.dumps(Runs(ran)),
        "a great deal": b"[" * 20_000_000,
    }
    await ben.post("/notes", {"title": "A", "content": "b"})
    for _ in range(20):  # an answer is kept where Redis takes it in time
        await ben.get("/dashboard")
        if kept := await theirs.get(dashboard_key(ben.user)):
            break
    assert kept
    forged["another's answer"] = kept
    for what, value in forged.items():
        server.app[CACHE]._redis_again_at = 0.0
        await theirs.set(key, value)
        answer = await ana.get("/dashboard")
        assert (answer.status, answer.body) == (200, honest), what
    server.app[CACHE]._redis_again_at = 0.0
    await theirs.delete(key)
    await theirs.rpush(key, "a list")
    assert (await ana.get("/dashboard")).body == honest
    assert not ran.exists()
    await theirs.aclose()
    told = [line for line in faults() if "not of this installation" not in line]
    assert told == []
    assert len(faults()) >= 5, "operators are told"
