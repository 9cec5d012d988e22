"""Attacks 1 to 10 of docs/guarantees.md on the socket: who may open a connection, with what, and how it ends."""

import asyncio
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from uuid import uuid4

import pytest
from aiohttp import ClientSession, WSServerHandshakeError
from joserfc import jwt
from joserfc.jwk import OctKey

from live.keys import ACCESS_TOKENS, TOKENS
from live.tokens import AccessTokens
from persistence.encryption import derive
from rooms.ids import UserId
from tests.databases import SECRET_KEY
from tests.live.conftest import House
from tests.live.raw import PATH, Raw, event

Make = Callable[[], Raw]


async def refusal_of(raw: Raw, token: str | None) -> str:
    """The code, after which the connection is closed within a second."""
    answer = await (await raw.open()).sign_in(token)
    assert answer["type"] == 4, answer
    await raw.ends()
    assert [each["type"] for each in raw.packets] == [4], "nothing else may be sent"
    return str(answer["data"]["data"]["code"])


async def test_1_no_token(raw: Make) -> None:
    assert await refusal_of(raw(), None) == "token_invalid"


async def test_1_an_expired_token(house: House, raw: Make) -> None:
    await house.token("ana")
    old = house.app[ACCESS_TOKENS].issue(await house.user("ana"), house.families["ana"], lifetime_s=-60)
    assert await refusal_of(raw(), old) == "token_expired"


async def test_1_a_token_of_another_server(house: House, raw: Make) -> None:
    foreign = AccessTokens("another secret key, as long as it has to be").issue(await house.user("ana"), str(uuid4()))
    assert await refusal_of(raw(), foreign) == "token_invalid"


async def test_1_a_revoked_token(house: House, raw: Make) -> None:
    token = await house.token("ana")
    await house.app[TOKENS].revoke_family(house.families["ana"])
    assert await refusal_of(raw(), token) == "token_revoked"


def forged(user: str, family: str, **changes: object) -> str:
    now = int(time.time())
    claims = {"iss": "atelier", "aud": "atelier", "sub": user, "fam": family, "iat": now, "nbf": now, "exp": now + 600}
    key = OctKey.import_key(derive(SECRET_KEY, "access tokens"))
    return jwt.encode({"alg": "HS256"}, {**claims, **changes}, key)


def part(document: object) -> str:
    return urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


async def test_9_only_the_one_algorithm_with_all_claims(house: House, raw: Make) -> None:
    await house.token("ana")
    user, family = await house.user("ana"), house.families["ana"]
    honest = forged(user, family)
    assert (await (await raw().open()).sign_in(honest))["type"] == 0
    head, claims, signature = honest.split(".")
    bad = {
        "alg none": f"{part({'alg': 'none'})}.{claims}.",
        "alg none, signed": f"{part({'alg': 'none'})}.{claims}.{signature}",
        "another alg": f"{part({'alg': 'HS512'})}.{claims}.{signature}",
        "a kid that is a path": f"{part({'alg': 'HS256', 'kid': '../../dev/null'})}.{claims}.{signature}",
        "another audience": forged(user, family, aud="somebody"),
        "another issuer": forged(user, family, iss="somebody"),
        "not yet": forged(user, family, nbf=int(time.time()) + 3_600),
        "without an end": forged(user, family, exp=None),
        "an end that is no number": forged(user, family, exp="9999999999"),
        "a bare header": f"{head}.{claims}",
    }
    for name, token in bad.items():
        assert await refusal_of(raw(), token) == "token_invalid", name
    assert await refusal_of(raw(), forged(user, family, exp=int(time.time()) - 61)) == "token_expired"


async def test_2_a_connection_that_never_signs_in_is_closed(raw: Make) -> None:
    started = time.monotonic()
    await (await raw().open()).ends(15.0)
    assert time.monotonic() - started > 3


async def test_3_what_is_sent_before_the_sign_in_is_never_heard(house: House, raw: Make) -> None:
    session = await house.session()
    eager = await raw().open()
    await eager.send(event("join", {"sessionId": session}, id_=1))
    await eager.ends()
    assert eager.packets == []


async def test_3_another_namespace_is_not_there(house: House, raw: Make) -> None:
    import msgpack

    curious = await raw().open()
    for namespace in ("/", "/admin", "/live2", "/live?x=1"):
        await curious.send(msgpack.packb({"type": 0, "data": {"token": await house.token("ana")}, "nsp": namespace}))
    await curious.send(msgpack.packb({"type": 0, "data": None, "nsp": ""}))
    await curious.ends()
    assert all(each["type"] != 0 for each in curious.packets)


async def test_4_only_known_hosts_and_origins(house: House) -> None:
    port = house.server.settings.port
    cases = {
        (f"127.0.0.1:{port}", f"http://127.0.0.1:{port}"): 101,
        (f"localhost:{port}", f"http://localhost:{port}"): 101,
        (f"127.0.0.1:{port}", None): 101,
        (f"127.0.0.1:{port}", "null"): 403,
        (f"127.0.0.1:{port}", "http://evil.example"): 403,
        (f"127.0.0.1:{port}", f"http://127.0.0.1.evil.example:{port}"): 403,
        (f"127.0.0.1:{port}", f"http://evil.localhost:{port}"): 403,
        (f"127.0.0.1:{port}", f"https://127.0.0.1:{port}"): 403,
        (f"127.0.0.1:{port}", "http://127.0.0.1"): 403,
        ("evil.example", "http://evil.example"): 403,
        ("evil.example", None): 403,
    }
    async with ClientSession() as http:
        for (host, origin), expected in cases.items():
            headers = {"Host": host} | ({} if origin is None else {"Origin": origin})
            try:
                async with http.ws_connect(house.server.url + PATH, headers=headers):
                    status = 101
            except WSServerHandshakeError as error:
                status = error.status
            assert status == expected, (host, origin)


@pytest.mark.parametrize(
    "query",
    [
        "EIO=4&transport=polling",
        "EIO=4&transport=polling&j=1",
        "EIO=4&transport=websocket&j=1",
        "EIO=4&transport=websocket&sid=abc",
        "EIO=3&transport=websocket",
        "transport=websocket",
        "EIO=4&transport=websocket&token=abc",
    ],
)
async def test_5_6_7_8_nothing_but_a_websocket_without_a_past(house: House, query: str) -> None:
    """No polling, no JSONP, no session of somebody else, no token in the address."""
    async with ClientSession() as http:
        for method in ("GET", "POST", "OPTIONS"):
            async with http.request(method, f"{house.server.url}/socket.io/?{query}") as response:
                assert response.status in (400, 405), method


async def test_7_another_ones_sid_is_worth_nothing(house: House, raw: Make) -> None:
    ana = await raw().open()
    await ana.sign_in(await house.token("ana"))
    sid = json.loads(ana.texts[0][1:])["sid"]
    async with ClientSession() as http:
        with pytest.raises(WSServerHandshakeError) as caught:
            await http.ws_connect(f"{house.server.url}{PATH}&sid={sid}")
    assert caught.value.status == 400


async def test_10_signing_out_closes_every_connection_of_it_on_every_server(house: House) -> None:
    session = await house.session()
    other = await house.another()
    token = await house.token("ana")
    user = await house.user("ana")
    from tests.live.visitor import Visitor

    visitors = [await Visitor(server.url, token, user).connect() for server in (house.server, other)]
    house.visitors.extend(visitors)
    [ben] = await house.enter(session, "ben")
    await asyncio.gather(*(visitor.join(session) for visitor in visitors))
    started = time.monotonic()
    await house.app[TOKENS].revoke_family(house.families["ana"])
    for visitor in visitors:
        async with asyncio.timeout(5):
            await visitor.closed.wait()
        assert visitor.byes == [{"code": "revoked", "reconnect": False}]
    print(f"closed after {time.monotonic() - started:.2f} s")
    assert (await ben.submit("hand.raise"))["ok"]


async def test_10_removed_and_banned_people_are_shown_out_on_every_server(house: House) -> None:
    session = await house.session()
    other = await house.another()
    [mara] = await house.enter(session, "mara")
    [here] = await house.enter(session, "ana")
    [there] = await house.enter(session, "ben", server=other)
    await mara.submit("participant.ban", userId=here.user)
    await mara.submit("participant.remove", userId=there.user)
    for visitor, code in ((here, "banned"), (there, "removed")):
        async with asyncio.timeout(4):
            await visitor.closed.wait()
        assert visitor.byes == [{"code": code, "reconnect": False}]
    again = await house.visitor("ana")
    refused = await again.join(session)
    assert (refused["ok"], refused["code"]) == (False, "participant.banned")


async def test_8_no_token_reaches_a_log(
    house: House, raw: Make, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    token = await house.token("ana")
    visitor = await house.visitor("ana")
    spoilt = token[:-4] + "AAAA"
    await refusal_of(raw(), spoilt)
    async with ClientSession() as http:
        await http.get(f"{house.server.url}/socket.io/?EIO=4&transport=websocket&token={token}")
        await http.get(f"{house.server.url}/api/v1/me", headers={"Authorization": f"Bearer {spoilt}"})
    await visitor.submit("chat.send", text="x")
    written = capfd.readouterr()
    everything = (
        written.out
        + written.err
        + "".join(record.getMessage() for record in caplog.records if not record.name.startswith(("asyncio", "client")))
    )
    for secret in (token, spoilt, token.split(".")[2], house.secrets["ana"]):
        assert secret not in everything


def test_a_token_names_nobody_else() -> None:
    tokens = AccessTokens(SECRET_KEY)
    identity = tokens.read(tokens.issue(UserId("ana"), "family"))
    assert (identity.user, identity.family) == ("ana", "family")
