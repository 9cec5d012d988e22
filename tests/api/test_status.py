"""What operators are told of the installation, and that nobody else is."""

import asyncio
import json
from typing import Any
from uuid import uuid4

from live.keys import CACHE, DATABASE, SETTINGS, WATCH
from persistence.cache import Cache
from persistence.database import Unavailable
from persistence.installation import Installation
from persistence.jobs import Jobs
from rooms.feature import Enqueue
from tests.api.conftest import Api


async def status(api: Api) -> Any:
    answer = await (await api.ada()).get("/status")
    assert answer.status == 200, answer
    return answer.json


async def own(api: Api) -> Any:
    [process] = [each for each in (await status(api))["processes"] if each["answering"]]
    return process


async def test_the_process_that_answers_tells_its_last_minute(api: Api) -> None:
    session = await api.workshop()
    await api.runs(session)
    process = await own(api)
    figures = process["figures"]
    assert process["fresh"]
    assert figures["commands"] >= 3
    assert figures["events"] >= 3
    assert figures["sessions"] == 1
    assert figures["connections"] == 0
    assert 0 < figures["ackP50Ms"] <= figures["ackP99Ms"]
    assert 0 < figures["commitP50Ms"] <= figures["commitP99Ms"]
    assert figures["poolSize"] >= figures["poolInUse"]
    assert figures["memoryBytes"] > 1_000_000
    assert figures["checked"]["violations"] == 0


async def test_nothing_of_anybody_is_told(api: Api) -> None:
    session = await api.workshop(title="Whispered")
    await api.runs(session)
    text = json.dumps(await status(api))
    for never in (session, "Whispered", "Mara", (await api.mara()).user, "@"):
        assert never not in text


async def test_another_process_is_told_by_what_it_said_last(api: Api) -> None:
    database, watch = api.app[DATABASE], api.app[WATCH]
    other, gone, of_another_release = (str(uuid4()) for _ in range(3))
    async with database.connection() as connection:
        for id_, age in ((other, 1), (gone, 60), (of_another_release, 1)):
            await connection.execute(
                "INSERT INTO live.processes (id, beat_at) VALUES ($1, clock_timestamp() - $2 * interval '1 s')",
                id_,
                age,
            )
    said = watch.figures().model_copy(update={"host": "other", "connections": 7}).model_dump(mode="json", by_alias=True)
    installation = Installation(database)
    for id_ in (other, gone):
        await installation.say(id_, said)
    await installation.say(of_another_release, {"what": "nobody knows"})
    processes = {each["id"]: each for each in (await status(api))["processes"]}
    assert processes[other]["figures"]["connections"] == 7
    assert processes[other]["fresh"]
    assert not processes[other]["answering"]
    assert not processes[gone]["fresh"]
    assert "figures" not in processes[of_another_release]
    async with database.connection() as connection:
        await connection.execute("DELETE FROM live.processes WHERE id = ANY ($1)", [other, gone, of_another_release])


async def test_a_process_says_how_it_is_of_itself(api: Api) -> None:
    """Not only when it is asked: by the row that the others read."""
    async with asyncio.timeout(20):
        while True:
            rows = {each.id: each.figures for each in await Installation(api.app[DATABASE]).processes()}
            if rows.get(api.app[WATCH].process):
                break
            await asyncio.sleep(0.2)
    assert rows[api.app[WATCH].process]["pid"] > 0


async def test_work_that_waits_and_work_that_was_given_up(api: Api) -> None:
    jobs, key = Jobs(api.app[DATABASE]), str(uuid4())
    for number in range(3):
        await jobs.enqueue(Enqueue("status_test", f"{key} {number}", {}))
    dead = await jobs.lease(["status_test"], "a test")
    assert dead is not None
    await jobs.failed(dead, "no", None)
    [told] = [each for each in (await status(api))["jobs"] if each["kind"] == "status_test"]
    assert (told["queued"], told["running"], told["dead"]) == (2, 0, 1)
    assert told["waitingS"] >= 0


async def test_what_all_processes_stand_on(api: Api) -> None:
    told = await status(api)
    assert told["postgres"]["bytes"] > 0
    assert 0 < told["postgres"]["connections"] <= told["postgres"]["connectionsMax"]
    assert told["replica"] == {"health": "none"}
    assert told["redis"] == {"health": "none"}
    assert told["store"]["health"] == "good"
    assert not told["store"]["bucket"]
    assert 0 < told["store"]["freeBytes"] <= told["store"]["diskBytes"]
    assert told["backups"]["ours"] is False  # the tests' Postgres is not of this server's data directory


async def test_a_redis_and_a_replica_that_are_away(api: Api) -> None:
    from tests.conftest import find_free_port

    before, api.app._state[CACHE] = api.app[CACHE], Cache(f"redis://127.0.0.1:{find_free_port()}")
    database = api.app[DATABASE]

    async def away() -> float:
        raise Unavailable("away")

    database.replica_behind_s = away  # type: ignore[method-assign]
    try:
        told = await status(api)
    finally:
        await api.app[CACHE].close()
        api.app._state[CACHE] = before
        del database.replica_behind_s
    assert told["redis"]["health"] == "away"
    assert told["replica"]["health"] == "away"
    assert api.app[SETTINGS].redis_url is None
