"""Records the main room: what consenting voices sent, packet by packet as it came, and their mix, to short sealed segments that
are on the disk within a second (F8, F9, guarantee 14). It writes what it is given and nothing else: whoever has not consented is
never given to it, so nothing of them can be in its files.

`Recording` is called on the event loop and never blocks, never raises for the disk and never touches a file: it hands everything
to the one writer thread of the process through a bounded queue. There the timeline places packets and the segments are written.
A disk that refuses stops the recording with `incomplete`; every few seconds it is tried again, and what was lost is told in the
manifest. A process that is killed loses what was not yet on the disk, at most two seconds; the next generation says so.
"""

import asyncio
import errno
import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from media.manifest import Manifest, generations, read_story
from media.segments import FILE, Track, sync_folder
from media.timeline import HOLD_AT_FIRST_S, RATE, SLOT, Placed, Timeline
from media.writer import WRITER

log = logging.getLogger(__name__)
MIX = "mix"
RETRY_AFTER_S = 5.0
CLOSING_S_MAX = 10.0
TRACKS_MAX = 250
PACKET_BYTES_MAX = 7_700
SLOTS_PER_S = RATE // SLOT
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Recording:
    """One generation of a recording. `clock` tells UTC, `keys` the data key of a track (KeyError: not that one, not yet)."""

    def __init__(
        self,
        folder: Path,
        recording_id: str,
        generation: int,
        started_at: datetime,
        keys: Callable[[str], bytes],
        clock: Callable[[], datetime],
    ) -> None:
        if not FILE.fullmatch(f"{recording_id}-00000.seg"):
            raise ValueError("that is no recording of ours")
        self.started_at = started_at
        self._keys = keys
        self._known: dict[str, bytes] = {}
        self._keyless: set[str] = set()
        self._take = _Take(folder, recording_id, generation, lambda: (clock() - started_at).total_seconds())
        self._closed: Future[None] | None = None
        WRITER.open(self._take)

    @property
    def incomplete(self) -> str | None:
        """Why something is missing from this generation: disk_full, disk_error, behind, no_key, too_many."""
        return self._take.incomplete

    def hear(self, user: str, packet: bytes, rtp_timestamp: int, at: float) -> None:
        """One Opus packet of a consenting voice as it came; `at`: seconds since the recording started."""
        if len(packet) <= PACKET_BYTES_MAX and (key := self._key(user)):
            self._tell(self._take.hear, user, key, packet, rtp_timestamp, at)

    def mix(self, slot: int, packet: bytes) -> None:
        if key := self._key(MIX):
            self._tell(self._take.mix, key, slot, packet)

    def silence(self, user: str, from_slot: int) -> None:
        """They were muted, left, or went to a breakout room: from there on is silence until they are heard again."""
        if self._closed is None:
            WRITER.tell(self._take.silence, user, from_slot)

    async def close(self) -> None:
        """Everything is on the disk afterwards, or `incomplete` says why not."""
        if self._closed is None:
            if self._keyless:
                self._take.lose("no_key")
            self._closed = Future()
            WRITER.tell(WRITER.close, self._take, self._closed)
        try:
            await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(self._closed)), CLOSING_S_MAX)
        except TimeoutError:
            self._take.lose("behind")

    def _key(self, track: str) -> bytes | None:
        key = self._known.get(track)
        if key is None and self._closed is None:
            if not FILE.fullmatch(f"{track}-00000.seg") or len(self._known) >= TRACKS_MAX:
                self._take.lose("too_many")
                return None
            try:
                key = self._known[track] = self._keys(track)
                self._keyless.discard(track)
            except KeyError:
                self._keyless.add(track)
        return key if self._closed is None else None

    def _tell(self, what: Callable[..., None], *told: Any) -> None:
        if not WRITER.tell_if_room(what, *told):
            self._take.lose("behind")


class _Take:
    """One generation, in the writer's thread (but for `lose` and `incomplete`)."""

    def __init__(self, folder: Path, recording_id: str, generation: int, now_s: Callable[[], float]) -> None:
        self.incomplete: str | None = None
        self._folder = folder / recording_id / str(generation)
        self._sealed_as = f"{recording_id}/{generation}"
        self._clock_s = now_s
        self._opened = max(0, round(now_s() * SLOTS_PER_S))
        self._voices: dict[str, Timeline] = {}
        self._tracks: dict[str, Track] = {}
        self._manifest: Manifest | None = None
        self._kept = self._opened  # slot; what was heard before it is on the disk
        self._lost_from: int | None = None  # slot; the disk refused since then
        self._retry_at = 0.0

    def now_s(self) -> float:
        return self._clock_s()

    def unwritten_s(self) -> float:
        return max(0.0, self._clock_s() - self._kept / SLOTS_PER_S)

    def lose(self, why: str) -> None:
        if self.incomplete is None:
            log.warning("a recording is not complete: %s", why)
        self.incomplete = self.incomplete or why

    def hear(self, user: str, key: bytes, packet: bytes, rtp_timestamp: int, at: float) -> None:
        self._track(user, key)
        self._voices.setdefault(user, Timeline()).hear(packet, rtp_timestamp, at)

    def mix(self, key: bytes, slot: int, packet: bytes) -> None:
        self._track(MIX, key).take([Placed(slot * SLOT, SLOT, packet)])

    def silence(self, user: str, from_slot: int) -> None:
        if voice := self._voices.get(user):
            self._tracks[user].take(voice.cut(self.now_s(), from_slot * SLOT))
        try:
            if self._manifest is None and self._lost_from is None:  # nothing was flushed yet
                self._open(round(self.now_s() * SLOTS_PER_S))
        except OSError as error:
            self._fail(error)
        with suppress(OSError):
            if self._manifest:
                self._manifest.say(silence=user, **{"from": from_slot})

    def flush(self, now_s: float) -> None:
        """Everything settled is on the disk, and then the manifest says so. A refusing disk is left alone for a while."""
        for user, voice in self._voices.items():
            self._tracks[user].take(voice.due(now_s))
        if self._lost_from is not None and time.monotonic() < self._retry_at:
            self._forget()
            return
        try:
            manifest = self._manifest or self._open(round(now_s * SLOTS_PER_S))
            for track in self._tracks.values():
                for from_slot, to_slot in track.flush():
                    manifest.say(gap=track.name, **{"from": from_slot, "to": to_slot})
            kept = max(self._kept, round((now_s - HOLD_AT_FIRST_S) * SLOTS_PER_S))
            manifest.say(kept=kept)
            manifest.sync()
            self._kept = kept
        except OSError as error:
            self._fail(error)

    def close(self) -> None:
        now_s = self.now_s()
        for user, voice in self._voices.items():
            self._tracks[user].take(voice.cut(now_s))
        self._retry_at = 0.0
        self.flush(now_s)
        try:
            for track in self._tracks.values():
                track.end()
            if self._manifest:
                self._manifest.say(closed=round(now_s * SLOTS_PER_S), incomplete=self.incomplete)
                self._manifest.sync()
        except OSError as error:
            self._fail(error)
        self._drop()

    def _track(self, name: str, key: bytes) -> Track:
        track = self._tracks.get(name)
        if track is None:
            track = self._tracks[name] = Track(self._folder, name, key, self._sealed_as)
        return track

    def _open(self, now: int) -> Manifest:
        """Makes the folder; what an earlier generation, or this one before the disk refused, lost is told first."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        sync_folder(self._folder.parent)
        torn_at = self._torn_at()
        manifest = self._manifest = Manifest(self._folder)
        manifest.say(opened=self._opened)
        if self._lost_from is not None:
            manifest.say(missing=[self._lost_from, now], why=self.incomplete)
            WRITER.lost_s += max(0, now - self._lost_from) / SLOTS_PER_S
            self._lost_from = None
        elif torn_at is not None:
            manifest.say(missing=[torn_at, self._opened], why="killed")
            WRITER.lost_s += max(0, self._opened - torn_at) / SLOTS_PER_S
        return manifest

    def _torn_at(self) -> int | None:
        """The slot up to which the generation before this one is on the disk, if nobody closed it."""
        for generation in reversed(generations(self._folder.parent)):
            story = read_story(self._folder.parent / str(generation))
            if generation <= int(self._folder.name) and story.kept_slot:
                return None if story.closed else story.kept_slot
        return None

    def _fail(self, error: OSError) -> None:
        log.error("the recorder's disk refused: %s", error.strerror)
        self.lose("disk_full" if error.errno in FULL else "disk_error")
        if self._lost_from is None:
            self._lost_from = self._kept
        self._retry_at = time.monotonic() + RETRY_AFTER_S
        self._forget()
        self._drop()

    def _forget(self) -> None:
        for track in self._tracks.values():
            track.forget()

    def _drop(self) -> None:
        for track in self._tracks.values():
            with suppress(OSError):
                track.drop()
        if self._manifest:
            manifest, self._manifest = self._manifest, None
            with suppress(OSError):
                manifest.close()
