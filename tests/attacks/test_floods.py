"""Attacks 40 to 43: too much, too often, too many; and a class of fifty behind one address, which is none of these."""

import asyncio
import json
import time
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import ClientSession, WSServerHandshakeError
from pydantic.alias_generators import to_camel

from live import limits
from live.api.route import Route
from live.api.routes import routes
from live.keys import DATABASE, GATEWAY, HOSTS, LIMITS
from live.limits import Buckets, Rate, take_all
from persistence.database import Unavailable
from rooms.poll_text import parse
from rooms.refusal import Refused
from tests.api.conftest import Caller
from tests.attacks.conftest import Desk, head
from tests.costs import cost_s
from tests.live.conftest import House, Server
from tests.live.raw import PATH, Raw, event
from tests.live.visitor import Visitor

Make = Callable[[], Raw]
CLASS = 50


async def with_limits(house: House) -> Server:
    """A first server whose limits are those that are delivered."""
    server = await house.another(limits_factor=1)
    house.servers.remove(server)
    house.servers.insert(0, server)
    return server


# -- 40 --


def test_40_three_nested_buckets_take_all_or_nothing() -> None:
    """A connection that is refused takes nothing of its person's share, nor a person of the address's."""
    now = 0.0
    connection, person, address = (Buckets(Rate(1, burst), clock=lambda: now) for burst in (3, 5, 7))

    def send(tab: str, user: str) -> bool:
        return take_all([connection.of(tab), person.of(user), address.of("classroom")]) == 0.0

    assert [send("tab 1", "ana") for _ in range(10)] == [True] * 3 + [False] * 7
    assert [send("tab 2", "ana") for _ in range(10)] == [True] * 2 + [False] * 8, "five for the person"
    assert [send("tab 3", "ben") for _ in range(10)] == [True] * 2 + [False] * 8, "seven for the address"
    assert connection.of("tab 3").level()[0] >= 1.0, "what the address refused was not taken of the connection"
    now += 1.0
    assert send("tab 3", "ben")
    assert not send("tab 3", "ben")


async def test_40_ten_tabs_have_one_persons_share(house: House) -> None:
    """And others behind the same address have theirs."""
    server = await with_limits(house)
    session = await house.session()
    [ben] = await house.enter(session, "ben")
    tabs = [(await house.enter(session, "ana"))[0] for _ in range(10)]
    started = time.monotonic()
    asked = [
        asyncio.create_task(tab.submit("reaction.send", emoji="👍"))
        for _ in range(int(limits.COMMANDS_PER_CONNECTION.burst) - 5)
        for tab in tabs
    ]
    others = [await ben.submit("reaction.send", emoji="🎉") for _ in range(5)]
    codes = Counter([(await each).get("code", "ok") for each in asked])
    took = time.monotonic() - started
    rate = limits.COMMANDS_PER_USER
    assert codes.keys() == {"ok", "rate_limited"}
    assert codes["ok"] <= rate.burst + rate.per_second * took + 1
    assert codes["ok"] >= rate.burst - len(tabs), "joining takes a little of it"
    assert all(ack["ok"] for ack in others)
    assert server.connections == 11, "being refused this often closes nobody yet"


async def test_40_a_class_of_fifty_behind_one_address(desk: Desk) -> None:
    """A normal start, with the limits as delivered: fifty links are looked at and opened, fifty pages load, fifty come in, say
    hello, raise a hand and vote. Nobody is refused anything."""
    house = desk.house
    server = await house.another(limits_factor=1)
    session = await house.session(max_participants=100)
    mara = await desk.caller("mara", server)
    [host] = await house.enter(session, "mara", server=server)
    link = (await mara.post(f"/live-sessions/{session}/invitations", {})).json["token"]
    assert (await host.submit("poll.quick", template="yesno"))["ok"]
    poll = (await host.sees("poll.opened"))["pollId"]
    started = time.monotonic()
    few_at_once = asyncio.Semaphore(10)

    async def arrive(number: int) -> Visitor:
        async with few_at_once:
            return await one_of_the_class(desk, server, session, link, number, poll)

    visitors = await asyncio.gather(*(arrive(number) for number in range(CLASS)))
    print(f"a class of {CLASS} was in after {time.monotonic() - started:.1f} s")
    assert len({visitor.user for visitor in visitors}) == CLASS
    said = (await mara.get(f"/live-sessions/{session}/chat?limit=200")).json["items"]
    assert len(said) == CLASS


async def one_of_the_class(desk: Desk, server: Server, session: Any, link: str, number: int, poll: str) -> Visitor:
    nobody = desk.nobody(server)
    assert (await nobody.post("/invitations/look", {"token": link})).status == 200
    welcome = await nobody.post("/invitations/redeem", {"token": link, "name": f"Guest {number}"})
    assert welcome.status == 200, welcome
    caller = Caller(nobody.api, f"guest {number}", welcome.json["userId"], welcome.json["accessToken"])
    base = f"/live-sessions/{session}"
    for path in ("/me", "/live-sessions", base, f"{base}/registrations", f"{base}/chat", f"{base}/polls", "/me"):
        assert (await caller.get(path)).status == 200, path
    visitor = await Visitor(server.url, caller.token, caller.user).connect()
    desk.house.visitors.append(visitor)
    assert (await visitor.join(session))["ok"]
    for kind, fields in (
        ("chat.send", {"text": f"hello from {number}"}),
        ("hand.raise", {}),
        ("poll.vote", {"pollId": poll, "choices": [number % 2]}),
        ("hand.lower", {}),
    ):
        ack = await visitor.submit(kind, **fields)
        assert ack["ok"], ack
    return visitor


async def test_40_a_process_that_is_late_takes_nobody_in(house: House) -> None:
    """What it has goes on; health answers; when it has caught up the door is open again."""
    session = await house.session()
    [ana] = await house.enter(session, "ana")
    engine = house.app[GATEWAY].wire.engine
    assert await knock(house.server) == 101
    for _ in range(12):
        time.sleep(1.0)  # noqa: ASYNC251 - this is the fault
        await asyncio.sleep(0.12)
        if engine.lag_s > limits.LOOP_LAG_MAX_S:
            break
    assert engine.lag_s > limits.LOOP_LAG_MAX_S
    assert await knock(house.server) == 503
    async with ClientSession() as http, http.get(f"{house.server.url}/healthz") as health:
        assert health.status == 200
    assert (await ana.submit("hand.raise"))["ok"]
    async with asyncio.timeout(10):
        while await knock(house.server) != 101:  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0.1)


async def test_40_a_process_that_waits_for_postgres_takes_nobody_in(house: House) -> None:
    """Whoever came in could only wait as well."""
    database, given_back = house.app[DATABASE], asyncio.Event()

    async def borrow() -> None:
        with suppress(Unavailable):
            async with database.connection():
                await given_back.wait()

    borrowing = [asyncio.create_task(borrow()) for _ in range(database.in_use()["engine"][1] + 5)]
    assert await knock(house.server) == 101, "only for a moment so far"
    async with asyncio.timeout(10):
        while await knock(house.server) != 503:  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0.1)
    given_back.set()
    await asyncio.wait(borrowing)
    assert await knock(house.server) == 101


async def knock(server: Server, **headers: str) -> int:
    """The status of an attempt to open a connection; 503 says when to come again."""
    async with ClientSession() as http:
        try:
            async with http.ws_connect(server.url + PATH, headers=headers):
                return 101
        except WSServerHandshakeError as error:
            refused = error
    assert refused.headers is not None
    assert refused.status != 503 or int(refused.headers["Retry-After"]) >= 1
    return refused.status


# -- 41 --


async def test_41_an_address_has_so_many_connections(house: House, raw: Make) -> None:
    server = await house.another(limits_factor=0.02)
    server.app[LIMITS].connects_per_address = Buckets(Rate(1e6, 1e6))
    cap = server.app[LIMITS].connections_per_address
    assert cap == limits.CONNECTIONS_PER_ADDRESS * 0.02 == 10
    held = [await raw_at(raw, server) for _ in range(cap)]
    assert await knock(server) == 503
    await held[0].close()
    async with asyncio.timeout(5):
        while await knock(server) != 101:  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0.05)


async def raw_at(raw: Make, server: Server, **headers: str) -> Raw:
    one = raw()
    one.url = server.url
    return await one.open(**headers)


async def test_41_a_network_of_ipv6_is_one_client(house: House, raw: Make) -> None:
    """Whoever has one address of a /64 has all of them; the next /64 is somebody else."""
    server = await house.another(limits_factor=0.02, trusted_proxies=("127.0.0.1",))
    server.app[LIMITS].connects_per_address = Buckets(Rate(1e6, 1e6))
    cap = server.app[LIMITS].connections_per_address
    for number in range(cap):
        await raw_at(raw, server, **{"X-Forwarded-For": f"2001:db8:0:1:{number:x}::{number:x}"})
    assert await knock(server, **{"X-Forwarded-For": "2001:db8:0:1:ffff::1"}) == 503
    assert await knock(server, **{"X-Forwarded-For": "2001:db8:0:2::1"}) == 101
    assert await knock(server, **{"X-Forwarded-For": "::ffff:192.0.2.1"}) == 101
    assert server.app[GATEWAY]._per_address.keys() <= {"2001:db8:0:1::/64"} | {"192.0.2.1", "2001:db8:0:2::/64"}


async def test_41_all_together_have_so_many_and_health_still_answers(house: House, raw: Make) -> None:
    server = await house.another()
    server.app[LIMITS].connections = 5
    for _ in range(5):
        await raw_at(raw, server)
    assert await knock(server) == 503
    async with ClientSession() as http:
        for path in ("/healthz", "/readyz", "/api/v1/openapi.json"):
            async with http.get(server.url + path) as answer:
                assert answer.status == 200, path


def test_41_files_are_kept_free_of_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("live.limits.getrlimit", lambda _what: (1_024, 4_096))
    assert limits.Limits(1_000).connections == 1_024 - limits.FILES_RESERVED
    monkeypatch.setattr("live.limits.getrlimit", lambda _what: (1_000_000, 1_000_000))
    assert limits.Limits().connections == limits.CONNECTIONS


# -- 42 --


async def test_42_coming_and_going_is_not_passed_on_without_end(house: House) -> None:
    """Each coming and going is an event for everybody: there are only so many a minute."""
    await with_limits(house)
    session = await house.session()
    [mara] = await house.enter(session, "mara")
    ana = await house.visitor("ana")
    before, started = await head(house, session), time.monotonic()
    codes: Counter[str] = Counter()
    for _ in range(40):
        for answer in (await ana.join(session), await ana.leave()):
            codes[answer.get("code", "ok")] += 1
    rate, took = limits.JOINS_PER_CONNECTION, time.monotonic() - started
    assert codes.keys() == {"ok", "rate_limited"}
    assert codes["ok"] <= rate.burst + rate.per_second * took + 1
    assert await head(house, session) - before <= codes["ok"]
    await mara.sees("participant.left")
    assert sum("participant." in each for each in mara.types) <= codes["ok"]


async def test_42_signals_beyond_their_rate_are_dropped(house: House, raw: Make) -> None:
    """Pings are answered as often as the rate allows, and typing goes no further than ten times a second to each."""
    server = await with_limits(house)
    session = await house.session()
    [mara] = await house.enter(session, "mara")
    ana = await raw_at(raw, server)
    await ana.sign_in(await house.token("ana"))
    assert (await ana.call("join", {"sessionId": session}, 1))["ok"]
    started = time.monotonic()
    for number in range(120):
        with suppress(ConnectionError):
            await ana.send(
                event("signal", {"type": "ping", "t": number} if number % 2 else {"type": "typing", "on": True})
            )
    await asyncio.sleep(0.5)
    took = time.monotonic() - started
    rate = limits.SIGNALS_PER_CONNECTION
    allowed = rate.burst + rate.per_second * took + 1
    pongs = [each for each in ana.heard("signal") if each["type"] == "pong"]
    assert 0 < len(pongs) <= allowed
    assert 0 < len(mara.signals) <= took * 10 + 2
    assert await head(house, session) == (await house.app[HOSTS].read(session)).seq


async def test_42_reactions_are_bounded_by_the_rate_of_commands(house: House) -> None:
    await with_limits(house)
    session = await house.session()
    ana, ben = await house.enter(session, "ana", "ben")
    before, started = await head(house, session), time.monotonic()
    acks = await asyncio.gather(*(ana.submit("reaction.send", emoji="👍") for _ in range(90)))
    rate, took = limits.COMMANDS_PER_CONNECTION, time.monotonic() - started
    accepted = sum(ack["ok"] for ack in acks)
    assert accepted <= rate.burst + rate.per_second * took + 1
    assert await head(house, session) - before == accepted
    await ben.until(lambda visitor: visitor.types.count("reaction.sent") == accepted)


# -- 43 --


def paged() -> list[Route]:
    return [each for each in routes() if each.query is not None and "limit" in each.query.model_fields]


def needed(route: Route) -> str:
    """Of a list that asks what it is to be of: words to look for, or an id."""
    assert route.query is not None
    required = [to_camel(name) for name, field in route.query.model_fields.items() if field.is_required()]
    return "".join(f"{name}={'x' if name == 'q' else uuid4()}&" for name in required)


async def test_43_a_page_is_at_most_200(desk: Desk, subtests: pytest.Subtests) -> None:
    for value in ("1000000000", "201", "0", "-1", "1e9", "", "0x10", "٣", "50;DROP"):
        with subtests.test(value=value):
            session = await desk.house.session()
            mara, ada = await desk.caller("mara"), await desk.caller("ada")
            assert len(paged()) >= 7
            for route in paged():
                path, most = route.path.format(session_id=session), 100 if route.path == "/search" else 200
                asked = needed(route)
                for caller in (mara, ada):
                    answer = await caller.get(f"{path}?{asked}limit={value}")
                    assert answer.status in (422, 403), (path, value, answer.status)
                assert (await ada.get(f"{path}?{asked}limit={most}")).status == 200, path


CURSORS: tuple[Any, ...] = (
    ["2030-01-01T00:00:00", str(uuid4())],
    ["0001-01-01T00:00:00+23:59", str(uuid4())],
    ["9999-12-31T23:59:59-23:59", str(uuid4())],
    ["2030-01-01T00:00:00Z", "' OR 1=1"],
    ["2030-01-01", str(uuid4())],
    [1e308, str(uuid4())],
    [None, None],
    {"a": 1},
    [[[[[[]]]]]],
    "x",
)


async def test_43_a_forged_cursor_only_starts_elsewhere(desk: Desk) -> None:
    session = await desk.house.session()
    ada = await desk.caller("ada")
    forged = [urlsafe_b64encode(json.dumps(each).encode()).decode().rstrip("=") for each in CURSORS]
    forged += ["9" * 18, "9" * 19, "-1", "%00", "🎈", "=" * 50, "A" * 200, "A" * 201]
    for route in paged():
        for cursor in forged:
            answer = await ada.get(f"{route.path.format(session_id=session)}?{needed(route)}cursor={cursor}")
            assert answer.status in (200, 422), (route.path, cursor, answer)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 20_000,
        "[]" * 10_000,
        "[a" * 10_000,
        "a]" * 10_000,
        "q" + " " * 19_000 + "[",
        "q [" + "single," * 2_800 + "]",
        "q\n" + "- a\n" * 4_900,
        "q\n\n" * 5_000,
        "q [rating " + "9" * 19_000 + "]",
        "\ufeff" * 20_000,
        "\u2028" * 20_000,
    ],
    ids=lambda text: repr(text[:10]),
)
def test_43_a_text_of_polls_is_read_in_linear_time(text: str) -> None:
    """A quarter of it costs a quarter; were the time quadratic, it would cost a sixteenth."""

    def read(length: int) -> None:
        with suppress(Refused):
            parse(text[:length])

    assert cost_s(lambda: read(len(text))) < 9 * cost_s(lambda: read(len(text) // 4)) + 0.05


async def test_43_an_expensive_report_costs_more_of_ones_rate(desk: Desk) -> None:
    server = await desk.house.another(limits_factor=1)
    session = await desk.house.session()
    mara = await desk.caller("mara", server)
    answers = await asyncio.gather(
        *(mara.get(f"/live-sessions/{session}/attendance.csv") for _ in range(int(limits.REST_PER_USER.burst)))
    )
    read = sum(each.status == 200 for each in answers)
    assert 0 < read < limits.REST_PER_USER.burst / 2
    assert {each.status for each in answers} == {200, 429}


async def test_40_whoever_was_sent_away_waits_as_long_as_was_said(
    house: House, raw: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On every line of theirs; nobody else does, and what they have open goes on."""
    await house.instead(limits_factor=1)
    token, others = await house.token("ana"), await house.token("ben")
    flooding, open_already = raw(), raw()
    for each in (flooding, open_already):
        assert (await (await each.open()).sign_in(token))["type"] == 0
    for number in range(limits.REFUSALS_MAX + 1):
        await flooding.send(event("submit", {"id": "x"}, id_=number))
    assert await flooding.ends() == 4313
    refused = await (await raw().open()).sign_in(token)
    assert (refused["type"], refused["data"]["data"]) == (4, {"code": "rate_limited"})
    assert (await (await raw().open()).sign_in(others))["type"] == 0
    assert (await open_already.call("leave", {}, 1))["ok"]
    gateway = house.app[GATEWAY]
    monkeypatch.setattr(gateway, "_sent_away", {user: at - 60 for user, at in gateway._sent_away.items()})
    assert (await (await raw().open()).sign_in(token))["type"] == 0
