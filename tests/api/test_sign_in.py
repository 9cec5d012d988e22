"""Signing in and staying so: attacks 8, 9, 10, 11, 12."""

import base64
import json
import time
from collections.abc import Awaitable
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from live.keys import ACCESS_TOKENS, DIRECTORY
from live.limits import LOGIN_PER_ACCOUNT, LOGIN_PER_ADDRESS
from live.tokens import LIFETIME_S
from persistence.encryption import derive
from tests.api.conftest import PASSWORD, Answer, Api, Options, flood
from tests.databases import SECRET_KEY


async def test_sign_in_renew_and_sign_out(api: Api) -> None:
    ana = await api.person("Ana", password=PASSWORD)
    signed = await api.nobody.post("/auth/token", {"email": " ANA@Example.org", "password": PASSWORD})
    assert signed.status == 200
    assert signed.json["expiresIn"] == LIFETIME_S
    assert "no-store" in signed.headers["Cache-Control"]

    ana.token = signed.json["accessToken"]
    assert (await ana.get("/me")).json["id"] == ana.user
    renewed = await api.nobody.post("/auth/refresh", {"refreshToken": signed.json["refreshToken"]})
    assert renewed.status == 200
    ana.token = renewed.json["accessToken"]
    assert (await ana.post("/auth/logout")).status == 204
    assert (await ana.get("/me")).code == "token_revoked"
    refused = await api.nobody.post("/auth/refresh", {"refreshToken": renewed.json["refreshToken"]})
    assert (refused.status, refused.code) == (401, "token_invalid")


async def test_a_refresh_token_used_again_ends_the_whole_sign_in(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    from persistence import tokens

    monkeypatch.setattr(tokens, "RENEWAL_GRACE", timedelta(0))
    ana = await api.person("Ana")
    renewed = await api.nobody.post("/auth/refresh", {"refreshToken": ana.refresh_token})
    assert renewed.status == 200
    assert (await api.nobody.post("/auth/refresh", {"refreshToken": ana.refresh_token})).code == "token_invalid"
    assert (await api.nobody.post("/auth/refresh", {"refreshToken": renewed.json["refreshToken"]})).status == 401
    assert (await ana.get("/me")).code == "token_revoked"


async def test_unknown_and_known_accounts_are_answered_alike(api: Api) -> None:
    """Attack 11: byte for byte, and the key derivation runs as often."""
    await api.person("Ana", password=PASSWORD)
    await api.person("Ben")
    passwords = api.app[DIRECTORY].passwords
    answers, derivations = [], []
    unknown = ("nobody@example.org", "not an address", "ana@example.org\u0000", "a" * 255)
    for address in ("ana@example.org", "ben@example.org", *unknown):
        before = passwords.derivations
        answers.append(await api.nobody.post("/auth/token", {"email": address, "password": "a wrong password"}))
        derivations.append(passwords.derivations - before)
    assert {answer.code for answer in answers} == {"wrong_credentials"}
    assert len({(answer.status, answer.body) for answer in answers}) == 1
    assert len({tuple(sorted(set(answer.headers) - {"Date", "X-Request-Id"})) for answer in answers}) == 1
    assert set(derivations) == {1}


async def test_a_suspended_account_is_answered_like_a_wrong_password(api: Api) -> None:
    ada, ana = await api.ada(), await api.person("Ana", password=PASSWORD)
    assert (await ada.change(f"/users/{ana.user}", {"status": "suspended"})).status == 200
    assert (await ana.get("/me")).code == "token_revoked"
    refused = await api.nobody.post("/auth/token", {"email": ana.email, "password": PASSWORD})
    assert refused.code == "wrong_credentials"


class TestLimits:
    @pytest.fixture
    def options(self) -> Options:
        return Options(limits_factor=1.0)

    @pytest.mark.parametrize("email", ["ana@example.org", "nobody@example.org"])
    async def test_five_tries_a_minute_for_an_account_known_or_not(self, api: Api, email: str) -> None:
        await api.person("Ana", password=PASSWORD)

        def attempt(number: int) -> Awaitable[Answer]:
            spelling = email.upper() if number % 2 else email
            return api.nobody.post("/auth/token", {"email": spelling, "password": "a wrong password"})

        await flood(LOGIN_PER_ACCOUNT, attempt, allowed="wrong_credentials")

    @pytest.mark.parametrize("headers", [{}, {"X-Forwarded-For": "192.0.2.{}", "Forwarded": "for=192.0.2.{}"}])
    async def test_twenty_tries_a_minute_from_one_address(self, api: Api, headers: dict[str, str]) -> None:
        """Attack 13: a new invented address for every try does not help."""

        def attempt(number: int) -> Awaitable[Answer]:
            invented = {name: value.format(number) for name, value in headers.items()}
            body = {"email": f"{number}@example.org", "password": "wrong"}
            return api.nobody.post("/auth/token", body, headers=invented)

        await flood(LOGIN_PER_ADDRESS, attempt, allowed="wrong_credentials")


class TestBehindAProxy:
    @pytest.fixture
    def options(self) -> Options:
        return Options(limits_factor=1.0, trusted_proxies=("127.0.0.1",))

    async def test_the_configured_proxy_is_believed_about_its_own_clients_only(self, api: Api) -> None:
        """What a client wrote itself stands before the nearest hop, and does not count."""

        def attempt(number: int) -> Awaitable[Answer]:
            headers = {"X-Forwarded-For": f"203.0.113.{number}, 192.0.2.1"}
            body = {"email": f"{number}@example.org", "password": "wrong"}
            return api.nobody.post("/auth/token", body, headers=headers)

        await flood(LOGIN_PER_ADDRESS, attempt, allowed="wrong_credentials")
        body = {"email": "x@example.org", "password": "wrong"}
        other = await api.nobody.post("/auth/token", body, headers={"X-Forwarded-For": "192.0.2.2"})
        assert other.code == "wrong_credentials"


async def test_a_changed_password_ends_every_sign_in(api: Api) -> None:
    """Attack 10."""
    ana = await api.person("Ana", password=PASSWORD)
    other = await api.nobody.post("/auth/token", {"email": ana.email, "password": PASSWORD})
    assert (await ana.post("/auth/password", {"new": "another long one"})).code == "wrong_password"
    assert (await ana.post("/auth/password", {"current": "wrong one", "new": "another long one"})).status == 403
    changed = await ana.post("/auth/password", {"current": PASSWORD, "new": "another long one"})
    assert changed.status == 200
    assert (await ana.get("/me")).code == "token_revoked"
    assert (await api.nobody.post("/auth/refresh", {"refreshToken": other.json["refreshToken"]})).status == 401
    ana.token = changed.json["accessToken"]
    assert (await ana.get("/me")).status == 200
    assert (await api.nobody.post("/auth/token", {"email": ana.email, "password": PASSWORD})).status == 401
    assert (await api.nobody.post("/auth/token", {"email": ana.email, "password": "another long one"})).status == 200


async def test_a_reset_link_is_good_once(api: Api) -> None:
    ada, ana = await api.ada(), await api.person("Ana")
    link = await ada.post(f"/users/{ana.user}/reset-link")
    assert link.status == 201
    page, _hash, token = link.json["url"].partition("#")
    assert page.endswith("/reset")
    assert (await api.nobody.post("/auth/reset", {"token": token, "new": "short"})).status == 422
    assert (await api.nobody.post("/auth/reset", {"token": token, "new": PASSWORD})).status == 204
    assert (await ana.get("/me")).code == "token_revoked"
    assert (await api.nobody.post("/auth/token", {"email": ana.email, "password": PASSWORD})).status == 200
    again = await api.nobody.post("/auth/reset", {"token": token, "new": "another long one"})
    unknown = await api.nobody.post("/auth/reset", {"token": "x" * 43, "new": "another long one"})
    assert (again.status, again.body) == (unknown.status, unknown.body)
    assert again.code == "not_found"


def forged(user: str, family: str, **changes: Any) -> dict[str, str]:
    """Tokens an attacker might make (attack 9), by what is wrong with them."""
    now = int(time.time())
    claims = {"iss": "atelier", "aud": "atelier", "sub": user, "fam": family, "iat": now, "nbf": now, "exp": now + 900}
    claims |= {"jti": "x"}

    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    own = OctKey.import_key(derive(SECRET_KEY, "access tokens"))
    other = OctKey.import_key(b"another key of thirty-two bytes!")
    algorithms = ["HS256", "HS384", "HS512"]

    def signed(header: dict[str, Any], changed: dict[str, Any], key: OctKey = own) -> str:
        return jwt.encode({"alg": "HS256", **header}, {**claims, **changed}, key, algorithms=algorithms)

    good = signed({}, {})
    return {
        "alg none": f"{part({'alg': 'none'})}.{part(claims)}.",
        "alg None": f"{part({'alg': 'None'})}.{part(claims)}.{good.split('.')[2]}",
        "other algorithm": signed({"alg": "HS512"}, {}),
        "other key": signed({}, {}, other),
        "kid path": f"{part({'alg': 'HS256', 'kid': '../../dev/null'})}.{part(claims)}.{part('')}",
        "signature of another": f"{part({'alg': 'HS256'})}.{part({**claims, 'sub': 'x'})}.{good.split('.')[2]}",
        "wrong audience": signed({}, {"aud": "another"}),
        "wrong issuer": signed({}, {"iss": "another"}),
        "not yet": signed({}, {"nbf": now + 600}),
        "expired": signed({}, {"exp": now - 120}),
        "no expiry": signed({}, {"exp": None}),
        "expires in words": signed({}, {"exp": "tomorrow"}),
        "not a user": signed({}, {"sub": "1; DROP TABLE"}),
        "not a family": signed({}, {"fam": "x"}),
        "another family": signed({}, {"fam": "00000000-0000-4000-8000-000000000000"}),
        "garbage": "garbage",
        "empty": "",
        "huge": "x" * 6_000,
    }


async def test_forged_tokens_are_refused(api: Api) -> None:
    ana = await api.person("Ana")
    assert ana.token is not None
    identity = api.app[ACCESS_TOKENS].read(ana.token)
    for what, token in forged(ana.user, identity.family).items():
        answer = await api.nobody.get("/me", headers={"Authorization": f"Bearer {token}"})
        assert answer.status == 401, what
        assert answer.code in {"token_invalid", "token_expired", "token_revoked"}, what
        assert answer.headers["WWW-Authenticate"].startswith("Bearer"), what
    assert (await ana.get("/me")).status == 200


async def test_a_token_counts_in_its_header_only(api: Api) -> None:
    """Attack 8: never in a query, never in a cookie; two headers are none."""
    ana = await api.person("Ana")
    for name in ("token", "access_token", "accessToken"):
        assert (await api.nobody.get(f"/me?{name}={ana.token}")).code == "unauthenticated"
    cookies = {"Cookie": f"token={ana.token}; access_token={ana.token}"}
    assert (await api.nobody.get("/me", headers=cookies)).code == "unauthenticated"
    assert (await api.nobody.get("/me", headers={"Authorization": f"Basic {ana.token}"})).code == "token_invalid"


async def test_a_bad_token_is_told_where_it_would_matter_and_only_there(api: Api) -> None:
    """Nobody becomes a guest because their token expired, and nobody needs a good one to renew it."""
    expired = {"Authorization": "Bearer x"}
    redeemed = await api.nobody.post("/invitations/redeem", {"token": "x", "name": "Ana"}, headers=expired)
    assert redeemed.code == "token_invalid"
    ana = await api.person("Ana")
    renewed = await api.nobody.post("/auth/refresh", {"refreshToken": ana.refresh_token}, headers=expired)
    assert renewed.status == 200
