"""The small parts by themselves: buckets, addresses, settings, failpoints, frames."""

import asyncio
from pathlib import Path
from typing import Any

import msgpack
import pytest
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st

from live import limits
from live.addresses import client_address
from live.delivery import Audience
from live.failpoints import Failpoints, InjectedFailure
from live.frames import ids_in
from live.limits import Buckets, Limits, Rate, take_all
from live.packets import Malformed, Packet, fault_in, frame
from live.settings import Settings, SettingsRefused, read_settings
from live.tokens import AccessTokens, BadToken
from rooms.ids import SessionId, UserId
from tests.databases import SECRET_KEY

ANA, BEN = UserId("00000000-0000-4000-8000-00000000000a"), UserId("00000000-0000-4000-8000-00000000000b")


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_allows_its_burst_and_then_its_rate() -> None:
    clock = Clock()
    buckets = Buckets(Rate(2, 5), clock=clock)
    assert [buckets.take("ana") for _ in range(5)] == [0.0] * 5
    assert buckets.take("ana") == pytest.approx(0.5)
    assert buckets.take("ben") == 0.0
    clock.now = 0.5
    assert buckets.take("ana") == 0.0
    assert buckets.take("ana") > 0
    clock.now = 1_000
    assert [buckets.take("ana") for _ in range(6)].count(0.0) == 5


def test_one_empty_bucket_takes_from_none() -> None:
    clock = Clock()
    wide, narrow = Buckets(Rate(1, 3), clock=clock), Buckets(Rate(1, 1), clock=clock)
    assert take_all([wide.of("a"), narrow.of("a")]) == 0.0
    assert take_all([wide.of("a"), narrow.of("a")]) == pytest.approx(1.0)
    assert [wide.take("a"), wide.take("a")] == [0.0, 0.0], "the refused one cost nothing"


def test_the_factor_multiplies_rates_bursts_and_caps(monkeypatch: pytest.MonkeyPatch) -> None:
    doubled = Limits(2.0)
    assert doubled.commands_per_connection.rate == Rate(20, 60)
    assert (doubled.connections_per_address, doubled.connections_per_user) == (1_000, 40)


def test_forgotten_buckets_are_in_favour_of_their_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "BUCKETS_MAX", 2)
    buckets = Buckets(Rate(1, 1), clock=Clock())
    for key in ("a", "b", "c"):
        buckets.take(key)
    assert buckets.take("a") == 0.0
    assert buckets.take("c") > 0


class Peer:
    """As much of a transport as an address needs."""

    def __init__(self, host: str) -> None:
        self._host = host

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return (self._host, 1) if name == "peername" else default


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "address"),
    [
        ("10.0.0.9", None, (), "10.0.0.9"),
        ("10.0.0.9", "1.2.3.4", (), "10.0.0.9"),
        ("10.0.0.9", "1.2.3.4", ("10.0.0.9",), "1.2.3.4"),
        ("10.0.0.9", "6.6.6.6, 1.2.3.4", ("10.0.0.9",), "1.2.3.4"),
        ("10.0.0.9", "6.6.6.6, 1.2.3.4, 10.0.0.8", ("10.0.0.9", "10.0.0.8"), "1.2.3.4"),
        ("10.0.0.9", "<script>", ("10.0.0.9",), "unknown"),
        ("2001:db8::1:2:3:4", None, (), "2001:db8::/64"),
        ("::ffff:1.2.3.4", None, (), "1.2.3.4"),
    ],
)
def test_13_an_address_is_what_a_trusted_proxy_says_or_the_peer(
    peer: str, forwarded: str | None, trusted: tuple[str, ...], address: str
) -> None:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    request = make_mocked_request("GET", "/", headers=headers, transport=Peer(peer))
    assert client_address(request, trusted) == address


def test_settings_name_the_served_hosts_exactly() -> None:
    settings = Settings("s" * 40, "postgresql:///x", Path(), port=8080, public_url="https://workshop.example/")
    assert settings.origins == {"http://localhost:8080", "http://127.0.0.1:8080", "https://workshop.example"}
    assert settings.hosts == {"localhost:8080", "127.0.0.1:8080", "workshop.example"}
    assert settings.url == "https://workshop.example"


def test_the_command_line_wins_over_the_environment() -> None:
    environ = {"SECRET_KEY": SECRET_KEY, "DATABASE_URL": "postgresql:///x", "DATA_DIR": "/a"}
    assert read_settings(environ, data_dir=Path("/b")).data_dir == Path("/b")
    assert read_settings(environ, data_dir=None).data_dir == Path("/a")
    with pytest.raises(SettingsRefused, match="LIMITS_FACTOR"):
        read_settings({**environ, "LIMITS_FACTOR": "many"})


async def test_failpoints_are_armed_by_name_only() -> None:
    await Failpoints("").reach("before_commit")
    with pytest.raises(InjectedFailure):
        await Failpoints("before_commit=fail").reach("before_commit")
    await Failpoints("before_commit=fail").reach("after_commit_before_ack")
    await Failpoints("before_commit=fail@0").reach("before_commit")
    with pytest.raises(ValueError, match="nowhere"):
        Failpoints("nowhere=kill")
    with pytest.raises(ValueError, match="block"):
        Failpoints("before_commit=block")


async def test_a_file_of_failpoints_may_change(tmp_path: Path) -> None:
    file = tmp_path / "failpoints"
    file.write_text("")
    failpoints = Failpoints(f"@{file}")
    await failpoints.reach("before_commit")
    file.write_text("before_commit=fail\n")
    with pytest.raises(InjectedFailure):
        await failpoints.reach("before_commit")
    loop = asyncio.get_running_loop()
    for action, passes in (("wait", True), ("block", False)):
        file.write_text(f"before_commit={action}:0.02")
        beat = asyncio.create_task(asyncio.sleep(0.001))
        since = loop.time()
        await failpoints.reach("before_commit")
        assert loop.time() - since >= 0.02
        assert beat.done() is passes
        await beat


def test_tokens_go_by_the_clock_they_are_given() -> None:
    there = 1_000_000_000.0
    tokens = AccessTokens(SECRET_KEY, lambda: there)
    token = tokens.issue(UserId("00000000-0000-4000-8000-000000000001"), "family")
    assert tokens.read(token).issued_at == there
    with pytest.raises(BadToken, match="token_expired"):
        AccessTokens(SECRET_KEY).read(token)


@given(st.binary(max_size=300))
def test_no_bytes_make_reading_fail_otherwise_than_malformed(raw: bytes) -> None:
    try:
        packet = Packet(raw)
    except Malformed:
        return
    assert packet.type in range(4)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_a_fault_is_a_fault_wherever_it_stands(value: Any) -> None:
    def worst(each: Any) -> bool:
        if isinstance(each, dict):
            return any(map(worst, each.values()))
        if isinstance(each, list):
            return any(map(worst, each))
        if isinstance(each, float):
            return each != each or each in (float("inf"), float("-inf"))
        return isinstance(each, int) and abs(each) > 2**53

    assert (fault_in(value) is not None) == worst(value)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 70_000])
def test_frames_say_their_length(size: int) -> None:
    made = frame(b"x" * size)
    assert made.endswith(b"x" * size)
    assert len(made) - size == (2 if size < 126 else 4 if size < 65_536 else 10)
    assert int.from_bytes(made[2 : len(made) - size], "big") == (size if size > 125 else 0)


def test_ids_are_found_wherever_they_stand() -> None:
    assert set(ids_in({"a": [ANA, {"b": BEN}], ANA: 1, "c": "not an id", "d": 5})) == {ANA, BEN}


def test_people_are_introduced_once_and_named_by_mask() -> None:
    audience = Audience(SessionId("s"))
    audience.introduce({ANA: "Ana"})
    audience.introduce({ANA: "Ana", BEN: "Ben"})
    assert audience.strangers([ANA, BEN, UserId("x")]) == {"x"}
    mask = audience.mask_of({"userId": BEN})
    assert audience.people(mask) == {BEN: {"name": "Ben"}}
    assert audience.people(mask | audience.mask_of([ANA])) == {ANA: {"name": "Ana"}, BEN: {"name": "Ben"}}
    assert msgpack.unpackb(frame(msgpack.packb("x"))[2:]) == "x"
