"""The people of bench/sound, one process: speakers who send a spoken text over and over, and listeners who count the packets that
they get and look into none. Connects everybody, says so, measures for as long as it is told to, and says what arrived.

    python -m bench.listeners URL LISTENERS SPEAKERS SECONDS       prints `ready`, then the packets of each listener as JSON
"""

import asyncio
import json
import sys
from fractions import Fraction
from itertools import cycle
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from aiohttp import ClientSession
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from av.frame import Frame

from bench.sound_servers import ICE, SPEAKER
from media.lines import confine, ice_of
from media.opus import FRAME, FRAME_S, RATE, Decoder, Encoder

SPEECH = Path(__file__).resolve().parents[1] / "tests" / "speech" / "mara.ogg"
RTCP = range(192, 224)
"""Second bytes of RTCP packets (RFC 5761 section 4)."""

SETTLING_S = 2.0


NOISE_RMS = 60.0
"""A room's, under the voice: without it our server would save the packets of the pauses, which the other one sends."""


def spoken_packets() -> list[bytes]:
    decoder, encoder, dice = Decoder(), Encoder(), np.random.default_rng(1)
    with av.open(str(SPEECH)) as file:
        sound = np.concatenate([decoder.decode(bytes(each)) for each in file.demux(audio=0) if each.size])
    room = np.clip(sound + dice.normal(0, NOISE_RMS, len(sound)), -(2**15), 2**15 - 1).astype(np.int16)
    return [encoder.encode(room[start : start + FRAME]) for start in range(0, len(room) - FRAME + 1, FRAME)]


class Speech(MediaStreamTrack):
    """Packets that were encoded before: a speaker who costs next to nothing."""

    kind = "audio"

    def __init__(self, packets: list[bytes]) -> None:
        super().__init__()
        self._packets = cycle(packets)
        self._sent, self._begun_s = 0, 0.0

    async def recv(self) -> Frame:
        loop = asyncio.get_running_loop()
        self._begun_s = self._begun_s or loop.time()
        await asyncio.sleep(max(0.0, self._begun_s + self._sent * FRAME_S - loop.time()))
        packet = av.Packet(next(self._packets))
        packet.pts, packet.time_base = self._sent * FRAME, Fraction(1, RATE)
        self._sent += 1
        return cast(Frame, packet)  # aiortc's sender takes both


class Listener:
    def __init__(self) -> None:
        self.packets = 0

    def count(self, connection: RTCPeerConnection) -> None:
        """In front of everything else, so that counting is all that a packet costs."""
        (transceiver,) = connection.getTransceivers()
        for protocol in ice_of(transceiver.receiver.transport)._protocols:
            protocol.datagram_received = self._counting(protocol.datagram_received)  # type: ignore[method-assign]

    def _counting(self, received: Any) -> Any:
        def datagram_received(data: bytes, address: Any) -> None:
            if data[0] < 128:
                received(data, address)
            elif data[1] not in RTCP:
                self.packets += 1

        return datagram_received


async def connect(http: ClientSession, url: str, user: str, who: Listener | Speech) -> RTCPeerConnection:
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    if isinstance(who, Speech):
        transceiver = connection.addTransceiver(who, "sendonly")
    else:
        transceiver = connection.addTransceiver("audio", "recvonly")
    confine(ice_of(transceiver.receiver.transport), ICE)
    await connection.setLocalDescription()
    if isinstance(who, Listener):
        who.count(connection)
    async with http.post(f"{url}/offer/{user}", data=connection.localDescription.sdp) as answer:
        answer.raise_for_status()
        await connection.setRemoteDescription(RTCSessionDescription(await answer.text(), "answer"))
    while connection.connectionState != "connected":  # noqa: ASYNC110 - of a third party's state
        await asyncio.sleep(0.02)
    return connection


async def run(url: str, listeners: int, speakers: int, seconds: float) -> None:
    counted, packets = [Listener() for _ in range(listeners)], spoken_packets()
    async with ClientSession() as http:
        for number in range(speakers):
            await connect(http, url, f"{SPEAKER}{number or ''}", Speech(packets))
        for number, listener in enumerate(counted):
            await connect(http, url, f"listener{number}", listener)
    await asyncio.sleep(SETTLING_S)
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    before = [each.packets for each in counted]
    await asyncio.sleep(seconds)
    print(json.dumps([each.packets - first for each, first in zip(counted, before, strict=True)]), flush=True)
    await asyncio.to_thread(sys.stdin.readline)


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
