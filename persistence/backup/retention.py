"""What a repository may forget: whatever no moment of the last 30 days needs. The newest backup from before them is kept, with all that
it builds on and the archive since then, so that their first second can be restored too.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from persistence.backup.repository import Manifest, Repository, chain
from persistence.backup.wal import SEGMENT, number_of

KEPT_FOR = timedelta(days=30)
UNFINISHED_FOR = timedelta(days=1)
ID_LENGTH = len("20260101t000000000z")


def needed(manifests: Sequence[Manifest], now: datetime) -> list[Manifest]:
    """Oldest first; `manifests` too."""
    old = [each for each in manifests if each.ended_at <= now - KEPT_FOR]
    wanted = old[-1:] + [each for each in manifests if each.ended_at > now - KEPT_FOR]
    kept = {part.id for each in wanted for part in chain(manifests, each)}
    return [each for each in manifests if each.id in kept]


async def expire(repository: Repository, now: datetime) -> int:
    """How many objects. Raises Damaged when a manifest does not open: then nobody knows what it needs, and nothing is deleted."""
    manifests = await repository.manifests()
    kept = needed(manifests, now)
    gone = [*_backups(await repository.list(), {each.id for each in kept}, now)]
    if kept:
        first = min(each.start for each in kept)
        gone += [each for each in await repository.list("wal") if _is_before(each, first)]
        files = {repository.name("files", here) for each in kept for here in each.files}
        gone += [each for each in await repository.list("files") if each not in files]
    for name in sorted(gone, key=lambda each: not each.endswith("/manifest")):  # first what makes it a backup
        await repository.delete(name)
    return len(gone)


def _backups(names: Iterable[str], kept: set[str], now: datetime) -> Iterable[str]:
    """Objects of forgotten backups, and of ones that were never finished."""
    whole = {each.split("/")[2] for each in names if each.endswith("/manifest")}
    recent = f"{now - UNFINISHED_FOR:%Y%m%dt%H%M%S}"
    for name in names:
        backup = name.split("/")[2]
        if len(backup) == ID_LENGTH and backup not in kept and (backup in whole or backup < recent):
            yield name


def _is_before(name: str, first: int) -> bool:
    segment = name.rpartition("/")[2].upper()
    return SEGMENT.fullmatch(segment) is not None and number_of(segment) < first
