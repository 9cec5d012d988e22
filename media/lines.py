"""One person's line: an aiortc connection with what aiortc leaves open closed. Everything that reaches into the private parts of
aiortc and aioice is in this file, for the pinned versions, and tests/media/test_lines.py says which those are and what they do.

- Addresses and ports are ours to choose; aioice takes every interface but loopback, and any port.
- Datagrams are counted per second and wait in a bounded queue; media of strangers is not even looked at (aioice takes it from
  anywhere, and aiortc's loop dies of an empty datagram).
- What arrives is handed on at once: neither aiortc's jitter buffer nor its decoder's thread and endless queue are used (trap D28).
- Consent (RFC 7675) ends within 30 s and takes answers that come late; aioice takes up to 39 s and only answers within 0.5 s.
- Sending is a header, SRTP and one system call: aiortc's sender wakes a task per listener and packet (performance.md G).
"""
# ruff: noqa: SLF001

import asyncio
import logging
import random
import struct
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, cast

from aioice import Candidate, Connection
from aioice.candidate import candidate_foundation, candidate_priority
from aioice.ice import StunProtocol
from aioice.stun import Message, TransactionError
from aiortc import MediaStreamTrack, RTCCertificate, RTCPeerConnection, RTCRtpReceiver, RTCRtpSender, clock
from aiortc.rtcdtlstransport import RTCDtlsTransport, State
from aiortc.rtp import AnyRtcpPacket, RtcpSenderInfo, RtcpSrPacket, RtpPacket
from av.frame import Frame

from media.ice import IceSettings, bound_socket, offered_addresses
from media.opus import RATE
from media.voices import Packet

DATAGRAMS_WAITING_MAX = 100
DATAGRAMS_PER_S = 400
"""From one person; a voice is 50 to 100 a second."""

STRANGERS_PER_S = 50
"""From addresses that have not shown yet that they know the line's password."""

REMOTE_ADDRESSES_MAX = 32
SOURCES_MAX = 8
"""SSRCs on one line; each costs SRTP a context that nothing frees."""

CONSENT_EVERY_S = 5.0
CONSENT_S = 20.0
CONSENT_RETRIES = 2  # after 0.5 and 1.5 s, given up after 3.5 s
SENDING_BYTES_MAX = 64_000
CERTIFICATE_LEFT = timedelta(days=15)

RTP = struct.Struct("!BBHII")  # RFC 3550 section 5.1
JITTER_BUFFER = "_RTCRtpReceiver__jitter_buffer"
STOP_DECODER = "_RTCRtpReceiver__stop_decoder"
CERTIFICATES = "_RTCPeerConnection__certificates"

logging.getLogger("aioice").setLevel(logging.WARNING)  # it tells of every check, at the level of INFO


class NoAddress(Exception):
    """Not one socket could be had at the addresses and ports of the settings."""


class _Certificate:
    """One for all lines of the process: making them costs, and people are told apart by other means."""

    def __init__(self) -> None:
        self._held: RTCCertificate | None = None

    def get(self) -> RTCCertificate:
        if self._held is None or self._held.expires - clock.current_datetime() < CERTIFICATE_LEFT:
            self._held = RTCCertificate.generateCertificate()
        return self._held


_certificate = _Certificate()


def certify(connection: RTCPeerConnection) -> None:
    """Before anything else is done with the connection."""
    setattr(connection, CERTIFICATES, [_certificate.get()])


def ice_of(transport: RTCDtlsTransport) -> Connection:
    return transport.transport._connection


def confine(ice: Connection, settings: IceSettings) -> None:
    """Before candidates are gathered."""

    async def gather(component: int, addresses: list[str], timeout: int = 5) -> list[Candidate]:  # noqa: ARG001, ASYNC109
        return await _host_candidates(ice, settings, component)

    def check_incoming(message: Message, addr: tuple[str, int], protocol: StunProtocol) -> None:
        known = {(each._network_host, each.port) for each in ice._remote_candidates}
        if addr in known or len(known) < REMOTE_ADDRESSES_MAX:
            checked(message, addr, protocol)

    checked = ice.check_incoming
    ice.get_component_candidates = gather  # type: ignore[method-assign]
    ice.check_incoming = check_incoming  # type: ignore[method-assign]
    ice.query_consent = lambda: _keep_consent(ice)  # type: ignore[method-assign]
    ice._queue = Inlet()


async def _host_candidates(ice: Connection, settings: IceSettings, component: int) -> list[Candidate]:
    loop, found = asyncio.get_running_loop(), []
    for address in offered_addresses(settings):
        try:
            bound = bound_socket(address.bound, settings.ports)
        except OSError:
            continue
        transport, protocol = await loop.create_datagram_endpoint(lambda: Port(ice), sock=bound)
        if ice._closing:  # meanwhile; it does not look again
            transport.abort()
            continue
        protocol.local_candidate = Candidate(
            foundation=candidate_foundation("host", "udp", address.bound),
            component=component,
            transport="udp",
            priority=candidate_priority(component, "host"),
            host=address.announced,
            port=bound.getsockname()[1],
            type="host",
        )
        ice._protocols.append(protocol)
        found.append(protocol.local_candidate)
    if not found:
        raise NoAddress("no UDP socket at any of the addresses offered")
    return found


async def _keep_consent(ice: Connection) -> None:
    loop = asyncio.get_running_loop()
    confirmed_s = loop.time()
    while loop.time() - confirmed_s < CONSENT_S:
        await asyncio.sleep(CONSENT_EVERY_S * random.uniform(0.8, 1.2))  # noqa: S311 - no secret
        for pair in list(ice._nominated.values()):
            key = (ice.remote_password or "").encode()
            request = ice.build_request(pair, nominate=False)
            try:
                await pair.protocol.request(request, pair.remote_addr, key, retransmissions=CONSENT_RETRIES)
            except TransactionError:
                continue
            confirmed_s = loop.time()
    ice._query_consent_task = None
    await ice.close()


class Port(StunProtocol):
    """A socket of ours. Media is taken from where the line's checks came from, and nobody may send without end (RFC 7983 section 7
    tells media from checks by the first byte)."""

    def __init__(self, ice: Connection) -> None:
        super().__init__(ice)
        self._second, self._counted = 0, {True: 0, False: 0}

    def datagram_received(self, data: bytes | str, addr: tuple[Any, ...]) -> None:
        known = any(each.port == addr[1] and each._network_host == addr[0] for each in self.receiver._remote_candidates)
        is_check = bool(data) and cast(bytes, data)[0] < 4
        if data and (known or is_check) and self._has_room(known):
            super().datagram_received(data, addr)

    def _has_room(self, known: bool) -> bool:
        second = int(asyncio.get_running_loop().time())
        if second != self._second:
            self._second, self._counted = second, {True: 0, False: 0}
        self._counted[known] += 1
        return self._counted[known] <= (DATAGRAMS_PER_S if known else STRANGERS_PER_S)


class Inlet(asyncio.Queue[tuple[bytes, int] | None]):
    """What arrived and was not looked at yet. Beyond its limit datagrams are lost, as they are on any network."""

    def put_nowait(self, item: tuple[bytes, int] | None) -> None:
        if item is None or self.qsize() < DATAGRAMS_WAITING_MAX:
            super().put_nowait(item)


class _Tap:
    """In the place of aiortc's jitter buffer: its receiver counts packets and reports them (RTCP), and this hands them on."""

    def __init__(self, arrived: Callable[[Packet], None]) -> None:
        self._arrived = arrived

    def add(self, packet: RtpPacket) -> tuple[bool, None]:
        self._arrived(Packet(packet.ssrc, packet.timestamp, packet.payload))
        return False, None


def tap(receiver: RTCRtpReceiver, arrived: Callable[[Packet], None]) -> None:
    """Before the connection is negotiated. Opus needs no reassembly: every packet is whole."""
    setattr(receiver, JITTER_BUFFER, _Tap(arrived))
    received = receiver.receive

    async def receive(parameters: Any) -> None:
        await received(parameters)
        getattr(receiver, STOP_DECODER)()

    receiver.receive = receive  # type: ignore[method-assign]


def count_sources(transport: RTCDtlsTransport, flooded: Callable[[], None]) -> None:
    """Calls `flooded` when more sources come in on a line than an honest one has (attack 65)."""
    sources: set[bytes] = set()

    def known(source: bytes) -> bool:
        if source in sources:
            return True
        if len(sources) < SOURCES_MAX:
            sources.add(source)
            return True
        flooded()
        return False

    rtp, rtcp = transport._handle_rtp_data, transport._handle_rtcp_data

    async def handle_rtp(data: bytes, arrival_time_ms: int) -> None:
        if known(data[8:12]):
            await rtp(data, arrival_time_ms)

    async def handle_rtcp(data: bytes) -> None:
        if known(data[4:8]):
            await rtcp(data)

    transport._handle_rtp_data = handle_rtp  # type: ignore[method-assign]
    transport._handle_rtcp_data = handle_rtcp  # type: ignore[method-assign]


class Quiet(MediaStreamTrack):
    """Keeps aiortc's sender waiting: it goes on reporting (RTCP) and sends nothing itself."""

    kind = "audio"

    async def recv(self) -> Frame:
        await asyncio.get_running_loop().create_future()
        raise AssertionError("only ever cancelled")


class Outgoing:
    """RTP to one person, in the place of aiortc's sender: the payload is shared, the header and the encryption are theirs."""

    def __init__(self, sender: RTCRtpSender, transport: RTCDtlsTransport) -> None:
        self._transport, self._ice, self._ssrc = transport, ice_of(transport), sender._ssrc
        self._sequence = random.randrange(2**15)  # noqa: S311 - aiortc keeps to the lower half, too: an early wrap confuses SRTP
        self._offset = random.randrange(2**32)  # noqa: S311
        self._timestamp, self._sent_s, self._packets, self._octets = 0, 0.0, 0, 0
        self._report = sender._send_rtcp
        sender._send_rtcp = self._send_rtcp  # type: ignore[method-assign]

    def send(self, payload: bytes, payload_type: int, timestamp: int, begins: bool) -> None:
        """`begins`: the first of a talkspurt (the marker of RFC 7587 section 4.1). Not connected: nothing happens."""
        pair = self._ice._nominated.get(1)
        if pair is None or self._transport._state is not State.CONNECTED:
            return
        udp = pair.protocol.transport
        if cast(asyncio.WriteTransport, udp).get_write_buffer_size() > SENDING_BYTES_MAX:
            return
        self._timestamp, self._sent_s = (timestamp + self._offset) % 2**32, asyncio.get_running_loop().time()
        header = RTP.pack(0x80, payload_type | begins << 7, self._sequence, self._timestamp, self._ssrc)
        self._sequence = (self._sequence + 1) % 2**16
        self._packets += 1
        self._octets += len(payload)
        udp.sendto(self._transport._tx_srtp.protect(header + payload), pair.remote_addr)

    async def _send_rtcp(self, packets: Iterable[AnyRtcpPacket]) -> None:
        """With what was really sent; the sender itself thinks that it sent nothing (RFC 3550 section 6.4.1)."""
        since_s = asyncio.get_running_loop().time() - self._sent_s
        info = RtcpSenderInfo(
            ntp_timestamp=clock.current_ntp_time(),
            rtp_timestamp=(self._timestamp + int(since_s * RATE)) % 2**32,
            packet_count=self._packets % 2**32,
            octet_count=self._octets % 2**32,
        )
        held = [each for each in packets if self._packets or not isinstance(each, RtcpSrPacket)]
        for each in held:
            if isinstance(each, RtcpSrPacket):
                each.sender_info = info
        await self._report(held)


def abandon(ice: Connection) -> None:
    """Lets go of whatever a connection that would not close still holds."""
    if ice._query_consent_task is not None:
        ice._query_consent_task.cancel()
    for protocol in ice._protocols:
        protocol.transport.abort()
