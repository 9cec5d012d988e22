"""What somebody might send to REST: attacks 7-18, 22, 24, 30-32, 37, 40, 43, 53, 66-69, 73 of the guarantees, as far as they are
not tests of the routes themselves.
"""

import asyncio
import gzip
import json
import logging
import time
import zlib
from typing import Any
from uuid import uuid4

import pytest

from live.api.strict_json import BODY_BYTES_MAX
from live.keys import DATABASE
from live.limits import REST_PER_USER
from rooms.roles import Role
from tests.api.conftest import BASE, PASSWORD, Api, Options, schedule

JSON = {"Content-Type": "application/json"}
INJECTIONS = (
    "' OR 1=1 --",
    "'; DROP TABLE live.live_sessions; --",
    "%' OR '1'='1",
    "$1",
    "\\'; SELECT pg_sleep(5)--",
    "{{7*7}}${7*7}",
    "a' || pg_sleep(5) || '",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
)


async def test_bodies_that_are_not_taken(api: Api) -> None:
    """Attacks 30, 31, 32, 37: each with its code, nothing changed, no 500."""
    mara = await api.mara()
    good = json.dumps(schedule()).encode()
    cases: list[tuple[bytes, dict[str, str], int]] = [
        (b"", JSON, 400),
        (b"{", JSON, 400),
        (b"\xff", JSON, 400),
        (b'"text"', JSON, 422),
        (b"[]", JSON, 422),
        (b"null", JSON, 422),
        (good, {"Content-Type": "text/plain"}, 415),
        (good, {"Content-Type": "application/x-www-form-urlencoded"}, 415),
        (good, {"Content-Type": "multipart/form-data; boundary=x"}, 415),
        (good[:-1] + b', "title": "Another"}', JSON, 400),
        (good[:-1] + b', "x": NaN}', JSON, 400),
        (good[:-1] + b', "maxParticipants": 1e400}', JSON, 400),
        (good[:-1] + b', "maxParticipants": 99999999999999999999}', JSON, 422),
        (b"[" * 200_000, JSON, 413),
        (b"[" * 5_000, JSON, 400),
        (b'{"title": "' + b"x" * BODY_BYTES_MAX + b'"}', JSON, 413),
        (gzip.compress(good), {**JSON, "Content-Encoding": "gzip"}, 415),
        (zlib.compress(b"[" + b"0," * 50_000_000 + b"0]", 9), {**JSON, "Content-Encoding": "deflate"}, 415),
    ]
    for body, headers, status in cases:
        answer = await mara.post("/live-sessions", data=body, headers=headers)
        assert answer.status == status, (body[:60], headers, answer)
        assert answer.code in {"bad_request", "too_large", "unsupported_media_type"}
    assert (await mara.get("/live-sessions")).json["items"] == []


async def test_a_body_without_a_length_is_bounded_too(api: Api) -> None:
    mara = await api.mara()

    async def endless() -> Any:
        for _ in range(1_000):
            yield b" " * 65_536
            await asyncio.sleep(0)

    headers = {**JSON, "Authorization": f"Bearer {mara.token}"}
    async with api.http.post(f"{api.url}{BASE}/live-sessions", data=endless(), headers=headers) as response:
        assert response.status == 413


@pytest.mark.requirement("P9")
async def test_values_that_break_storage_are_refused_with_their_place(api: Api) -> None:
    """Attack 32."""
    mara = await api.mara()
    for text in ("a\u0000b", "a\ud800b", "a\u202eb", "a\u0007b", "\ufeff\u0000"):
        refused = await mara.post("/live-sessions", schedule(title=text))
        assert refused.status == 422, repr(text)
        assert [each["pointer"] for each in refused.json["errors"]] == ["/title"]
    for text in ("e\u0301 \u200d 👩‍👩‍👧", "ﬁ", "‮"[:0] + "שלום"):
        assert (await mara.post("/live-sessions", schedule(title=text))).json["title"] == text
    deep: Any = {}
    for _ in range(25):
        deep = {"a": deep}
    features = [{"type": "chat", "config": {"deep": deep, "nul": "a\u0000"}}]
    assert (await mara.post("/live-sessions", schedule(features=features))).status < 500


async def test_injections_are_only_text(api: Api) -> None:
    """Attacks 53, 69: they come back as they went in, and mean nothing anywhere."""
    mara = await api.mara()
    for text in INJECTIONS:
        made = await mara.post("/live-sessions", schedule(title=text, description=text))
        assert (made.json["title"], made.json["description"]) == (text, text)
        assert made.headers["X-Content-Type-Options"] == "nosniff"
        quoted = "".join(f"%{byte:02x}" for byte in text.encode())
        for path in (
            f"/live-sessions/{quoted}",
            f"/live-sessions?status={quoted}",
            f"/live-sessions?cursor={quoted}",
            f"/live-sessions?from={quoted}",
            f"/live-sessions/{made.json['id']}/events?after={quoted}",
            f"/live-sessions/{made.json['id']}/state?at={quoted}",
            f"/live-sessions/{made.json['id']}/chat?before={quoted}",
            f"/modules/{quoted}",
        ):
            assert (await mara.get(path)).status in (404, 422), path
        assert (await api.nobody.post("/auth/token", {"email": text, "password": text})).status == 401
    assert len((await mara.get("/live-sessions?limit=200")).json["items"]) == len(INJECTIONS)


async def test_unknown_paths_and_methods(api: Api) -> None:
    mara = await api.mara()
    session = await api.workshop()
    for path in ("/nothing", "/", "/live-sessions/", f"/live-sessions/{session}/secrets", "/demo"):
        assert (await mara.get(path)).code == "not_found", path
    for path in ("/admin", "/metrics", "/debug", "/users/me", f"/live-sessions/{session}/breakouts/all"):
        assert (await mara.get(path)).status in (403, 404), path
    refused = await mara.send("PUT", "/live-sessions")
    assert (refused.code, set(refused.headers["Allow"].split(","))) == ("method_not_allowed", {"GET", "HEAD", "POST"})
    assert (await mara.send("TRACE", "/me")).status == 405
    head = await mara.send("HEAD", "/me")
    assert (head.status, head.body) == (200, b"")
    assert (
        "Access-Control-Allow-Origin" not in (await mara.get("/me", headers={"Origin": "https://evil.example"})).headers
    )


async def test_headers_do_not_change_who_one_is(api: Api) -> None:
    """Attack 13."""
    ana = await api.person("Ana")
    for name in ("X-User-Id", "X-Forwarded-User", "X-Original-URL", "X-HTTP-Method-Override", "X-Real-IP", "Forwarded"):
        answer = await ana.get("/users", headers={name: str((await api.ada()).user)})
        assert answer.code == "forbidden", name


async def test_rights_are_not_taken_by_extra_fields(api: Api) -> None:
    """Attacks 15, 24: over the routes and over commands."""
    session = await api.workshop()
    ana = await api.invited(session, "Ana")
    await api.runs(session)
    await api.enters(session, ana, Role.PARTICIPANT)
    path = f"/live-sessions/{session}"
    grant = {"id": str(uuid4()), "type": "permission.grant", "userId": ana.user, "permission": "can_moderate"}
    assert (await ana.post(f"{path}/commands", grant)).code == "forbidden"
    assert (await ana.command(session, "role.set", userId=ana.user, role="instructor")).code == "forbidden"
    twice = json.dumps(grant)[:-1] + f', "userId": "{uuid4()}"}}'
    assert (await ana.post(f"{path}/commands", data=twice.encode(), headers=JSON)).status == 400
    for extra in (
        {"actor": ana.user},
        {"admin": True},
        {"user_id": ana.user},
        {"seq": 1},
        {"at": "2030-01-01T00:00:00Z"},
    ):
        assert (await ana.command(session, "hand.raise", **extra)).status == 422, extra
    for extra in (
        {"participationScore": 100},
        {"role": "instructor"},
        {"createdAt": "2020-01-01T00:00:00Z"},
        {"status": "attended"},
    ):
        assert (await ana.post(f"{path}/registrations", extra)).status in (403, 422), extra
    assert (await ana.get(path)).json["you"]["role"] == "participant"


async def test_command_ids_are_ones_own(api: Api) -> None:
    """Attack 66: another person's id, another session's id, the same id with another body."""
    session, other = await api.workshop(), await api.workshop(title="Another")
    ana, ben = await api.invited(session, "Ana"), await api.invited(session, "Ben")
    await api.invited(other, "Ana")
    for where in (session, other):
        await api.runs(where)
        await api.enters(where, ana, Role.PARTICIPANT)
    await api.enters(session, ben, Role.PARTICIPANT)
    command = {"id": str(uuid4()), "type": "chat.send", "text": "mine"}
    seqs = []
    for caller, where in ((ana, session), (ben, session), (ana, other), (ana, session)):
        answer = await caller.post(f"/live-sessions/{where}/commands", {**command, "id": command["id"].upper()})
        assert answer.status == 200
        seqs.append(answer.json["seq"])
    assert seqs[3] == seqs[0] != seqs[1]
    said = (await ben.get(f"/live-sessions/{session}/chat")).json["items"]
    assert [each["sender"] for each in said] == [ana.user, ben.user]


class TestLimits:
    @pytest.fixture
    def options(self) -> Options:
        return Options(limits_factor=1.0)

    async def test_a_flood_is_refused_for_its_sender_only(self, api: Api) -> None:
        """Attack 40: a classroom behind one address goes on."""
        ana, ben = await api.person("Ana"), await api.person("Ben")
        burst = int(REST_PER_USER.burst)
        answers = await asyncio.gather(*(ana.get("/me") for _ in range(burst + 40)))
        limited = [each for each in answers if each.status == 429]
        assert limited
        assert {each.code for each in limited} == {"rate_limited"}
        assert all(int(each.headers["Retry-After"]) >= 1 for each in limited)
        assert (await ben.get("/me")).status == 200


async def test_a_flood_of_passwords_does_not_hold_up_the_loop(api: Api) -> None:
    """Attack 12: a few threads do the work, a short queue waits, the rest is sent away."""
    lags: list[float] = []

    async def measure() -> None:
        loop = asyncio.get_running_loop()
        while True:
            before = loop.time()
            await asyncio.sleep(0.005)
            lags.append(loop.time() - before - 0.005)

    measuring = asyncio.create_task(measure())
    tries = [
        api.nobody.post("/auth/token", {"email": f"{n}@example.org", "password": "a wrong password"})
        for n in range(100)
    ]
    answers = await asyncio.gather(*tries)
    measuring.cancel()
    assert "wrong_credentials" in {each.code for each in answers} <= {"wrong_credentials", "overloaded", "unavailable"}
    median = sorted(lags)[len(lags) // 2]
    assert median < 0.25, f"half of the time the loop waited {median:.3f} s and more"


async def test_who_comes_when_too_many_passwords_wait_is_sent_away(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(_held: str, _given: str) -> bool:
        time.sleep(1)
        return False

    monkeypatch.setattr("persistence.passwords._matches", slow)
    monkeypatch.setattr("persistence.passwords.WAITING_MAX", 4)
    tries = [api.nobody.post("/auth/token", {"email": f"{n}@example.org", "password": "wrong"}) for n in range(30)]
    answers = await asyncio.gather(*tries)
    overloaded = [each for each in answers if each.code == "overloaded"]
    assert overloaded
    assert {(each.status, each.headers["Retry-After"]) for each in overloaded} == {(503, "1")}
    assert "wrong_credentials" in {each.code for each in answers}


async def test_secrets_stand_in_no_log(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    """Attack 8: tokens, passwords and link tokens, on every way they travel, also where they do not belong."""
    caplog.set_level(logging.DEBUG)
    ana, mara = await api.person("Ana", password=PASSWORD), await api.mara()
    session = await api.workshop()
    link = (await mara.post(f"/live-sessions/{session}/invitations", {})).json
    signed = (await api.nobody.post("/auth/token", {"email": ana.email, "password": PASSWORD})).json
    secrets = {
        "a password": PASSWORD,
        "a link": link["token"],
        **{name: signed[name] for name in ("accessToken", "refreshToken")},
    }
    for secret in secrets.values():
        await ana.get(f"/me?token={secret}")
        await ana.get(f"/live-sessions?cursor={secret}")
        await api.nobody.post("/auth/token", {"email": secret[:200], "password": secret[:200]})
        await api.nobody.post("/auth/refresh", {"refreshToken": secret[:200]})
        await api.nobody.post("/invitations/redeem", {"token": secret[:200], "name": secret[:100], "x": secret})
        await api.nobody.get("/me", headers={"Authorization": f"Bearer {secret}x"})
    assert caplog.records, "something is logged"
    # with time stamps, arguments and tracebacks, as any handler could write them
    written = "\n".join(
        f"{record.getMessage()} {record.__dict__}" for record in caplog.records if not _of_this_test(record)
    )
    assert {what for what, secret in secrets.items() if secret in written} == set()
    assert ana.email not in written


def _of_this_test(record: logging.LogRecord) -> bool:
    """The loop's debug lines name the coroutines of the test itself."""
    return record.name.startswith(("asyncio", "hypothesis"))


async def test_a_failure_of_ours_says_nothing_but_its_number(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Attack 73."""
    ana = await api.person("Ana")

    async def broken(*_args: object) -> None:
        raise RuntimeError("canary of the inside")

    monkeypatch.setattr("persistence.directory.Directory.user", broken)
    answer = await ana.get("/me")
    assert (answer.status, answer.code) == (500, "internal")
    assert b"canary" not in answer.body
    assert b"Traceback" not in answer.body
    number = answer.json["requestId"]
    assert answer.headers["X-Request-Id"] == number
    assert number in caplog.text
    assert answer.headers["Server"] == "atelier"


async def test_a_refusal_is_one_line_in_the_log_without_a_traceback(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="live.problems")
    ana = await api.person("Ana")
    await ana.get(f"/live-sessions/{uuid4()}")
    lines = [record for record in caplog.records if record.name == "live.problems"]
    assert len(lines) == 1
    assert "404 not_found" in lines[0].getMessage()
    assert lines[0].exc_info is None


async def test_a_lost_database_is_said_to_be_lost(api: Api) -> None:
    ana, mara = await api.person("Ana"), await api.mara()
    await api.app[DATABASE].engine.expire_connections()
    assert (await ana.get("/me")).status == 200
    await api.app[DATABASE].engine.close()
    for answer in (await ana.get("/me"), await mara.post("/live-sessions", schedule())):
        assert (answer.status, answer.code) == (503, "unavailable")
        assert answer.headers["Retry-After"] == "1"


async def test_answers_are_private(api: Api) -> None:
    mara = await api.mara()
    session = await api.workshop()
    for path in ("/me", f"/live-sessions/{session}", f"/live-sessions/{session}/events", "/live-sessions", "/nothing"):
        answer = await mara.get(path)
        assert "private" in answer.headers["Cache-Control"], path
        assert answer.headers["X-Content-Type-Options"] == "nosniff", path
