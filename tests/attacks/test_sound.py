"""Attacks 61 to 65: sound offered by somebody who means ill, over the public protocol. What is refused is told to its sender alone,
and nobody else hears a gap."""

import asyncio
import random
import re
import socket
import struct
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from aiortc import RTCRtpSender
from aiortc.rtp import is_rtcp

from live import limits
from live.keys import GATEWAY, LIMITS
from media import lines
from rooms.ids import SessionId
from tests.attacks.test_floods import with_limits
from tests.live.conftest import House
from tests.live.phone import ANA_HZ, BEN_HZ, MARA_HZ, OTTO_HZ, UNHEARD, NotAnswered, Phone, Ring, offered, said_of_sound
from tests.live.raw import Raw
from tests.live.visitor import Document, Visitor
from tests.media.caller import Caller, Tone, loudness_at, until

Faults = Callable[[], list[str]]
LAG_MAX_S = 0.5
_SENT: set[tuple[Any, ...]] = set()


def _note_where(event: str, args: tuple[Any, ...]) -> None:
    if event == "socket.sendto":
        _SENT.add(args[1])


sys.addaudithook(_note_where)


@pytest.fixture
async def session(house: House) -> SessionId:
    return await house.session()


async def ana_offers(
    house: House, session: SessionId, change: Callable[[str], str]
) -> tuple[Visitor, Document, Caller]:
    """An honest offer, changed on its way, and what was said to it."""
    [ana] = await house.enter(session, "ana")
    caller = Caller(Tone(ANA_HZ))
    return ana, await offered(ana, change(await caller.offer())), caller


def candidate(number: int, address: str, port: int) -> str:
    return f"a=candidate:{number} 1 udp {2_130_706_431 - number} {address} {port} typ host"


def with_lines(sdp: str, more: list[str]) -> str:
    return sdp + "".join(f"{line}\r\n" for line in more)


# -- 61 --


async def test_61_nothing_is_ever_sent_to_an_address_that_somebody_names(house: House, session: SessionId) -> None:
    """Loopback, metadata, neighbours, names of mDNS: none is asked, and the honest way still works."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trap:
        trap.bind(("127.0.0.1", 0))
        trap.setblocking(False)
        port = trap.getsockname()[1]
        inside = ["127.0.0.1", "169.254.169.254", "10.0.0.1", "192.168.1.1", "::1", "fe80::1", "fd00:ec2::254"]
        named = [candidate(number, each, port) for number, each in enumerate(inside, start=10)]
        named += [
            candidate(50 + number, f"{number:08}-aaaa-4aaa-8aaa-aaaaaaaaaaaa.local", port) for number in range(20)
        ]
        _SENT.clear()
        _ana, answer, caller = await ana_offers(house, session, lambda sdp: with_lines(sdp, named))
        assert answer["type"] == "audio.answer", answer
        await caller.accept(str(answer["sdp"]))
        await caller.connected()
        await asyncio.sleep(1.5)
        with pytest.raises(BlockingIOError):
            trap.recv(2_000)
        assert {address[1] for address in _SENT if address[1] == port} == set()
        assert {address[0] for address in _SENT} == {"127.0.0.1"}
        await caller.close()


async def test_61_an_answer_tells_nothing_but_the_address_that_was_set(house: House, session: SessionId) -> None:
    _ana, answer, caller = await ana_offers(house, session, lambda sdp: sdp)
    told = re.findall(r"a=candidate:\S+ \d udp \d+ (\S+)", str(answer["sdp"]))
    assert set(told) == {"127.0.0.1"}
    assert socket.gethostname() not in str(answer["sdp"])
    await caller.close()


# -- 62 --


MALFORMED: dict[str, Callable[[str], object]] = {
    "nothing": lambda _: "",
    "no text": lambda sdp: {"sdp": sdp},
    "a number": lambda _: 7,
    "a null": lambda _: None,
    "prose": lambda _: "hello",
    "more than 32 kB": lambda sdp: with_lines(sdp, ["a=x:" + "y" * 100] * 330),
    "33 candidates": lambda sdp: with_lines(sdp, [candidate(each, "192.0.2.7", 4_000 + each) for each in range(33)]),
    "two m-lines": lambda sdp: sdp + sdp[sdp.index("m=audio") :],
    "video": lambda sdp: sdp.replace("m=audio", "m=video"),
    "a data channel": lambda sdp: with_lines(sdp, ["m=application 9 UDP/DTLS/SCTP webrtc-datachannel"]),
    "no fingerprint": lambda sdp: re.sub(r"a=fingerprint:.*\r\n", "", sdp),
    "no password": lambda sdp: re.sub(r"a=ice-pwd:.*\r\n", "", sdp),
    "another codec": lambda sdp: sdp.replace("opus/48000/2", "PCMU/8000"),
    "no encryption": lambda sdp: sdp.replace("UDP/TLS/RTP/SAVPF", "RTP/AVP"),
    "control characters": lambda sdp: sdp.replace("s=-", "s=\x00\x1b"),
}


async def test_62_what_is_no_offer_of_one_voice_is_refused_for_good(
    house: House, session: SessionId, ring: Ring, faults: Faults
) -> None:
    mara, ben = await house.enter(session, "mara", "ben")
    listener, his = await ring(mara, None), await ring(ben, BEN_HZ)
    [ana] = await house.enter(session, "ana")
    async with Caller(Tone(ANA_HZ)) as caller:
        honest = await caller.offer()
        for what, change in MALFORMED.items():
            told = await offered(ana, change(honest))
            assert (told["type"], "retryIn" in told) == ("audio.refused", False), what
            assert told["code"].startswith("sdp.") or told["code"] == "bad_request", (what, told)
            assert "192.0.2" not in str(told), "nothing of it is said again"
    await listener.hears(his)
    assert [each for each in said_of_sound(mara) if each["type"] == "audio.refused"] == []
    assert faults() == []


async def test_62_what_is_larger_than_a_message_ends_its_connection_only(
    house: House, session: SessionId, ring: Ring
) -> None:
    mara, ana = await house.enter(session, "mara", "ana")
    listener = await ring(mara, MARA_HZ)
    await ana.signal({"type": "audio.offer", "sdp": "v=0\r\n" + "a" * 5_000_000})
    async with asyncio.timeout(5):
        await ana.closed.wait()
    assert listener.state == "connected"


async def test_62_offers_are_answered_once_a_second_and_cost_others_nothing(house: House) -> None:
    """A loop of offers; every connection made for them is taken down again."""
    server = await with_limits(house)
    session = await house.session()
    mara, ana = await house.enter(session, "mara", "ana", server=server)
    listener = await Phone(mara, MARA_HZ).call()
    callers = [Caller(Tone(ANA_HZ)) for _ in range(3)]
    offers = [await caller.offer() for caller in callers]
    began = time.monotonic()
    for number in range(30):
        await ana.signal({"type": "audio.offer", "sdp": offers[number % 3]})
    await ana.until(lambda visitor: len(said_of_sound(visitor)) >= 30, 15)
    took = time.monotonic() - began
    said = Counter(each.get("code", "answered") for each in said_of_sound(ana))
    assert said.keys() <= {"answered", "rate_limited"}
    assert 1 <= said["answered"] <= limits.OFFERS_PER_USER.burst + took * limits.OFFERS_PER_USER.per_second
    assert all(each["retryIn"] > 0 for each in said_of_sound(ana) if each["type"] == "audio.refused")
    assert server.app[GATEWAY].wire.engine.lag_s < LAG_MAX_S
    assert listener.state == "connected"
    await asyncio.gather(listener.close(), *(caller.close() for caller in callers))


async def test_62_one_person_has_one_line_however_many_they_open(house: House, session: SessionId) -> None:
    """Ten tabs, each with a line of its own: the last one has it, and sockets of the others are given back."""
    tabs = [(await house.enter(session, "ana"))[0] for _ in range(10)]
    first = await Phone(tabs[0], ANA_HZ).call()
    held = open_ports()
    phones = [await Phone(tab, ANA_HZ).call() for tab in tabs[1:]]
    await until(lambda: sum(each.state == "connected" for each in (first, *phones)) == 1, 10)
    assert phones[-1].state == "connected"
    told = Counter(each["code"] for tab in tabs for each in said_of_sound(tab) if each["type"] == "audio.refused")
    assert told == {"taken_over": 9}
    await asyncio.gather(*(each.close() for each in (first, *phones)))
    await until(lambda: open_ports() <= held, 10)


def open_ports() -> int:
    """UDP ports of this process, which is client and server."""
    rows = Path("/proc/self/net/udp").read_text().splitlines()[1:]
    udp = {f"socket:[{row.split()[9]}]" for row in rows}
    found = 0
    for each in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found += str(each.readlink()) in udp
    return found


async def test_62_a_process_carries_so_many_lines_and_no_more(
    house: House, session: SessionId, ring: Ring, monkeypatch: pytest.MonkeyPatch
) -> None:
    mara, ana = await house.enter(session, "mara", "ana")
    first = await ring(mara, MARA_HZ)
    monkeypatch.setattr(house.app[LIMITS], "peers", 1)
    with pytest.raises(NotAnswered) as refused:
        await ring(ana, ANA_HZ)
    assert (refused.value.refusal["code"], refused.value.refusal["retryIn"] > 0) == ("overloaded", True)
    again = await ring(mara, MARA_HZ)
    assert again.state == "connected", "it takes the place of her first"
    await until(lambda: first.state in ("closed", "failed"), 5.0)
    assert (await mara.leave())["ok"]
    await ring(ana, ANA_HZ)


# -- 64 --


async def test_64_nobody_speaks_whom_the_session_does_not_let(house: House, session: SessionId, ring: Ring) -> None:
    """Otto observes, Ana was muted by Mara and Ben lost his right; all of them send, whatever their page shows."""
    mara, ana, ben, otto = await house.enter(session, "mara", "ana", "ben", "otto")
    hers, his, silent = await ring(ana, ANA_HZ), await ring(ben, BEN_HZ), await ring(otto, OTTO_HZ)
    listener = await ring(mara, None)
    await listener.hears(hers, his, but=(silent,))
    assert (await mara.submit("participant.mute", userId=ana.user))["ok"]
    assert (await mara.submit("permission.revoke", userId=ben.user, permission="can_speak"))["ok"]
    await listener.hears_nothing()
    assert (await otto.submit("audio.mute", muted=False))["code"] == "forbidden"
    assert (await ben.submit("audio.mute", muted=False))["code"] == "forbidden"
    again = await ring(ben, BEN_HZ)
    assert again.state == "connected", "he may hear"
    sound = await listener.listen(2.0)
    assert all(loudness_at(sound, hertz) < UNHEARD for hertz in (ANA_HZ, BEN_HZ, OTTO_HZ))


# -- 65 --


async def test_65_another_fingerprint_fails_alone(house: House, session: SessionId, ring: Ring) -> None:
    """Whoever answers is not whom the offer named: no key is agreed on, and no sound goes either way."""
    mara, ben = await house.enter(session, "mara", "ben")
    listener, his = await ring(mara, None), await ring(ben, BEN_HZ)

    def another(sdp: str) -> str:
        return re.sub(
            r"(a=fingerprint:sha-\d+ )((?:..:)+..)",
            lambda found: found[1] + ":".join(["AB"] * len(found[2].split(":"))),
            sdp,
        )

    _ana, answer, caller = await ana_offers(house, session, another)
    assert answer["type"] == "audio.answer"
    await caller.accept(str(answer["sdp"]))
    sound = await listener.listen(2.0)
    assert caller.connection.connectionState != "connected" or loudness_at(sound, ANA_HZ) < UNHEARD
    assert len(caller.heard) == 0
    await listener.hears(his)
    await caller.close()


async def test_65_noise_at_our_ports_disturbs_nobody(
    house: House, session: SessionId, ring: Ring, faults: Faults
) -> None:
    """ClientHellos, STUN without a key, RTP of nobody and garbage, at the port of a line that is used."""
    mara, ben = await house.enter(session, "mara", "ben")
    listener = await ring(mara, None)
    async with Caller(Tone(BEN_HZ)) as caller:
        answer = await offered(ben, await caller.offer())
        port = int(re.findall(r"a=candidate:\S+ \d udp \d+ \S+ (\d+)", str(answer["sdp"]))[0])
        await caller.accept(str(answer["sdp"]))
        await caller.connected()
        chance = random.Random(65)
        hello = bytes.fromhex("16fefd0000000000000000002c010000200000000000000020fefd") + bytes(32)
        stun = bytes.fromhex("000100002112a442") + bytes(12)
        rtp = struct.pack("!BBHII", 0x80, 111, 7, 7, 7) + bytes(40)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for _ in range(50):
                for noise in (hello, stun, rtp, chance.randbytes(60), b"", b"\x16"):
                    stranger.sendto(noise, ("127.0.0.1", port))
                await asyncio.sleep(0.01)
        sound = await listener.listen(1.0)
        assert loudness_at(sound, BEN_HZ) > 0.9
        assert caller.connection.connectionState == "connected"
    assert faults() == []


async def test_65_a_flood_of_sources_ends_its_own_line(house: House, session: SessionId, ring: Ring) -> None:
    mara, ana, ben = await house.enter(session, "mara", "ana", "ben")
    listener, his, hers = await ring(mara, None), await ring(ben, BEN_HZ), await ring(ana, ANA_HZ)
    await listener.hears(his, hers)
    transport = hers.caller.transceiver.sender.transport
    for source in range(1, 200):
        if transport.state != "connected":
            break
        await transport._send_rtp(struct.pack("!BBHII", 0x80, 111, source, source, source) + b"\xf8\xff\xfe")
    await until(lambda: hers.state in ("closed", "failed"), 10)
    await listener.hears(his, but=(hers,))


async def last_sequence(sender: RTCRtpSender, monkeypatch: pytest.MonkeyPatch) -> int:
    """The sequence number of the last packet that this sender sends by itself."""
    sent: list[bytes] = []
    send = sender.transport._send_rtp

    async def noted(data: bytes) -> None:
        if not is_rtcp(data):
            sent.append(data)
        await send(data)

    with monkeypatch.context() as patched:
        patched.setattr(sender.transport, "_send_rtp", noted)
        await until(lambda: bool(sent))
        sender.replaceTrack(None)
        await asyncio.sleep(0.1)  # what it was about to send
    return int.from_bytes(sent[-1][2:4])


async def test_65_timestamps_that_jump_are_heard_by_nobody_else(
    house: House, session: SessionId, ring: Ring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anything from her own source: back, far ahead, around the end of 32 bits, empty or absurdly long. She harms herself only."""
    mara, ana, ben = await house.enter(session, "mara", "ana", "ben")
    listener, his, hers = await ring(mara, None), await ring(ben, BEN_HZ), await ring(ana, ANA_HZ)
    await listener.hears(his, hers)
    sender = hers.caller.transceiver.sender
    transport, sequence = sender.transport, await last_sequence(sender, monkeypatch)
    chance = random.Random(65)
    payloads = [b"", b"\x00", b"\xff" * 3, b"\xf8\xff\xfe", chance.randbytes(60), chance.randbytes(1_100)]
    for number in range(1, 300):
        following = (sequence + number) % 2**16
        header = struct.pack("!BBHII", 0x80, 111, following, chance.randrange(2**32), sender._ssrc)
        await transport._send_rtp(header + chance.choice(payloads))
        await asyncio.sleep(0.005)
    await listener.hears(his)
    assert his.state == listener.state == "connected"


async def test_65_whoever_vanishes_is_gone_within_half_a_minute(
    house: House, session: SessionId, ring: Ring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Consent (RFC 7675) is asked for again and again; here more often, so that the test does not take so long."""
    assert lines.CONSENT_S + lines.CONSENT_EVERY_S <= 30
    monkeypatch.setattr(lines, "CONSENT_S", 2.0)
    monkeypatch.setattr(lines, "CONSENT_EVERY_S", 0.5)
    mara, ana = await house.enter(session, "mara", "ana")
    held = open_ports()
    hers = await ring(ana, ANA_HZ)
    listener = await ring(mara, None)
    await listener.hears(hers)
    lines.abandon(lines.ice_of(hers.caller.transceiver.receiver.transport))  # without a word
    await until(lambda: open_ports() <= held + 2, 15)
    await listener.hears_nothing()


async def test_what_is_offered_by_nobody_in_a_session_is_refused(house: House, raw: Callable[[], Raw]) -> None:
    ana = await house.visitor("ana")
    async with Caller(Tone(ANA_HZ)) as caller:
        told = await offered(ana, await caller.offer())
    assert (told["type"], told["code"]) == ("audio.refused", "bad_request")
