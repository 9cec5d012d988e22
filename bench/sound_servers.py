"""The servers of bench/sound, each a process of its own with the same door: POST /offer/{user} with an offer's SDP answers with SDP.

`ours`: a desk, as the server has one per session. `plain`: aiortc as its examples use it, a MediaRelay and one encoder per
sender. Both are kept to loopback and to ports below the kernel's own. GET /sent tells how many RTP packets left since the start,
GET /allocated what is in use of the memory that the process has.

    python -m bench.sound_servers ours|plain PORT [--record FOLDER]
"""

import argparse
import asyncio
import ctypes
import gc
import sys
from collections.abc import Awaitable, Callable
from os import urandom
from pathlib import Path

from aiohttp import web
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaRelay
from aiortc.stats import RTCOutboundRtpStreamStats

from media import lines
from media.clock import sound_clock
from media.desk import Desk, Stand
from media.ice import IceSettings
from media.lines import confine, ice_of
from media.recorder import Recording

ICE = IceSettings(addresses=("127.0.0.1",), ports=range(20_000, 32_000))
SPEAKER = "speaker"
lines.CONSENT_S = 600.0  # nobody vanishes here, and a server that has no time answers late
MALLINFO = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"  # mallinfo(3)
Answer = Callable[[str, str], Awaitable[str]]
Sent = Callable[[], Awaitable[int]]


def ours(record: Path | None) -> tuple[Answer, Sent]:
    desk = Desk(ICE, heard=lambda _: None)
    people: dict[str, Stand] = {}
    if record is not None:
        key = urandom(32)
        recording = "0190a5f0-0000-7000-8000-000000000001"
        desk.record(Recording(record, recording, 1, sound_clock(), lambda _: key, sound_clock))

    async def answer(user: str, sdp: str) -> str:
        speaks = user.startswith(SPEAKER)
        people[user] = Stand(None, may_speak=speaks, recorded=speaks and record is not None)
        desk.stand(people)
        return await desk.offer(user, sdp)

    async def sent() -> int:
        return sum(peer._outgoing._packets for peer in desk._peers.values())

    return answer, sent


def plain() -> tuple[Answer, Sent]:
    relay = MediaRelay()
    connections: list[RTCPeerConnection] = []
    voice: asyncio.Future[MediaStreamTrack] = asyncio.get_running_loop().create_future()

    async def answer(user: str, sdp: str) -> str:
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        connections.append(connection)
        if user == SPEAKER:
            connection.on("track", voice.set_result)
        else:
            connection.addTrack(relay.subscribe(await voice, buffered=False))
        transceivers = connection.getTransceivers()
        if transceivers:
            confine(ice_of(transceivers[0].receiver.transport), ICE)
        await connection.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        confine(ice_of(connection.getTransceivers()[0].receiver.transport), ICE)
        await connection.setLocalDescription()
        return str(connection.localDescription.sdp)

    async def sent() -> int:
        return sum([await _packets_sent(each) for each in connections])

    return answer, sent


async def _packets_sent(connection: RTCPeerConnection) -> int:
    stats = (await connection.getStats()).values()
    return sum(each.packetsSent for each in stats if isinstance(each, RTCOutboundRtpStreamStats))


class _Mallinfo(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in MALLINFO.split()]


def allocated() -> dict[str, int]:
    """What a process holds without what its allocators keep for later, which is most of what RSS grows by."""
    gc.collect()
    mallinfo = ctypes.CDLL(None).mallinfo2  # of glibc
    mallinfo.restype = _Mallinfo
    used = mallinfo()
    return {"allocated, kB": (used.uordblks + used.hblkhd) // 1024, "Python's blocks": sys.getallocatedblocks()}


async def serve(kind: str, port: int, record: Path | None) -> None:
    answer, sent = ours(record) if kind == "ours" else plain()

    async def offered(request: web.Request) -> web.Response:
        return web.Response(text=await answer(request.match_info["user"], await request.text()))

    async def asked(_request: web.Request) -> web.Response:
        return web.json_response(await sent())

    async def weighed(_request: web.Request) -> web.Response:
        return web.json_response(allocated())

    app = web.Application()
    app.router.add_get("/sent", asked)
    app.router.add_get("/allocated", weighed)
    app.router.add_post("/offer/{user}", offered)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.sound_servers")
    parser.add_argument("kind", choices=["ours", "plain"])
    parser.add_argument("port", type=int)
    parser.add_argument("--record", type=Path)
    given = parser.parse_args()
    asyncio.run(serve(given.kind, given.port, given.record))


if __name__ == "__main__":
    main()
