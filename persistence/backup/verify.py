"""Reads a whole repository and says what in it is damaged or missing: every record of every object is authenticated, every backup has
its pieces, its files and the backups it builds on, and the archive has no gap since the oldest of them.
"""

from collections.abc import Iterable, Iterator, Sequence

from persistence.backup.repository import Manifest, Repository, chain
from persistence.backup.seal import Damaged
from persistence.backup.wal import SEGMENT, SEGMENT_BYTES, number_of


async def verify(repository: Repository) -> list[str]:
    """One line for each fault, beginning with the repository's label and the object's name."""
    faults: list[str] = []
    manifests: list[Manifest] = []
    for backup in await repository.ids():
        try:
            manifests.append(await repository.manifest(backup))
        except Damaged:
            faults.append(f"{repository.name(backup, 'manifest')}: damaged")
    names = await repository.list()
    sound = {name: size for name in names if (size := await _size(repository, name)) is not None}
    faults += [f"{name}: damaged" for name in names if name not in sound and not name.endswith("/manifest")]
    faults += [f"{name}: missing" for name in sorted(_expected(repository, manifests) - set(names))]
    faults += [f"{each.id}: {error}" for each in manifests if (error := _broken(manifests, each))]
    segments = {name: size for name, size in sound.items() if "/wal/" in name}
    faults += [
        f"{name}: not a whole segment" for name, size in segments.items() if _is_segment(name) and size != SEGMENT_BYTES
    ]
    faults += [f"{repository.name('wal')}: {each}" for each in _gaps(list(segments), manifests)]
    return [f"repository {repository.label}: {each}" for each in faults]


async def _size(repository: Repository, name: str) -> int | None:
    """Of the clear text; None if it is damaged."""
    try:
        return await repository.told(name, lambda pieces: sum(map(len, pieces)))
    except Damaged:
        return None


def _expected(repository: Repository, manifests: Sequence[Manifest]) -> set[str]:
    pieces = {repository.name(each.id, part) for each in manifests for part in (*each.pieces, "postgres.manifest")}
    return pieces | {repository.name("files", here) for each in manifests for here in each.files}


def _broken(manifests: Sequence[Manifest], last: Manifest) -> str:
    try:
        chain(manifests, last)
    except Damaged as error:
        return str(error)
    return ""


def _is_segment(name: str) -> bool:
    return bool(SEGMENT.fullmatch(name.rpartition("/")[2].upper()))


def _gaps(names: Iterable[str], manifests: Sequence[Manifest]) -> Iterator[str]:
    """A timeline goes on where another one was left, so all of them together leave nothing out."""
    numbers = {number_of(name.rpartition("/")[2].upper()) for name in names if _is_segment(name)}
    if not manifests:
        return
    first, last = min(each.start for each in manifests), max([*numbers, *(each.end for each in manifests)])
    for number in sorted(set(range(first, last + 1)) - numbers):
        yield f"segment {number:#x} is missing"
