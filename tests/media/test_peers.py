"""The life of a line: it begins with an answer or not at all, and ends, whatever happens, leaving nothing behind."""

import asyncio
import gc
import os
import threading
from pathlib import Path

import pytest
from aiortc import RTCPeerConnection

from media import peers
from media.offers import OfferRefused, read_offer
from media.opus import SILENCE
from media.peers import Peer
from media.voices import Packet
from tests.media.caller import ICE, Caller, Tone, until
from tests.media.conftest import LISTENS, MARA_HZ, SPEAKS, Session

LINES = 50
AT_ONCE = 5


def nothing(_peer: Peer, _packet: Packet) -> None:
    """Nobody listens."""


async def test_who_never_comes_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "CONNECT_S", 0.3)
    peer = Peer("mara", ICE, nothing)
    async with Caller(Tone(MARA_HZ)) as mara:
        answer = await peer.answer(read_offer(await mara.offer()))
    assert "a=candidate:" in answer
    await asyncio.wait_for(peer.closed, 5)
    assert not peer.connected


async def test_an_answer_that_takes_too_long_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(_connection: RTCPeerConnection, _description: object) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(peers, "ANSWER_S", 0.1)
    monkeypatch.setattr(RTCPeerConnection, "setRemoteDescription", hang)
    async with Caller(Tone(MARA_HZ)) as mara:
        peer = Peer("mara", ICE, nothing)
        with pytest.raises(OfferRefused):
            await peer.answer(read_offer(await mara.offer()))
    await asyncio.wait_for(peer.closed, 5)


async def test_what_the_engine_does_not_understand_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(_connection: RTCPeerConnection, _description: object) -> None:
        raise KeyError("of its own")

    monkeypatch.setattr(RTCPeerConnection, "setRemoteDescription", fail)
    async with Caller(Tone(MARA_HZ)) as mara:
        peer = Peer("mara", ICE, nothing)
        with pytest.raises(OfferRefused) as refused:
            await peer.answer(read_offer(await mara.offer()))
    assert refused.value.code == "sdp.unsupported"
    await asyncio.wait_for(peer.closed, 5)


async def test_a_connection_that_does_not_close_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trap D31."""

    async def hang(_connection: RTCPeerConnection) -> None:
        await asyncio.sleep(60)

    async with Caller(Tone(MARA_HZ)) as mara:
        peer = Peer("mara", ICE, nothing)
        await mara.call(lambda sdp: peer.answer(read_offer(sdp)))
        await until(lambda: peer.connected)
        with monkeypatch.context() as patched:
            patched.setattr(peers, "CLOSE_S", 0.1)
            patched.setattr(RTCPeerConnection, "close", hang)
            async with asyncio.timeout(15):
                await peer.close()
        peer.send(SILENCE, 0)  # harmless
        await peer._connection.close()


async def test_closing_again_and_at_once_is_the_same_as_closing() -> None:
    peer = Peer("mara", ICE, nothing)
    await asyncio.gather(peer.close(), peer.close())
    peer.end()
    await peer.close()


async def test_who_only_speaks_is_sent_nothing(session: Session) -> None:
    mara = Caller(Tone(MARA_HZ))
    mara.transceiver.direction = "sendonly"
    await session.call("mara", None, SPEAKS, caller=mara)
    await session.call("otto", None, LISTENS)
    await until(lambda: session.line("otto")._outgoing._packets > 10)
    assert session.line("mara")._outgoing._packets == 0


async def test_a_browser_that_closes_is_gone_at_once(session: Session) -> None:
    mara = await session.call("mara", MARA_HZ)
    line = session.line("mara")
    await mara.close()
    await asyncio.wait_for(line.closed, 5)
    assert session.desk._peers == {}


async def test_lines_opened_and_closed_leave_nothing_behind(session: Session) -> None:
    """Fifty here; a thousand with `python -m bench.lines`."""
    await _open_and_close(session, AT_ONCE)  # what is made once
    before = _held()
    for _ in range(LINES // AT_ONCE):
        await _open_and_close(session, AT_ONCE)
    after = _held()
    assert after["descriptors"] == before["descriptors"]
    assert after["threads"] == before["threads"]
    assert after["tasks"] == before["tasks"]
    assert after["lines"] == before["lines"]
    assert after["memory, kB"] - before["memory, kB"] < 20_000


async def _open_and_close(session: Session, count: int) -> None:
    users = [f"guest {number}" for number in range(count)]
    callers = await asyncio.gather(
        *(session.call(user, (MARA_HZ, None)[number % 2]) for number, user in enumerate(users))
    )
    lines = [session.line(user) for user in users]
    for number, (caller, user) in enumerate(zip(callers, users, strict=True)):
        await (caller.close() if number % 3 else session.desk.hang_up(user))  # from either side
    await asyncio.gather(*(line.closed for line in lines))
    for caller in callers:
        await caller.close()
        session.callers.remove(caller)
    await until(lambda: session.desk._mixing is None or session.desk._mixing.done())


def _held() -> dict[str, int]:
    gc.collect()
    status = Path("/proc/self/status").read_text()
    return {
        "descriptors": len(os.listdir("/proc/self/fd")),  # noqa: PTH208
        "threads": sum(
            not each.name.startswith("asyncio_") for each in threading.enumerate()
        ),  # of the callers' encoders
        "tasks": len(asyncio.all_tasks()),
        "lines": sum(isinstance(each, Peer) for each in gc.get_objects()),
        "memory, kB": int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]),
    }
