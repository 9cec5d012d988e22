"""What is done to aiortc and aioice behind their public face, each piece by what it is for; and the versions it is done to. When one
of these fails after an update, media/lines.py has to be read beside the new version.
"""

import asyncio
import threading
from importlib.metadata import version
from typing import Any

import pytest
from aiortc import RTCRtpReceiver, RTCRtpSender
from aiortc.rtp import RtpPacket

from media import lines
from media.desk import Desk
from media.ice import IceSettings
from media.lines import (
    CONSENT_EVERY_S,
    CONSENT_S,
    DATAGRAMS_PER_S,
    DATAGRAMS_WAITING_MAX,
    JITTER_BUFFER,
    REMOTE_ADDRESSES_MAX,
    SOURCES_MAX,
    STOP_DECODER,
    STRANGERS_PER_S,
    Inlet,
    NoAddress,
    ice_of,
)
from media.offers import OfferRefused
from tests.conftest import PORTS
from tests.media.caller import Caller, Tone, until
from tests.media.conftest import ANA_HZ, MARA_HZ, SPEAKS, Session
from tests.media.wire import Wire


def test_the_versions_whose_private_parts_are_known() -> None:
    assert {name: version(name) for name in ("aiortc", "aioice")} == {"aiortc": "1.16.0", "aioice": "0.13.0"}
    assert hasattr(RTCRtpReceiver, STOP_DECODER)
    assert JITTER_BUFFER.removeprefix("_RTCRtpReceiver") == "__jitter_buffer"
    assert hasattr(RTCRtpSender, "_send_rtcp")


def transport_of(caller: Caller) -> Any:
    return caller.transceiver.receiver.transport


async def test_no_decoder_runs_on_our_side(session: Session) -> None:
    caller = await session.call("mara", MARA_HZ)
    peer = session.line("mara")
    await until(lambda: peer.voice.speaking)
    decoders = [each for each in threading.enumerate() if each.name == "audio-decoder"]
    assert len(decoders) == 1, "the caller's own"
    receiver = peer._connection.getReceivers()[0]
    assert receiver.track._queue.qsize() <= 1  # type: ignore[attr-defined]  # only ever the end
    await caller.close()


async def test_reports_go_both_ways(session: Session) -> None:
    """RTCP: the sender learns what was lost, the receiver what was sent (RFC 3550 section 6.4)."""
    mara = await session.call("mara", MARA_HZ)
    ana = await session.call("ana", ANA_HZ)
    async with asyncio.timeout(30):
        while True:
            stats = {each.type: each for each in (await ana.connection.getStats()).values()}
            received, sent = stats.get("remote-inbound-rtp"), stats.get("remote-outbound-rtp")
            if received and sent and min(received.packetsReceived, sent.packetsSent) > 60:
                break
            await asyncio.sleep(0.1)
    assert received.packetsLost == 0
    assert stats["inbound-rtp"].packetsLost == 0
    assert 0 <= stats["inbound-rtp"].packetsReceived - sent.packetsSent < 250, "counted as sent when it was"
    await mara.close()


async def test_candidates_are_of_the_settings_only(session: Session) -> None:
    await session.call("mara", None)
    candidates = ice_of(session.line("mara")._transport).local_candidates
    assert [each.host for each in candidates] == ["127.0.0.1"]
    assert all(each.port in PORTS and each.type == "host" for each in candidates)


async def test_an_address_that_is_announced_is_not_the_one_that_is_bound() -> None:
    ice = IceSettings(addresses=("203.0.113.5=127.0.0.1",), ports=PORTS)
    async with Caller(Tone(MARA_HZ)) as mara:
        desk = Desk(ice, heard=print)
        desk.stand({"mara": SPEAKS})
        answer = await desk.offer("mara", await mara.offer())
        assert " 203.0.113.5 " in answer
        assert "127.0.0.1" not in answer
        await desk.close()


async def test_without_a_port_there_is_a_refusal_and_no_line() -> None:
    desk = Desk(IceSettings(addresses=("192.0.2.1",)), heard=print)  # not of this machine
    desk.stand({"mara": SPEAKS})
    async with Caller(Tone(MARA_HZ)) as mara:
        with pytest.raises(OfferRefused) as refused:
            await desk.offer("mara", await mara.offer())
    assert refused.value.code == "ice.unavailable"
    assert isinstance(refused.value.__cause__, NoAddress)
    await until(lambda: not desk._peers)
    await desk.close()


async def test_all_lines_have_one_certificate(session: Session) -> None:
    answers = []
    for user in ("mara", "ana"):
        session.stand(**{user: SPEAKS})
        caller = Caller(Tone(MARA_HZ))
        session.callers.append(caller)
        answers.append(await session.desk.offer(user, await caller.offer()))
        await caller.accept(answers[-1])
    one, other = ([line for line in each.splitlines() if "fingerprint" in line] for each in answers)
    assert one == other != []


def test_consent_is_over_within_30_s() -> None:
    """RFC 7675 section 5.1. The last success, the next check but one at the latest, and its answers."""
    assert CONSENT_S + 1.2 * CONSENT_EVERY_S + 0.5 + 1 + 2 < 30


async def test_who_vanishes_without_a_word_is_gone_when_consent_ends(
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lines, "CONSENT_S", 1.0)
    monkeypatch.setattr(lines, "CONSENT_EVERY_S", 0.2)
    monkeypatch.setattr(lines, "CONSENT_RETRIES", 0)
    ana = await session.call("ana", ANA_HZ)
    async with Wire() as wire:
        await session.call("mara", MARA_HZ, wire=wire)
        peer = session.line("mara")
        wire.goes_dark(True)
        await asyncio.wait_for(peer.closed, 8)
    assert "mara" not in session.desk._peers
    assert ana.connection.connectionState == "connected"
    await asyncio.sleep(1.5)
    assert session.line("ana").connected, "consent of those who are there is renewed"


async def test_what_waits_is_bounded() -> None:
    inlet = Inlet()
    for _ in range(3 * DATAGRAMS_WAITING_MAX):
        inlet.put_nowait((b"x", 1))
    inlet.put_nowait(None)
    assert inlet.qsize() == DATAGRAMS_WAITING_MAX + 1, "the end always comes through"


def rtp(ssrc: int, sequence: int, timestamp: int, payload_type: int = 96) -> bytes:
    packet = RtpPacket(
        payload_type=payload_type, sequence_number=sequence, timestamp=timestamp, payload=b"\xf8\xff\xfe"
    )
    packet.ssrc = ssrc
    return packet.serialize()


async def test_a_flood_of_sources_ends_that_line_alone(session: Session) -> None:
    """Attack 65."""
    mara, ana = await session.call("mara", MARA_HZ), await session.call("ana", ANA_HZ)
    for ssrc in range(SOURCES_MAX + 1):
        await transport_of(mara)._send_rtp(rtp(ssrc, 1, 1))
    await until(lambda: "mara" not in session.desk._peers)
    assert session.line("ana").connected
    assert ana.connection.connectionState == "connected"


async def test_sources_of_a_kind_that_was_not_agreed_on_count_too(session: Session) -> None:
    mara = await session.call("mara", MARA_HZ)
    for ssrc in range(SOURCES_MAX + 1):
        await transport_of(mara)._send_rtp(rtp(ssrc, 1, 1, payload_type=101))
    await until(lambda: "mara" not in session.desk._peers)


async def test_a_flood_of_packets_is_thinned_and_harms_nobody(session: Session) -> None:
    mara, ana = await session.call("mara", None, SPEAKS), await session.call("ana", ANA_HZ)
    sender = Caller(Tone(MARA_HZ))
    session.callers.append(sender)
    await sender.call(lambda sdp: session.desk.offer("mara", sdp))
    await sender.connected()
    arrived = 0
    voice = session.line("mara").voice
    take = voice.take

    def count(packet: Any) -> None:
        nonlocal arrived
        arrived += 1
        take(packet)

    voice.take = count  # type: ignore[method-assign]
    for sequence in range(20 * DATAGRAMS_PER_S):
        await transport_of(sender)._send_rtp(rtp(7, sequence, sequence * 960))
        if sequence % 100 == 0:
            await asyncio.sleep(0)
    await asyncio.sleep(0.5)
    assert 0 < arrived <= 4 * DATAGRAMS_PER_S
    assert session.line("ana").connected
    assert "ana" in session.desk._people
    await asyncio.gather(mara.close(), ana.close())


async def test_strangers_datagrams_do_not_matter(session: Session) -> None:
    """Attack 65: empty ones (of which aiortc's loop dies), ClientHellos, RTP, checks without the password, noise."""
    mara, ana = await session.call("mara", MARA_HZ), await session.call("ana", ANA_HZ)
    (candidate,) = ice_of(session.line("mara")._transport).local_candidates
    loop = asyncio.get_running_loop()
    stranger, _ = await loop.create_datagram_endpoint(
        asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0), remote_addr=(candidate.host, candidate.port)
    )
    hello = bytes.fromhex("16feff00000000000000000031") + bytes(49)
    for _ in range(STRANGERS_PER_S):
        for datagram in (b"", hello, rtp(1, 1, 1), b"\x00\x01" + bytes(18), bytes(1_200), b"\xff" * 64):
            stranger.sendto(datagram)
    await asyncio.sleep(0.5)
    stranger.close()
    assert session.line("mara").connected
    await ana.hears(MARA_HZ)
    assert len(ice_of(session.line("mara")._transport)._remote_candidates) < REMOTE_ADDRESSES_MAX
    await mara.close()


async def test_who_knows_the_password_may_come_from_a_few_addresses_only(session: Session) -> None:
    mara = await session.call("mara", MARA_HZ)
    ours, theirs = ice_of(session.line("mara")._transport), ice_of(transport_of(mara))
    (pair,) = theirs._nominated.values()
    for port in range(2 * REMOTE_ADDRESSES_MAX):
        request = theirs.build_request(pair, nominate=False)
        ours.check_incoming(request, ("127.0.0.1", 20_000 + port), ours._protocols[0])
    assert len(ours._remote_candidates) <= REMOTE_ADDRESSES_MAX
    for each in ours._check_list:
        if each.task is not None:
            each.task.cancel()


async def test_a_fingerprint_of_somebody_else_fails_alone(session: Session) -> None:
    """Attack 65: whoever answers DTLS must hold the key that was offered."""
    ana = await session.call("ana", ANA_HZ)
    session.stand(mara=SPEAKS)
    mara = Caller(Tone(MARA_HZ))
    session.callers.append(mara)
    offer = "".join(
        line
        for line in (await mara.offer()).splitlines(keepends=True)
        if "fingerprint:sha-256" in line or "fingerprint" not in line
    )
    start = offer.index("fingerprint:sha-256 ") + len("fingerprint:sha-256 ")
    forged = offer[:start] + ("00" if offer[start : start + 2] != "00" else "11") + offer[start + 2 :]
    await mara.accept(await session.desk.offer("mara", forged))
    await until(lambda: "mara" not in session.desk._peers)
    assert session.line("ana").connected
    await ana.close()
