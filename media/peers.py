"""One person's connection: takes an offer, hands on what they say, sends them what they hear, and ends, whatever happens, within
30 s of their vanishing. Knows nothing of who may speak, nor of anybody else.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.exceptions import InvalidStateError

from media.ice import IceSettings
from media.lines import NoAddress, Outgoing, Quiet, abandon, certify, confine, count_sources, ice_of, tap
from media.offers import Offer, OfferRefused, answer_text
from media.opus import FRAME
from media.voices import Packet, Voice

log = logging.getLogger(__name__)
CONNECT_S = 15.0
ANSWER_S = 5.0
CLOSE_S = 5.0


class Peer:
    """To be made on a running loop. `closed` is done when nothing of it is left; `gone` is called then."""

    def __init__(self, user: str, ice: IceSettings, arrived: Callable[["Peer", Packet], None]) -> None:
        self.user = user
        self.voice = Voice()
        loop = asyncio.get_running_loop()
        self.closed: asyncio.Future[None] = loop.create_future()
        self._offer: Offer | None = None
        self._closing: asyncio.Task[None] | None = None
        self._sent: int | None = None
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        certify(self._connection)
        transceiver = self._connection.addTransceiver(Quiet(), "sendrecv")
        opus = [each for each in RTCRtpSender.getCapabilities("audio").codecs if each.mimeType == "audio/opus"]
        transceiver.setCodecPreferences(opus)
        self._transport = transceiver.receiver.transport
        confine(ice_of(self._transport), ice)
        count_sources(self._transport, self.end)
        tap(transceiver.receiver, lambda packet: arrived(self, packet))
        self._outgoing = Outgoing(transceiver.sender, self._transport)
        self._connection.on("connectionstatechange", self._changed)
        self._deadline = loop.call_later(CONNECT_S, self.end)

    @property
    def connected(self) -> bool:
        return self._connection.connectionState == "connected" and self._closing is None

    def continues(self, offer: Offer) -> bool:
        """This offer is about the connection that is there: another direction, not another line."""
        if self._offer is None or self._closing is not None:
            return False
        if offer.restarts(self._offer):
            raise OfferRefused("ice.restart", "a new connection is needed")
        return offer.is_of(self._offer)

    async def answer(self, offer: Offer) -> str:
        """The answer's SDP, with our candidates in it. Raises OfferRefused, and is closed then unless it had been answered before."""
        try:
            async with asyncio.timeout(ANSWER_S):
                await self._connection.setRemoteDescription(RTCSessionDescription(str(offer), "offer"))
                await self._connection.setLocalDescription()
        except NoAddress as error:
            self.end()
            raise OfferRefused("ice.unavailable", str(error)) from error
        except (InvalidStateError, TimeoutError) as error:  # closed meanwhile, or hanging
            self.end()
            raise OfferRefused("audio.replaced", str(error)) from error
        except Exception as error:  # the engine raises whatever a description makes it
            self.end()
            log.warning("an offer was not understood by the engine: %r", error)
            raise OfferRefused("sdp.unsupported", type(error).__name__) from error
        self._offer = offer
        return answer_text(self._connection.localDescription.sdp, offer)

    def send(self, payload: bytes, timestamp: int) -> None:
        """One packet of 20 ms; `timestamp` in samples. Those who do not want to hear get nothing."""
        if self._offer is None or self._offer.direction not in {"sendrecv", "recvonly"}:
            return
        begins = self._sent is None or timestamp - self._sent != FRAME
        self._sent = timestamp
        self._outgoing.send(payload, self._offer.payload_type, timestamp, begins)

    def _changed(self) -> None:
        state = self._connection.connectionState
        if state == "connected":
            self._deadline.cancel()
        elif state in {"failed", "closed"}:
            self.end()

    def end(self) -> None:
        """Begins to close; may be called at any time, and again."""
        if self._closing is None:
            self._deadline.cancel()
            self.voice.clear()
            self._closing = asyncio.get_running_loop().create_task(self._close(), name=f"closing of {self.user}'s line")

    async def close(self) -> None:
        """Returns when nothing of it is left."""
        self.end()
        await asyncio.shield(self.closed)

    async def _close(self) -> None:
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_S):
                    await self._connection.close()
        except Exception:
            log.exception("a line did not close as it should")
        finally:
            abandon(ice_of(self._transport))
            if not self.closed.done():
                self.closed.set_result(None)
