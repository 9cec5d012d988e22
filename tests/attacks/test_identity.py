"""Attacks 1 to 13, where the tests of the socket and of REST leave something open: whoever is not, or not any more, who they say."""

import asyncio
import json
import socket
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import ClientSession, WSServerHandshakeError
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from live.byes import REVOKED
from live.keys import ACCESS_TOKENS, DIRECTORY, GATEWAY, LIMITS, MAIL, TOKENS
from live.limits import LOGIN_PER_ADDRESS
from live.tokens import LEEWAY_S, AccessTokens
from persistence.encryption import derive
from persistence.models.user import NewUser, PlatformRole, UserAdministration
from persistence.tokens import TokenKind
from rooms.ids import UserId
from tests.api.conftest import Caller
from tests.api.test_mail import Postbox
from tests.attacks.conftest import Desk, head
from tests.conftest import find_free_port
from tests.databases import SECRET_KEY
from tests.live.conftest import House, Server
from tests.live.raw import PATH, Raw, event
from tests.live.visitor import Visitor

Make = Callable[[], Raw]
PASSWORD = "correct horse battery"
CLOSED_WITHIN_S = 2.0
SLACK = 2.0  # this machine is shared


async def test_3_whatever_comes_after_the_end_was_decided_is_not_heard(house: House, raw: Make) -> None:
    """Not even what was on its way: with the sign-in revoked, the rules themselves would have let it through."""
    session = await house.session()
    ana = await raw().open()
    await ana.sign_in(await house.token("ana"))
    assert (await ana.call("join", {"sessionId": session}, 1))["ok"]
    before = await head(house, session)
    [connection] = house.app[GATEWAY].connections()
    connection.channel.part(REVOKED)
    for number in range(20):
        await ana.send(event("submit", {"id": str(uuid4()), "type": "hand.raise"}, id_=10 + number))
    await ana.ends()
    assert await head(house, session) == before
    assert not [each for each in ana.packets if each["type"] == 3 and each["id"] >= 10]


async def test_4_only_names_of_this_server_are_served(house: House) -> None:
    """A page of a name that was made to lead here (DNS rebinding) would read what needs no token, as the demo's cast."""
    port = house.server.settings.port
    async with ClientSession() as http:
        for path in ("/api/v1/demo", "/api/v1/openapi.json", "/api/docs", "/", "/demo/mara", "/socket.io/" + PATH[11:]):
            for host in ("evil.example", f"evil.example:{port}", "127.0.0.1", f"localhost.evil.example:{port}", ""):
                async with http.get(house.server.url + path, headers={"Host": host}) as refused:
                    assert refused.status == 403, (path, host)
        for path in ("/healthz", "/readyz"):
            async with http.get(house.server.url + path, headers={"Host": "10.0.0.7"}) as asked:
                assert asked.status == 200, path
    assert b" 403 " in await exchange(port, b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.0\r\n\r\n")


async def exchange(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    try:
        return await asyncio.wait_for(reader.read(200), 5)
    finally:
        writer.close()


async def test_5_a_cookie_is_nobody(house: House, raw: Make) -> None:
    token = await house.token("ana")
    cookie = f"token={token}; access_token={token}; io={token}"
    attacker = await raw().open(Cookie=cookie)
    assert (await attacker.sign_in(None))["data"]["data"]["code"] == "token_invalid"
    async with ClientSession() as http:
        with pytest.raises(WSServerHandshakeError) as caught:
            await http.ws_connect(house.server.url + PATH, headers={"Origin": "https://evil.example", "Cookie": cookie})
        assert caught.value.status == 403
        async with http.get(f"{house.server.url}/api/v1/me", headers={"Cookie": cookie}) as answer:
            assert answer.status == 401
        async with http.get(f"{house.server.url}/api/v1/openapi.json") as answer:
            assert "Set-Cookie" not in answer.headers


def part(document: object) -> str:
    return urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


def test_9_neither_a_header_nor_another_kind_of_key_chooses_how_a_token_is_checked() -> None:
    tokens, now = AccessTokens(SECRET_KEY), int(time.time())
    claims = {"iss": "atelier", "aud": "atelier", "sub": str(uuid4()), "fam": str(uuid4()), "iat": now, "nbf": now}
    own = OctKey.import_key(derive(SECRET_KEY, "access tokens"))
    theirs, asymmetric = OctKey.generate_key(256), RSAKey.generate_key(2048)
    kids = ("../../../dev/null", "' OR '1'='1", "/proc/self/environ", "http://127.0.0.1:1/key")
    forged = [
        *(jwt.encode({"alg": "HS256", "kid": kid}, {**claims, "exp": now + 600}, theirs) for kid in kids),
        jwt.encode({"alg": "HS256", "jwk": theirs.as_dict()}, {**claims, "exp": now + 600}, theirs),
        jwt.encode({"alg": "RS256"}, {**claims, "exp": now + 600}, asymmetric, algorithms=["RS256"]),
        f"{part({'alg': 'RS256'})}.{part({**claims, 'exp': now + 600})}.{part('x')}",
        f"{part({'alg': ['HS256']})}.{part({**claims, 'exp': now + 600})}.{part('x')}",
        f"{part({'alg': 'HS256', 'b64': False, 'crit': ['b64']})}.{part({**claims, 'exp': now + 600})}.{part('x')}",
        jwt.encode({"alg": "HS256"}, {**claims, "exp": now + 600, "nbf": now + LEEWAY_S + 30}, own),
        jwt.encode({"alg": "HS256"}, {**claims, "exp": now - LEEWAY_S - 2}, own),
        jwt.encode({"alg": "HS256"}, {**claims, "exp": float("1e300")}, own),
        jwt.encode({"alg": "HS256"}, {**claims, "exp": now + 600, "aud": ["atelier", "others"]}, own),
    ]
    for token in forged:
        with pytest.raises(Exception, match=r"token_(invalid|expired)"):
            tokens.read(token)
    assert LEEWAY_S <= 60
    assert tokens.read(jwt.encode({"alg": "HS256"}, {**claims, "exp": now - 2}, own)).user == claims["sub"]


# -- 10: the end of a sign-in, done on one server, closes the sockets of all within 2 s --


async def ends(visitors: list[Visitor]) -> float:
    started = time.monotonic()
    for visitor in visitors:
        async with asyncio.timeout(10):
            await visitor.closed.wait()
        assert visitor.byes == [{"code": "revoked", "reconnect": False}]
    took = time.monotonic() - started
    print(f"closed after {took:.2f} s")
    return took


async def tabs(house: House, name: str, session: Any) -> tuple[list[Visitor], str]:
    """One sign-in, open on every server."""
    token = await house.token(name)
    found = [await Visitor(each.url, token, await house.user(name)).connect() for each in house.servers]
    house.visitors.extend(found)
    for visitor in found:
        assert (await visitor.join(session))["ok"]
    return found, token


async def password_of(house: House, name: str) -> None:
    await house.app[DIRECTORY].set_password(await house.user(name), PASSWORD)


@pytest.mark.parametrize("act", ["logout", "password", "suspended", "reset", "refresh used twice"])
async def test_10_the_end_of_a_sign_in_reaches_every_server(
    desk: Desk, act: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = desk.house
    session = await house.session()
    other = await house.another()
    await password_of(house, "ana")
    visitors, token = await tabs(house, "ana", session)
    [ben] = await house.enter(session, "ben")
    caller = Caller(desk.nobody(other).api, "ana", await house.user("ana"), token, house.secrets["ana"])
    match act:
        case "logout":
            done = await caller.post("/auth/logout")
        case "password":
            done = await caller.post("/auth/password", {"current": PASSWORD, "new": "another long one"})
        case "suspended":
            ada = await desk.caller("ada", other)
            done = await ada.change(f"/users/{caller.user}", {"status": "suspended"})
        case "reset":
            link = await house.app[TOKENS].issue(caller.user, TokenKind.RESET)
            done = await caller.api.nobody.post("/auth/reset", {"token": link.secret, "new": "another long one"})
        case _:
            from datetime import timedelta

            monkeypatch.setattr("persistence.tokens.RENEWAL_GRACE", timedelta(0))
            done = await caller.api.nobody.post("/auth/refresh", {"refreshToken": caller.refresh_token})
            again = await caller.api.nobody.post("/auth/refresh", {"refreshToken": caller.refresh_token})
            assert again.code == "token_invalid"
    assert done.status < 300, done
    assert await ends(visitors) < CLOSED_WITHIN_S + SLACK
    assert (await ben.submit("hand.raise"))["ok"], "nobody else is concerned"
    for server in house.servers:
        with pytest.raises(Exception, match=r"token_revoked|sign in|One or more namespaces"):
            await Visitor(server.url, token, caller.user).connect()


async def test_10_who_administrates_no_more_does_not_on_an_open_socket_either(house: House) -> None:
    session = await house.session()
    ada = await house.visitor("ada")
    assert (await ada.join(session))["ok"]
    assert (await ada.submit("session.update", title="by an administrator"))["ok"]
    directory = house.app[DIRECTORY]
    await directory.set_roles(await house.user("eve"), [PlatformRole.ADMIN], None)  # there is always one
    await directory.set_roles(await house.user("ada"), [PlatformRole.LEARNER], None)
    await asyncio.sleep(CLOSED_WITHIN_S)
    refused = await ada.submit("session.update", title="by nobody in particular")
    assert refused.get("code") == "forbidden", refused


# -- 11: what exists, and who --


async def test_11_a_session_that_is_not_ones_own_is_one_that_is_not(house: House) -> None:
    """Joining, and everything that names a session, a message, a poll or a question of another."""
    session = await house.session()
    eve = await house.visitor("eve")
    acks = [
        await eve.join(each) for each in (session, str(uuid4()), session[:-1] + ("0" if session[-1] != "0" else "1"))
    ]
    assert acks[0] == acks[1] == acks[2]
    assert acks[0]["code"] == "not_found"
    assert eve.frames == []


async def test_11_ids_are_not_guessable(house: House) -> None:
    """Version 4 of a UUID: 122 bits of chance, no clock, no counter; or made from one that is."""
    from uuid import UUID

    session = await house.session()
    ids = [session, *house.people.values()]
    assert {UUID(each).version for each in ids} == {4}
    tokens = [(await house.app[TOKENS].issue(await house.user("ana"), TokenKind.REFRESH)).secret for _ in range(50)]
    assert len(set(tokens)) == 50
    assert all(len(each) >= 43 for each in tokens)


async def test_11_links_of_nobody_cost_and_say_the_same(desk: Desk) -> None:
    """The key derivation runs for a reset link that was never made as it does for one that was."""
    house = desk.house
    user, passwords = await house.user("ana"), house.app[DIRECTORY].passwords
    good = await house.app[TOKENS].issue(user, TokenKind.RESET)
    spent = await house.app[TOKENS].issue(user, TokenKind.RESET)
    assert await house.app[TOKENS].spend(spent.secret) == user
    runs, answers = [], []
    for token in (good.secret, spent.secret, "x" * 43, "' OR true --"):
        before = passwords.derivations
        answers.append(await desk.nobody().post("/auth/reset", {"token": token, "new": "another long one"}))
        runs.append(passwords.derivations - before)
    assert runs == [1, 1, 1, 1]
    assert answers[0].status == 204
    assert len({(each.status, each.body) for each in answers[1:]}) == 1
    assert answers[1].code == "not_found"


async def test_11_a_reset_link_survives_a_flood(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """While too many passwords wait to be verified, it is not used up by having been tried."""
    house = desk.house
    link = await house.app[TOKENS].issue(await house.user("ana"), TokenKind.RESET)
    body = {"token": link.secret, "new": "another long one"}
    with monkeypatch.context() as flooded:
        flooded.setattr("persistence.passwords.WAITING_MAX", 0)
        assert (await desk.nobody().post("/auth/reset", body)).code == "overloaded"
    assert (await desk.nobody().post("/auth/reset", body)).status == 204


@pytest.fixture
async def postbox() -> AsyncIterator[Postbox]:
    postbox = Postbox(find_free_port())
    server = await asyncio.start_server(postbox.serve, "127.0.0.1", postbox.port)
    yield postbox
    server.close()
    await server.wait_closed()


async def test_11_a_letter_goes_to_the_address_of_the_account(desk: Desk, postbox: Postbox) -> None:
    """Not to the one that was given: `straße` and `strasse` read alike to us, but have different owners."""
    server = await desk.house.another(smtp_url=f"smtp://127.0.0.1:{postbox.port}")
    directory = desk.house.app[DIRECTORY]
    new = NewUser(email="anna@strasse.example", first_name="Anna", last_name="Example", roles=())
    anna = await directory.create_user(new)
    given = (
        "anna@straße.example",
        "ANNA@STRASSE.EXAMPLE",
        "nobody@strasse.example",
        "anna@strasse.example\r\nBcc: x@y.z",
    )
    answers = [await desk.nobody(server).post("/auth/forgotten", {"email": each}) for each in given]
    assert {(each.status, each.body) for each in answers} == {(204, b"")}
    await server.app[MAIL].close()
    assert [line for letter in postbox.letters for line in letter.splitlines() if line.startswith(("To:", "Bcc:"))] == [
        "To: anna@strasse.example"
    ] * 2
    await directory.change(anna, UserAdministration.model_validate({"status": "suspended"}))
    await desk.nobody(server).post("/auth/forgotten", {"email": "anna@strasse.example"})
    await server.app[MAIL].close()
    assert len(postbox.letters) == 2


# -- 12 and 13 --


async def test_12_a_flood_of_passwords_is_not_felt_in_a_room(desk: Desk) -> None:
    house = desk.house
    session = await house.session()
    [ana] = await house.enter(session, "ana")
    nobody, stop = desk.nobody(), asyncio.Event()
    codes: set[str] = set()
    started = time.monotonic()
    await house.app[DIRECTORY].passwords.verify(None, "a wrong one")
    derivation_s = time.monotonic() - started

    async def flood(number: int) -> None:
        while not stop.is_set():
            tried = await nobody.post("/auth/token", {"email": f"{number}@example.org", "password": "a wrong one"})
            codes.add(tried.code)
            await asyncio.sleep(0.5)  # the flood shares this loop: it must not be what is felt

    floods = [asyncio.create_task(flood(number)) for number in range(60)]
    took = []
    for number in range(20):
        started = time.monotonic()
        assert (await ana.submit("hand.raise" if number % 2 == 0 else "hand.lower"))["ok"]
        took.append(time.monotonic() - started)
        await asyncio.sleep(0.05)
    stop.set()
    await asyncio.gather(*floods)
    assert {"wrong_credentials", "overloaded"} <= codes <= {"wrong_credentials", "overloaded", "unavailable"}
    print(f"a command took {min(took) * 1000:.0f} ms at best, a derivation alone {derivation_s * 1000:.0f} ms")
    assert min(took) < 5 * derivation_s, "every command waited for derivations: they hold up the loop"


async def test_12_what_succeeded_is_not_counted_against_an_address(desk: Desk) -> None:
    """So a classroom behind one address signs in, and whoever guesses has their twenty tries all the same."""
    server = await desk.house.another(limits_factor=1)
    directory = desk.house.app[DIRECTORY]
    for number in range(int(LOGIN_PER_ADDRESS.burst) + 10):
        new = NewUser(email=f"{number}@example.org", first_name="N", last_name=str(number), password=PASSWORD)
        await directory.create_user(new)
        signed = await desk.nobody(server).post("/auth/token", {"email": new.email, "password": PASSWORD})
        assert signed.status == 200, number
    tries = [
        (await desk.nobody(server).post("/auth/token", {"email": f"{number}@example.org", "password": "wrong"})).code
        for number in range(int(LOGIN_PER_ADDRESS.burst) + 1)
    ]
    assert set(tries[:-1]) == {"wrong_credentials"}
    assert tries[-1] == "rate_limited"
    own = await desk.nobody(server).post("/auth/token", {"email": "0@example.org", "password": PASSWORD})
    assert own.code == "rate_limited", "a right password in between does not reset the count"


FORWARDED = {
    "X-Forwarded-For": "203.0.113.{n}",
    "X-Real-IP": "203.0.113.{n}",
    "Forwarded": "for=203.0.113.{n};host=evil.example;proto=https",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "https",
}


async def connects(server: Server, number: int) -> int:
    headers = {name: value.format(n=number) for name, value in FORWARDED.items()}
    async with ClientSession() as http:
        try:
            async with http.ws_connect(server.url + PATH, headers=headers):
                return 101
        except WSServerHandshakeError as error:
            return error.status


async def test_13_an_invented_address_opens_no_further_connections(house: House) -> None:
    """The rate of connections is the real address's; only a configured proxy may name another."""
    plain = await house.another(limits_factor=0.1)
    behind = await house.another(limits_factor=0.1, trusted_proxies=("127.0.0.1",))
    burst = int(plain.app[LIMITS].connects_per_address.rate.burst)
    for server, last in ((plain, 503), (behind, 101)):
        statuses = [await connects(server, number) for number in range(burst + 1)]
        assert statuses == [101] * burst + [last]


async def test_13_a_forwarded_host_or_scheme_changes_no_link(desk: Desk) -> None:
    session = await desk.house.session()
    mara = await desk.caller("mara")
    headers = {name: value.format(n=1) for name, value in FORWARDED.items()}
    made = await mara.post(f"/live-sessions/{session}/invitations", {}, headers=headers)
    assert made.json["url"].startswith(desk.house.server.settings.url + "/join#")
    assert "evil" not in made.json["url"]
    async with ClientSession() as http:
        host = {"Host": "evil.example", "X-Forwarded-Host": f"127.0.0.1:{desk.house.server.settings.port}"}
        with pytest.raises(WSServerHandshakeError) as caught:
            await http.ws_connect(desk.house.server.url + PATH, headers=host)
        assert caught.value.status == 403


def test_a_name_is_never_asked_of_the_resolver(monkeypatch: pytest.MonkeyPatch) -> None:
    """`request.host` asks it where the header is missing, and the whole server waits for the answer."""
    from aiohttp.test_utils import make_mocked_request

    from live.addresses import is_for

    monkeypatch.setattr(socket, "getfqdn", lambda: pytest.fail("the resolver was asked"))
    assert not is_for(make_mocked_request("GET", "/"), frozenset({"localhost:8080"}))
    assert is_for(make_mocked_request("GET", "/", headers={"Host": "LOCALHOST:8080"}), frozenset({"localhost:8080"}))


def test_a_token_of_nobody_is_no_token(house: House) -> None:
    with pytest.raises(Exception, match="token_invalid"):
        house.app[ACCESS_TOKENS].read(AccessTokens("another secret key of the right length").issue(UserId("x"), "y"))
