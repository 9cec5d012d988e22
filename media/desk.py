"""The sound of one session: whose line is open, who stands where, and every 20 ms a mix for each place. It is told who may speak and
who is recorded (`stand`) and holds to that from the next packet on; why, it does not know. One loop, on the monotonic clock; all
of it on the event loop's thread: handing a slot's encoding to another one costs half as much again as the encoding (measured).
"""

import asyncio
import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from media import mixer
from media.clock import moment, sound_clock
from media.ice import IceSettings
from media.mixer import Mix, Mixed, Tape
from media.offers import OfferRefused, read_offer
from media.opus import FRAME, FRAME_S, SILENCE, Undecodable, frame_samples
from media.peers import Peer
from media.talk import Span, Talk
from media.utterances import Said, Scissors, Utterance
from media.voices import DELAY_MIN_SLOTS, Packet

__all__ = ["Desk", "Heard", "OfferRefused", "Stand", "sound_clock"]

log = logging.getLogger(__name__)
ANSWERS_AT_ONCE = 8
BEHIND_MAX_S = 1.0
"""Of a pause of the process that was longer, what exceeds it is left out; otherwise the slots follow twice as fast, and no word is
lost: browsers play a little faster then."""

CATCH_UP_S = FRAME_S / 2
AT_ONCE_S = 0.05
"""Twice as fast by the clock: where waking up takes long, too, so much is mixed without going to sleep."""

REST_S = 1.0


@dataclass(frozen=True, slots=True)
class Stand:
    """`place`: a breakout room's id, None for the main room. `recorded`: consents, and a recording runs."""

    place: str | None
    may_speak: bool
    recorded: bool


@dataclass(frozen=True, slots=True)
class Heard:
    """Somebody spoke."""

    user: str
    place: str | None
    from_at: datetime
    to_at: datetime


class Recording(Protocol):
    """Where recorded voices go (media/recorder). Slots of 20 ms since `started_at`. Never blocks."""

    @property
    def started_at(self) -> datetime: ...
    def hear(self, user: str, packet: bytes, rtp_timestamp: int, at: float) -> None: ...
    def mix(self, slot: int, packet: bytes) -> None: ...
    def silence(self, user: str, from_slot: int) -> None: ...


class Desk:
    """To be made on a running loop."""

    def __init__(self, ice: IceSettings, *, heard: Callable[[Heard], None]) -> None:
        self._ice, self._heard = ice, heard
        self._people: dict[str, Stand] = {}
        self._peers: dict[str, Peer] = {}
        self._leaving: set[Peer] = set()
        self._mixes: dict[str | None, Mix] = {}
        self._talks: dict[str, Talk] = {}
        self._said: Callable[[Said], None] | None = None
        self._scissors = Scissors()
        self._recording: Recording | None = None
        self._tape = Tape()
        self._answering = asyncio.Semaphore(ANSWERS_AT_ONCE)
        self._origin_s = asyncio.get_running_loop().time()
        self._slot = 0
        self._mixing: asyncio.Task[None] | None = None
        self._closed = False

    # -- lines --

    async def offer(self, user: str, sdp: str) -> str:
        """The answer's SDP. A person has one line: a second offer is about it, or takes its place. Raises OfferRefused."""
        offer = read_offer(sdp)
        async with self._answering:
            if user not in self._people or self._closed:
                raise OfferRefused("audio.absent", "not in the room")
            peer = self._peers.get(user)
            if peer is None or not peer.continues(offer):
                self._dismiss(user)
                peer = self._peers[user] = Peer(user, self._ice, self._arrived)
                peer.closed.add_done_callback(lambda _: self._forget(peer))
                self._start_mixing()
            return await peer.answer(offer)

    async def hang_up(self, user: str) -> None:
        peer = self._peers.get(user)
        if peer is not None:
            self._dismiss(user)
            await peer.close()

    def _dismiss(self, user: str) -> None:
        peer = self._peers.pop(user, None)
        if peer is not None:
            self._leaving.add(peer)
            peer.end()
            self._end_talk(user)

    def _forget(self, peer: Peer) -> None:
        """It has ended, by itself or because we wanted it to."""
        self._leaving.discard(peer)
        if self._peers.get(peer.user) is peer:
            del self._peers[peer.user]
            self._end_talk(peer.user)

    async def close(self) -> None:
        self._closed = True
        lines = [*self._peers.values(), *self._leaving]
        for user in list(self._peers):
            self._dismiss(user)
        await asyncio.gather(*(peer.close() for peer in lines))
        if self._mixing is not None:
            self._mixing.cancel()
            await asyncio.gather(self._mixing, return_exceptions=True)

    # -- who may do what --

    def stand(self, people: Mapping[str, Stand]) -> None:
        before, self._people = self._people, dict(people)
        for user in list(self._peers):
            was, now = before.get(user), self._people.get(user)
            if was != now:
                self._moved(user, was, now)

    def _moved(self, user: str, was: Stand | None, now: Stand | None) -> None:
        was_recorded, is_recorded = (each is not None and self._is_recorded(each) for each in (was, now))
        if was_recorded and not is_recorded:
            self._silence(user)
        if is_recorded and not was_recorded:
            self._peers[user].voice.clear()  # what was said before consent still waits to be mixed
        if now is None or not now.may_speak or was is None or now.place != was.place:
            self._peers[user].voice.clear()
            self._end_talk(user, was)
        if now is None:
            self._dismiss(user)

    def _arrived(self, peer: Peer, packet: Packet) -> None:
        """What nobody may hear is dropped before anything is done with it (attack 64)."""
        stand = self._people.get(peer.user)
        if stand is None or not stand.may_speak or self._peers.get(peer.user) is not peer:
            return
        try:
            frame_samples(packet.payload)
        except Undecodable:
            return
        if self._recording is not None and self._is_recorded(stand):
            at_s = (sound_clock() - self._recording.started_at).total_seconds()
            self._recording.hear(peer.user, packet.payload, packet.timestamp, at_s)
        peer.voice.take(packet)

    # -- recording --

    def record(self, recording: Recording | None) -> None:
        """Where recorded voices and their mix go from now on."""
        self._recording, self._tape = recording, Tape()

    def _is_recorded(self, stand: Stand) -> bool:
        return stand.recorded and stand.may_speak and stand.place is None

    def _silence(self, user: str) -> None:
        if self._recording is not None:
            since = sound_clock() - self._recording.started_at
            self._recording.silence(user, max(0, math.ceil(since.total_seconds() / FRAME_S)))

    # -- every 20 ms --

    def _start_mixing(self) -> None:
        if self._mixing is None or self._mixing.done():
            self._slot = math.ceil((asyncio.get_running_loop().time() - self._origin_s) / FRAME_S)
            self._mixing = asyncio.get_running_loop().create_task(self._mix_on(), name="mixing")

    async def _mix_on(self) -> None:
        """As long as there is a line. Slot n is due n x 20 ms after the desk was set up, however late it wakes."""
        loop = asyncio.get_running_loop()
        mixed_s = 0.0  # when the slot before should have been
        while self._peers:
            mixed_s = next_at_s(mixed_s, self._due_s(self._slot), loop.time())
            await asyncio.sleep(max(mixed_s - loop.time(), 0))  # in any case once: what came meanwhile is read first
            behind_s = loop.time() - self._due_s(self._slot)
            if behind_s > BEHIND_MAX_S:
                self._skip(int((behind_s - BEHIND_MAX_S) / FRAME_S) + 1)
            try:
                self._step(self._slot)
            except Exception:
                log.exception("the mix failed; it begins anew")
                self._mixes, self._tape = {}, Tape()
                await asyncio.sleep(REST_S)
            self._slot += 1

    def _skip(self, slots: int) -> None:
        self._slot += slots
        for peer in self._peers.values():
            peer.voice.skip(slots)

    def _due_s(self, slot: int) -> float:
        return self._origin_s + slot * FRAME_S

    def _step(self, slot: int) -> None:
        spoken = self._spoken(slot)
        if self._recording is not None:
            main = spoken.get(None, {})
            self._record_mix({user: each for user, each in main.items() if self._is_recorded(self._people[user])}, slot)
        mixed = self._mixed(spoken)
        for user, peer in self._peers.items():
            mix = mixed.get(self._people[user].place)
            packet = mix.own.get(user, mix.everyone) if mix is not None else None
            if packet is not None:
                peer.send(packet, slot * FRAME)

    def _spoken(self, slot: int) -> dict[str | None, dict[str, mixer.Heard]]:
        """By place: what is said in this slot. Everybody there has a place, also when nobody speaks."""
        spoken: dict[str | None, dict[str, mixer.Heard]] = {}
        for user, peer in list(self._peers.items()):
            place = self._people[user].place
            there = spoken.setdefault(place, {})
            voice = peer.voice
            pcm = None if voice.idle else voice.frame()
            if pcm is not None:
                there[user] = mixer.Heard(pcm, voice.loudness)
            if self._said is not None:
                self._tell(user, place, self._scissors.hear(user, pcm, voice.speaking, slot))
            if voice.speaking or user in self._talks:
                self._report(user, place, self._talks.setdefault(user, Talk()).step(voice.speaking, slot))
        return spoken

    def _mixed(self, spoken: Mapping[str | None, Mapping[str, mixer.Heard]]) -> dict[str | None, Mixed]:
        self._mixes = {place: self._mixes.get(place) or Mix() for place in spoken}
        return {place: self._mixes[place].step(frames) for place, frames in spoken.items()}

    def _record_mix(self, frames: Mapping[str, mixer.Heard], slot: int) -> None:
        """Voices are mixed a little after they came; the recorder knows when they came."""
        assert self._recording is not None
        packet = self._tape.step(frames)
        since = moment(self._due_s(slot - DELAY_MIN_SLOTS)) - self._recording.started_at
        place = math.floor(since.total_seconds() / FRAME_S)
        if packet is not None and packet is not SILENCE and place >= 0:
            self._recording.mix(place, packet)

    # -- what is said --

    def listen(self, said: Callable[[Said], None] | None) -> None:
        """Whoever may be heard, utterance by utterance, from now on; None ends that. `said` must not wait."""
        self._said, self._scissors = said, Scissors()

    def _tell(self, user: str, place: str | None, utterance: Utterance | None) -> None:
        if utterance is not None and self._said is not None:
            self._said(Said(user, place, *self._moments(utterance.first, utterance.end), utterance.pcm))

    # -- who speaks --

    def levels(self) -> dict[str | None, dict[str, float]]:
        """By place: who speaks now, and how loud, 0 to 1 (-50 to 0 dBFS)."""
        found: dict[str | None, dict[str, float]] = {}
        for user, peer in self._peers.items():
            if peer.voice.speaking:
                decibel = 20 * math.log10(max(peer.voice.loudness, 1.0) / 2**15)
                found.setdefault(self._people[user].place, {})[user] = round(min(max(1 + decibel / 50, 0.0), 1.0), 2)
        return found

    def _end_talk(self, user: str, stand: Stand | None = None) -> None:
        """Their speech is over, and their sentence as far as it went."""
        talk, stand = self._talks.pop(user, None), stand or self._people.get(user)
        utterance = self._scissors.end(user)
        if stand is not None:
            self._tell(user, stand.place, utterance)
        if talk is not None and stand is not None:
            self._report(user, stand.place, talk.end(self._slot))

    def _report(self, user: str, place: str | None, span: Span | None) -> None:
        if span is not None:
            self._heard(Heard(user, place, *self._moments(*span)))

    def _moments(self, first: int, end: int) -> tuple[datetime, datetime]:
        """It was said a little before it was mixed."""
        return moment(self._due_s(first - DELAY_MIN_SLOTS)), moment(self._due_s(end - DELAY_MIN_SLOTS))


def next_at_s(last_s: float, due_s: float, now_s: float) -> float:
    """When a slot is mixed, if the one before should have been at `last_s`: not before it is due, nor more than twice as fast."""
    return max(due_s, last_s + CATCH_UP_S, now_s - AT_ONCE_S)
