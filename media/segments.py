"""The files of one track of one generation while it is recorded: `<track>-<nnnnn>.seg`, sealed logs (media/vault.py) of whole Ogg
Opus pages, each segment an Ogg stream of its own that begins where it begins on the recording's timeline. And their reading:
what was kept, however its writer ended. Knows no RTP and no room; blocks and raises OSError: for the writer's thread."""

import functools
import os
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from media.ogg import LACES_MAX, Pages, laces_of, read_pages
from media.opus import frame_samples
from media.timeline import RATE, SLOT, Placed
from media.vault import LogSeal, Unsealable, open_log

SEGMENT_SAMPLES = 30 * RATE
PAGE_SAMPLES_MAX = RATE
FILE = re.compile(r"(?P<track>[a-z0-9][a-z0-9_-]{0,63})-(?P<number>\d{5})\.seg", re.ASCII)
NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
GAP_TOLD = RATE // 2
bring_to_disk = getattr(os, "fdatasync", os.fsync)  # the former is not everywhere
PENDING_MAX = 20_000


class Track:
    """`take` what is placed, `flush` it to the disk at least every second, `end` it."""

    def __init__(self, folder: Path, name: str, key: bytes, sealed_as: str) -> None:
        self.name = name
        self._folder, self._key, self._sealed_as = folder, key, sealed_as
        self._pending: list[Placed] = []
        self._file: int | None = None
        self._number = 0
        self._begun = self._written = 0  # positions
        self._taken_to = 0
        self._seal = LogSeal(key, "")
        self._pages = Pages(0)

    @property
    def dirty(self) -> bool:
        return bool(self._pending)

    def take(self, placed: Sequence[Placed]) -> None:
        """What would go back is left out."""
        for each in placed:
            if each.position >= self._taken_to and len(self._pending) < PENDING_MAX:
                self._pending.append(each)
                self._taken_to = each.end

    def flush(self) -> list[tuple[int, int]]:
        """All that was taken is on the disk afterwards. Answers the gaps before it worth telling, as slots from and to."""
        if not self._pending:
            return []
        pending, self._pending = self._pending, []
        ends = [(self._written, pending[0].position), *((one.end, other.position) for one, other in pairwise(pending))]
        piece = b"" if self._file is not None else self._open(pending[0].position)
        assert self._file is not None
        piece += b"".join(self._pages.page([each.packet for each in run], run[-1].end) for run in _runs(pending))
        _write(self._file, self._seal.record(piece))
        bring_to_disk(self._file)
        self._written = pending[-1].end
        if self._written - self._begun >= SEGMENT_SAMPLES:
            self.end()
        return [(start // SLOT, stop // SLOT) for start, stop in ends if stop - start >= GAP_TOLD]

    def end(self) -> None:
        """The segment says that it is whole. The next flush begins another."""
        if self._file is None:
            return
        try:
            _write(self._file, self._seal.ending())
            bring_to_disk(self._file)
        finally:
            self.drop()

    def forget(self) -> None:
        self._pending.clear()

    def drop(self) -> None:
        """After a failure: this segment stays as it is."""
        if self._file is not None:
            file, self._file = self._file, None
            os.close(file)

    def _open(self, position: int) -> bytes:
        """Answers the pages that every stream begins with. Files that are there already are never written to again."""
        self._number = 1 + (self._number or max(numbers_of(self._folder, self.name), default=0))
        name = f"{self.name}-{self._number:05}.seg"
        self._file = os.open(self._folder / name, NEW_FILE, 0o600)
        sync_folder(self._folder)
        self._begun = position
        self._pages = Pages(self._number)
        self._seal = LogSeal(self._key, f"{self._sealed_as}/{name}")
        _write(self._file, self._seal.header)
        return self._pages.headers()


def _runs(placed: Sequence[Placed]) -> Iterator[list[Placed]]:
    """As pages: without a gap inside, at most a second long, and no more than a page holds."""
    run: list[Placed] = []
    laces = 0
    for each in placed:
        more = laces_of(each.packet)
        if run and (
            run[-1].end != each.position or laces + more > LACES_MAX or each.end - run[0].position > PAGE_SAMPLES_MAX
        ):
            yield run
            run, laces = [], 0
        run.append(each)
        laces += more
    if run:
        yield run


def _write(file: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(file, left) :]


def sync_folder(folder: Path) -> None:
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(held)
    finally:
        os.close(held)


# -- reading ----------------------------------------------------------------------------------------------------------------


def tracks_in(folder: Path) -> set[str]:
    return {found["track"] for each in folder.iterdir() if (found := FILE.fullmatch(each.name))}


def numbers_of(folder: Path, track: str) -> list[int]:
    names = (FILE.fullmatch(each.name) for each in folder.glob(f"{track}-*.seg"))
    return sorted(int(found["number"]) for found in names if found and found["track"] == track)


def all_open(folder: Path, track: str, key: bytes, sealed_as: str) -> bool:
    """Whether this is the key of every segment of the track."""
    for number in numbers_of(folder, track):
        name = f"{track}-{number:05}.seg"
        try:
            open_log((folder / name).read_bytes(), key, f"{sealed_as}/{name}")
        except Unsealable:
            return False
    return True


def read_track(folder: Path, track: str, key: bytes, sealed_as: str, unreadable: list[str]) -> Iterator[Placed]:
    """In order and without overlap; what a kill tore off is not there. Names in `unreadable` the files that do not open at all."""
    end = 0
    for number in numbers_of(folder, track):
        name = f"{track}-{number:05}.seg"
        try:
            log = open_log((folder / name).read_bytes(), key, f"{sealed_as}/{name}")
        except Unsealable:
            unreadable.append(name)
            continue
        for page in read_pages(b"".join(log.pieces), verify=False):
            lengths = [_samples(packet[:2]) for packet in page.packets]
            position = page.end - sum(lengths)
            for packet, samples in zip(page.packets, lengths, strict=True):
                if position >= end:
                    yield Placed(position, samples, packet)
                    end = position + samples
                position += samples


@functools.lru_cache(1024)
def _samples(head: bytes) -> int:
    """The first two bytes say it all; what stands in segments was looked at when it came."""
    return frame_samples(head)
