"""What may be forgotten: nothing that a moment of the last 30 days needs."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from media.local_store import LocalStore
from persistence.backup.repository import Manifest, Repository
from persistence.backup.retention import expire, needed
from persistence.backup.seal import Damaged

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)


def backup(days_ago: float, parent: Manifest | None = None, **fields: object) -> Manifest:
    at = NOW - timedelta(days=days_ago)
    made: dict[str, object] = {
        "id": f"{at:%Y%m%dt%H%M%S}000z",
        "kind": "incremental" if parent else "full",
        "parent": parent.id if parent else None,
        "postgres": 18,
        "started_at": at - timedelta(minutes=1),
        "ended_at": at,
        "timeline": 1,
        "start": 100 - int(days_ago),
        "end": 100 - int(days_ago),
        "pieces": ("00000.part",),
        "size_bytes": 1,
        "files": {},
        "rows": {},
    }
    return Manifest.model_validate(made | fields)


@pytest.mark.requirement("B327")
def test_every_second_of_30_days_stays_reachable() -> None:
    old, border, recent = backup(40), backup(31), backup(29)
    assert needed([old, border, recent], NOW) == [border, recent]


@pytest.mark.requirement("B327")
def test_what_an_incremental_backup_builds_on_is_kept() -> None:
    full = backup(36)
    middle = backup(35, full)
    border = backup(31, middle)
    gone = backup(37)
    assert needed([gone, full, middle, border, backup(1)], NOW)[:3] == [full, middle, border]


def test_the_only_backup_is_never_forgotten() -> None:
    assert needed([backup(400)], NOW) == [backup(400)]


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(LocalStore(tmp_path), bytes(32), "7", "1")


async def put(repository: Repository, manifest: Manifest) -> None:
    for part in (*manifest.pieces, "postgres.manifest"):
        await repository.put(repository.name(manifest.id, part), [b"x"])
    for here in manifest.files:
        await repository.put(repository.name("files", here), [b"y"])
    await repository.put(repository.name("wal", f"0000000100000000000000{manifest.start:02x}"), [b"z"])
    await repository.put_manifest(manifest)


@pytest.mark.requirement("B327")
async def test_only_what_nothing_needs_is_deleted(repository: Repository) -> None:
    both, last, first = "a" * 64, "b" * 64, "c" * 64
    old = backup(50, files={first: "uploads/1/sound", both: "uploads/2/sound"})
    border = backup(31, files={both: "uploads/2/sound"})
    recent = backup(2, files={both: "uploads/2/sound", last: "uploads/3/sound"})
    for each in (old, border, recent):
        await put(repository, each)
    await repository.put(repository.name("wal", "00000002.history"), [b"1"])
    unfinished = f"{NOW - timedelta(days=3):%Y%m%dt%H%M%S}000z"
    running = f"{NOW - timedelta(minutes=3):%Y%m%dt%H%M%S}000z"
    for each_id in (unfinished, running):
        await repository.put(repository.name(each_id, "00000.part"), [b"x"])
    await expire(repository, NOW)
    names = {name.removeprefix("atelier/7/") for name in await repository.list()}
    assert names == {
        *(f"{each.id}/{part}" for each in (border, recent) for part in ("manifest", "postgres.manifest", "00000.part")),
        *(f"wal/0000000100000000000000{each.start:02x}" for each in (border, recent)),
        "wal/00000002.history",
        f"files/{both}",
        f"files/{last}",
        f"{running}/00000.part",
    }
    assert await expire(repository, NOW) == 0


async def test_nothing_is_deleted_while_a_manifest_does_not_open(repository: Repository, tmp_path: Path) -> None:
    for each in (backup(50), backup(31)):
        await put(repository, each)
    damaged = tmp_path / repository.name(backup(31).id, "manifest")
    damaged.write_bytes(damaged.read_bytes()[:-1])
    before = await repository.list()
    with pytest.raises(Damaged):
        await expire(repository, NOW)
    assert await repository.list() == before
