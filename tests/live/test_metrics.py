"""What Prometheus is told, and where it may ask."""

import asyncio
import socket
import timeit
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from uuid import uuid4

import pytest
from aiohttp import ClientError, ClientSession
from prometheus_client.parser import text_string_to_metric_families

from live.byes import RESYNC, SLOW
from live.keys import DATABASE, GATEWAY, HOSTS
from live.settings import SettingsRefused, read_settings
from live.tally import Tally
from live.watch import bytes_below
from live.worker import work
from persistence.committer import Passage
from persistence.database import Unavailable
from persistence.durations import BOUNDS_S, Durations, quantile_s
from persistence.event_log import Batch
from persistence.jobs import enqueue
from persistence.keys import JOB
from rooms.feature import Enqueue
from tests.conftest import find_free_port
from tests.databases import SECRET_KEY
from tests.live.conftest import House, Server

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


async def page(port: int) -> str:
    async with ClientSession() as http, http.get(f"http://127.0.0.1:{port}/metrics") as response:
        assert response.status == 200
        assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        return await response.text()


def samples_of(text: str) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples[f"atelier_{name}", frozenset(labels.items())]


async def told(house: House) -> tuple[Server, int]:
    port = find_free_port()
    return await house.another(metrics_address=("127.0.0.1", port)), port


async def test_they_tell_what_happened_and_nothing_of_anybody(house: House) -> None:
    server, port = await told(house)
    session = await house.session()
    mara, ana = await house.enter(session, "mara", "ana", server=server)
    repeated = str(uuid4())
    for command_id in (str(uuid4()), repeated, repeated):
        assert (await ana.submit("chat.send", text="a secret of Ana's", command_id=command_id))["ok"]
    assert (await ana.submit("poll.create", question="?", kind="single", options=["a", "b"]))["code"] == "forbidden"
    assert (await ana.submit("no.such"))["code"] == "bad_request"
    stood = mara.ack["seq"]
    await mara.close()
    [mara] = await house.enter(session, "mara", server=server)
    for where in ({"epoch": mara.ack["epoch"], "after": stood}, {"epoch": str(uuid4()), "after": stood}):
        await mara.join(session, **where)
    text = await page(port)
    samples = samples_of(text)
    assert value(samples, "commands_total", answer="forbidden") == 1
    assert value(samples, "commands_total", answer="bad_request") == 1
    assert value(samples, "reject_total", code="bad_request") == 1
    ok = value(samples, "commands_total", answer="ok")
    assert ok >= 5  # two who came, three messages
    assert value(samples, "ack_commit_seconds_count") == ok
    assert value(samples, "ack_commit_seconds_bucket", le="+Inf") == ok
    assert value(samples, "dup_cmd_total") == 1
    assert value(samples, "events_total") >= 4
    assert value(samples, "connections") == 2
    assert value(samples, "sessions_hosted") == value(samples, "sessions_watched") == 1
    assert value(samples, "joins_total", kind="resumed") == 1
    assert value(samples, "resync_total", reason="epoch") == 1
    assert value(samples, "pool_size", pool="engine") >= value(samples, "pool_in_use", pool="engine")
    assert value(samples, "pool_wait_seconds_count") > 0
    assert value(samples, "unknown_outcome_total") == 0
    for name in ("fanout_lag_seq", "outbox_bytes", "loop_lag_seconds", "hint_missed_total", "recorder_gap_seconds"):
        assert value(samples, name) >= 0
    for never in (session, mara.user, ana.user, "secret", "Ana", "Sketching"):
        assert never not in text


async def test_how_connections_ended_is_counted(house: House) -> None:
    server, port = await told(house)
    session = await house.session()
    mara, ana, _ben, _otto = await house.enter(session, "mara", "ana", "ben", "otto", server=server)
    await mara.close()
    ana.sio.eio.ws.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
    for name, why in (("ben", SLOW), ("otto", RESYNC)):
        user = await house.user(name)
        [channel] = [each.channel for each in server.app[GATEWAY].connections() if each.user == user]
        channel.part(why)
    async with asyncio.timeout(10):
        while sum(server.app[GATEWAY].wire.engine.closes.values()) < 4:  # noqa: ASYNC110 - it sets no event
            await asyncio.sleep(0.02)
    samples = samples_of(await page(port))
    found = {code: value(samples, "closes_total", code=code) for code in ("left", "lost", "slow", "resync")}
    assert found == {"left": 1, "lost": 1, "slow": 1, "resync": 1}


async def test_a_worker_tells_of_its_jobs(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("live.worker.os.setpriority", lambda *_: None)  # this process has other things to do
    port = find_free_port()
    working = asyncio.create_task(
        work(replace(house.server.settings, metrics_address=("127.0.0.1", port), transcriber="none"))
    )
    async with house.app[DATABASE].transaction() as connection:
        await enqueue(connection, Enqueue(JOB, "", {}), None)
    try:
        async with asyncio.timeout(60):
            while True:
                with suppress(ClientError, KeyError):
                    samples = samples_of(await page(port))
                    if value(samples, "worker_jobs_total", kind="rotate_keys", outcome="done") == 1:
                        break
                await asyncio.sleep(0.05)
    finally:
        working.cancel()
        await asyncio.wait({working})
    assert value(samples, "worker_seconds_total", kind="rotate_keys") > 0
    assert value(samples, "worker_busy") >= 0
    assert value(samples, "memory_bytes") > 0


async def test_73_where_the_workshop_is_served_nobody_is_told(house: House) -> None:
    async with ClientSession() as http, http.get(f"{house.server.url}/metrics") as response:
        assert "atelier_" not in await response.text()  # the page of the client, as for any address


async def test_each_process_of_a_machine_takes_a_port_of_its_own(house: House) -> None:
    _first, port = await told(house)
    await house.another(metrics_address=("127.0.0.1", port))
    texts = await asyncio.gather(page(port), page(port + 1))
    assert all("atelier_connections 0.0" in text for text in texts)


async def test_what_another_process_appended_was_found_by_asking(house: House) -> None:
    server, port = await told(house)
    session = await house.session()
    [mara] = await house.enter(session, "mara", server=server)
    [ana] = await house.enter(session, "ana", server=house.server)
    assert (await ana.submit("chat.send", text="hello"))["ok"]
    await mara.sees("chat.sent")
    samples = samples_of(await page(port))
    assert value(samples, "hint_missed_total") >= 1
    assert value(samples, "delivered_events_total") >= 2


async def test_an_outcome_nobody_could_be_told_is_counted(house: House) -> None:
    server, port = await told(house)
    session = await house.session()
    [ana] = await house.enter(session, "ana", server=server)
    host = await server.app[HOSTS].get(session)

    def gone(_batch: Batch, _passage: Passage, _resolve: object, fail: Callable[[Exception], None]) -> None:
        fail(Unavailable("away"))

    host._parts.committer.hand_in = gone  # type: ignore[method-assign, assignment]
    assert (await ana.submit("chat.send", text="hello"))["code"] == "unavailable"
    samples = samples_of(await page(port))
    assert value(samples, "unknown_outcome_total") == 1
    assert value(samples, "commands_total", answer="unavailable") == 1


@pytest.mark.parametrize("given", ["9464", "localhost:9464", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:9464/metrics"])
def test_an_address_that_is_none_is_refused(given: str) -> None:
    with pytest.raises(SettingsRefused, match="METRICS_ADDRESS"):
        read_settings({"SECRET_KEY": SECRET_KEY, "METRICS_ADDRESS": given})


@pytest.mark.parametrize(
    ("given", "meant"), [("127.0.0.1:9464", ("127.0.0.1", 9464)), ("[::1]:9464", ("::1", 9464)), ("", None)]
)
def test_an_address(given: str, meant: tuple[str, int] | None) -> None:
    assert read_settings({"SECRET_KEY": SECRET_KEY, "METRICS_ADDRESS": given}).metrics_address == meant


def test_counting_a_command_costs_next_to_nothing() -> None:
    """Beside one look into a dictionary of the same interpreter: no lock, no label that is searched for."""
    tally, durations, known = Tally(), Durations(), {"ok": 1}

    def count() -> None:
        tally.answers["ok"] += 1
        durations.add(0.004)

    def look() -> None:
        known["ok"]

    ratio = min(timeit.repeat(count, number=5_000, repeat=9)) / min(timeit.repeat(look, number=5_000, repeat=9))
    assert ratio < 25


@pytest.mark.parametrize(
    ("took_s", "share", "within"),
    [
        ([0.0005] * 99 + [0.3], 0.5, (0, 0.001)),
        ([0.0005] * 9 + [0.3] * 9, 0.99, (0.25, 0.5)),
        ([60.0], 0.5, (BOUNDS_S[-1], BOUNDS_S[-1])),
    ],
)
def test_quantiles(took_s: list[float], share: float, within: tuple[float, float]) -> None:
    durations = Durations()
    for each in took_s:
        durations.add(each)
    found = quantile_s(durations.counts, share)
    assert found is not None
    assert within[0] <= found <= within[1]
    assert quantile_s(Durations().counts, share) is None


def test_what_a_folder_holds(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("store")
    files: Mapping[str, int] = {"a": 10, "below/b": 200, "below/further/c": 3_000}
    for name, size in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"-" * size)
    (folder / "elsewhere").symlink_to("/")
    assert bytes_below(folder) == 3_210
    assert bytes_below(folder / "never") == 0
