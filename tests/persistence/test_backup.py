"""Backups of a running cluster, and what can be made of them (domain.md section 5)."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from persistence.backup import runs, schedule
from persistence.backup.base import BackupFailed
from persistence.backup.rehearsal import rehearse
from persistence.backup.restore import Restore, RestoreFailed
from persistence.backup.seal import Damaged
from persistence.backup.verify import verify
from persistence.connection import Connection
from persistence.embedded import Embedded
from tests.databases import SECRET_KEY
from tests.persistence.site import SESSION, Site, ask, flip, moment

ROOT = Path(__file__).parents[2]
NOTES = "SELECT array_agg(text ORDER BY id) FROM notes"


@pytest.fixture(scope="module")
def cluster_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site.start(tmp_path_factory.mktemp("site"))
    yield site
    site.embedded.stop()


@pytest.fixture
async def site(cluster_site: Site, tmp_path: Path) -> Site:
    """The module's cluster, emptied, with repositories of the test's own."""
    cluster_site.folder = tmp_path
    await cluster_site.ask("TRUNCATE notes, ops.backup_runs, live.session_heads CASCADE")
    return cluster_site


async def write(site: Site, *notes: str) -> None:
    for note in notes:
        await site.ask("INSERT INTO notes (text) VALUES ($1)", note)


async def restored(restore: Restore, query: str) -> object:
    await restore.carry_out()
    return await served(restore.into, query)


async def served(data_dir: Path, *queries: str) -> Any:
    embedded = Embedded(data_dir)
    try:
        dsn = embedded.start()
        answers = [await ask(dsn, query) for query in queries]
        return answers[0] if len(answers) == 1 else answers
    finally:
        embedded.stop()


@pytest.mark.requirement("B326", "B328")
async def test_a_restore_to_a_second_before_a_deletion_brings_the_rows_back(site: Site, tmp_path: Path) -> None:
    backups = await site.backups()
    await write(site, "Ana before all")
    full, _ = await backups.now(full=True)
    await write(site, "Ben between")
    incremental, _ = await backups.now()
    assert (full.kind, incremental.kind, incremental.parent) == ("full", "incremental", full.id)
    assert incremental.size_bytes < full.size_bytes / 2
    await write(site, "Theo after")
    before = await moment()
    await site.ask("DELETE FROM notes")
    await backups.flush()
    for number, repository in enumerate(backups.repositories):
        copy = Restore(repository, tmp_path / f"copy {number}", before)  # a space is nothing special
        assert await restored(copy, NOTES) == ["Ana before all", "Ben between", "Theo after"]
    everything = Restore(backups.repositories[0], tmp_path / "everything")
    assert await restored(everything, NOTES) is None


async def test_a_moment_between_two_backups_starts_from_the_first(site: Site, tmp_path: Path) -> None:
    backups = await site.backups()
    await write(site, "one")
    first, _ = await backups.now(full=True)
    await write(site, "two")
    between = await moment()
    await site.ask("DELETE FROM notes")
    await backups.now()
    restore = Restore(backups.repositories[0], tmp_path / "copy", between)
    assert (await restore.carry_out()).id == first.id
    assert await served(restore.into, NOTES) == ["one", "two"]


@pytest.mark.requirement("D84")
async def test_a_restored_cluster_has_new_epochs_once_and_erases_again(site: Site, tmp_path: Path) -> None:
    """D84; guarantees.md 3."""
    backups = await site.backups()
    await write(site, "Ana's", "Ben's")
    await site.ask(
        "DO $$ BEGIN SET LOCAL session_replication_role = replica; "  # a head without its session is enough here
        f"INSERT INTO live.session_heads (session_id) VALUES ('{SESSION}'); END $$"
    )
    epoch = await site.ask("SELECT epoch FROM live.session_heads")
    await backups.now(full=True)

    async def reapply_erasures(connection: Connection) -> None:
        await connection.execute("DELETE FROM notes WHERE text = 'Ana''s'")

    restore = Restore(backups.repositories[0], tmp_path / "copy")
    await restore.carry_out(reapply_erasures)
    renewed, notes, again = await served(
        restore.into, "SELECT epoch FROM live.session_heads", NOTES, "SELECT ops.recognise_cluster()"
    )
    assert notes == ["Ben's"]
    assert renewed != epoch
    assert again is False
    assert not (restore.into / "wal.restored").exists()


@pytest.mark.requirement("B329", "D85")
async def test_recordings_and_pictures_are_part_of_it_and_sealed(site: Site, tmp_path: Path) -> None:
    backups = await site.backups()
    await backups.store.put("recordings/1/2/mix.webm", b"sealed voice")
    await backups.now(full=True)
    await backups.store.put("pictures/1/2", b"a drawing of Ben's")
    manifest, _ = await backups.now()
    assert set(manifest.files.values()) == {"recordings/1/2/mix.webm", "pictures/1/2"}
    await backups.store.delete("pictures/1/2")
    assert len(site.objects("files/*", 2)) == 2
    assert not any(b"drawing" in path.read_bytes() for path in site.objects("files/*"))
    restore = Restore(backups.repositories[1], tmp_path / "copy")
    await restore.carry_out()
    assert (restore.into / "store" / "pictures/1/2").read_bytes() == b"a drawing of Ben's"
    assert (restore.into / "store" / "recordings/1/2/mix.webm").read_bytes() == b"sealed voice"


@pytest.mark.requirement("B330", "B317")
async def test_verify_names_what_is_damaged_missing_or_swapped(site: Site, subtests: pytest.Subtests) -> None:
    backups = await site.backups()
    await write(site, "a word that must not show")
    await backups.store.put("pictures/1/2", b"picture")
    await backups.now(full=True)
    await backups.now(full=True)
    repository = backups.repositories[0]
    assert await verify(repository) == []
    assert not any(b"must not show" in path.read_bytes() for path in site.place(1).rglob("*") if path.is_file())
    for pattern in ("*/manifest", "*/00000.part", "*/postgres.manifest", "wal/0*", "files/*"):
        path = site.objects(pattern)[-1]
        name, whole = path.relative_to(site.place(1)).as_posix(), path.read_bytes()
        with subtests.test(pattern):
            flip(path)
            assert f"repository 1: {name}: damaged" in await verify(repository)
            path.write_bytes(whole[:-20])
            assert f"repository 1: {name}: damaged" in await verify(repository)
            path.unlink()
            assert await verify(repository) or pattern == "*/manifest"  # without a manifest there is no backup
        path.write_bytes(whole)
    first, second = site.objects("*/00000.part")
    kept = first.read_bytes()
    shutil.copy(second, first)
    assert await verify(repository) == [f"repository 1: {first.relative_to(site.place(1)).as_posix()}: damaged"]
    first.write_bytes(kept)
    assert await verify(repository) == []


async def test_a_damaged_backup_is_not_restored(site: Site, tmp_path: Path) -> None:
    backups = await site.backups()
    await backups.now(full=True)
    flip(site.objects("*/00000.part")[-1])
    with pytest.raises(Damaged):
        await Restore(backups.repositories[0], tmp_path / "copy").carry_out()


async def test_another_key_opens_nothing(site: Site, tmp_path: Path) -> None:
    await (await site.backups()).now(full=True)
    stranger = (await site.backups(key=bytes(32))).repositories[0]
    with pytest.raises(Damaged):
        await stranger.manifests()
    with pytest.raises(Damaged):
        await Restore(stranger, tmp_path / "copy").carry_out()
    assert len(await verify(stranger)) >= len(site.objects("*/*"))


async def test_a_repository_that_is_away_costs_only_itself(site: Site) -> None:
    both = await site.backups()
    first, _ = await both.now(full=True)
    manifest, away = await (await site.backups(2)).now()
    assert set(away) == {"2"}
    assert manifest.parent == first.id
    third, away = await both.now()
    assert away == {}
    assert third.parent == first.id, "the newest that both have"
    for repository in both.repositories:
        assert await verify(repository) == [], "the archive has caught up"
    with pytest.raises(BackupFailed, match="no repository"):
        await (await site.backups(1, 2)).now()


async def test_it_refuses_what_cannot_be_restored(site: Site, tmp_path: Path) -> None:
    backups = await site.backups()
    early = await moment()
    await backups.now(full=True)
    repository = backups.repositories[0]
    with pytest.raises(RestoreFailed, match="no backup from before"):
        await Restore(repository, tmp_path / "copy", early).carry_out()
    with pytest.raises(RestoreFailed, match="not come yet"):
        await Restore(repository, tmp_path / "copy", early + timedelta(days=1)).carry_out()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "of things").touch()
    with pytest.raises(RestoreFailed, match="not empty"):
        await Restore(repository, tmp_path / "full").carry_out()
    assert [each.name for each in (tmp_path / "full").iterdir()] == ["of things"]


@pytest.mark.requirement("B330")
async def test_the_rehearsal_finds_a_copy_that_is_not_what_was_backed_up(site: Site, tmp_path: Path) -> None:
    backups = await site.backups()
    manifest, _ = await backups.now(full=True)
    repository = backups.repositories[1]
    assert await rehearse(repository, tmp_path / "scratch", SECRET_KEY) == []
    assert not (tmp_path / "scratch").exists()
    wrong = manifest.model_copy(update={"rows": manifest.rows | {"identity.accounts": 5}})
    await repository.put_manifest(wrong)
    assert await rehearse(repository, tmp_path / "scratch", "another secret key, also of 32 characters") == [
        "identity.accounts is empty, it had 5 rows",
        "SECRET_KEY does not open what is encrypted",
    ]


@pytest.mark.requirement("B326", "B330")
async def test_it_is_done_daily_and_weekly_and_written_down(site: Site) -> None:
    backups = await site.backups()
    for _ in range(2):
        await schedule.carry_out_due(backups)
    done = "SELECT array_agg(kind || ' ' || status ORDER BY started_at) FROM ops.backup_runs"
    assert await site.ask(done) == ["full done", "verify done", "expire done", "rehearsal done"]
    await site.ask(
        "UPDATE ops.backup_runs SET started_at = started_at - interval '25 h', ended_at = ended_at - interval '25 h'"
    )
    flip(site.objects("*/00000.part")[0])
    await schedule.carry_out_due(backups)
    assert (await site.ask(done))[4:] == ["incremental done", "verify failed", "expire done"]
    assert "00000.part" in await site.ask("SELECT details ->> 'damaged' FROM ops.backup_runs WHERE status = 'failed'")


async def test_a_failure_is_written_down(site: Site) -> None:
    with pytest.raises(BackupFailed):
        await (await site.backups(1, 2)).now(full=True)
    assert "no route" in await site.ask("SELECT error FROM ops.backup_runs WHERE status = 'failed'")
    async with runs.connected(site.embedded.dsn) as connection:
        assert await runs.last_done(connection, "full") is None


async def test_a_server_without_archive_is_not_backed_up(tmp_path: Path) -> None:
    embedded = Embedded(tmp_path / "data")
    embedded.start()
    try:
        site = Site(embedded, tmp_path)
        with pytest.raises(BackupFailed, match="does not archive"):
            await (await site.backups()).now()
    finally:
        embedded.stop()


def test_an_older_cluster_lets_backups_in_from_its_next_start_on(tmp_path: Path) -> None:
    embedded = Embedded(tmp_path / "data")
    embedded.start()
    embedded.stop()
    access = embedded.files.folder / "pg_hba.conf"
    access.write_text("local all postgres trust\nlocal all all scram-sha-256\n")
    embedded.start()
    embedded.stop()
    assert "replication" in access.read_text()


async def command(site: Site, *words: str) -> "subprocess.CompletedProcess[str]":
    environ = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DATABASE_URL", "BACKUP_KEY", "BACKUP_SECOND_URL")
    }
    environ |= {"SECRET_KEY": SECRET_KEY, "BACKUP_URL": f"file:{site.place(1)}"}
    line = [sys.executable, "run.py", "backup", *words, "--data-dir", str(site.embedded.data_dir)]
    return await asyncio.to_thread(subprocess.run, line, cwd=ROOT, env=environ, capture_output=True, text=True)


async def test_the_command_line(site: Site, tmp_path: Path) -> None:
    await write(site, "Mara")
    made = await command(site, "now")
    assert (made.returncode, made.stdout.split()[1]) == (0, "full"), made.stderr
    before = await moment()
    await site.ask("DELETE FROM notes")
    listed = await command(site, "list")
    assert listed.stdout.split()[0] == made.stdout.split()[0]
    assert (await command(site, "verify")).returncode == 0
    done = await command(site, "restore", "--at", before.isoformat(), "--into", str(tmp_path / "copy"))
    assert done.returncode == 0, done.stderr
    assert await served(tmp_path / "copy", NOTES) == ["Mara"]
    damaged = site.objects("*/00000.part")[0]
    flip(damaged)
    found = await command(site, "verify")
    assert found.returncode == 1
    assert damaged.relative_to(site.place(1)).as_posix() in found.stderr
    assert (await command(site, "restore", "--at", "yesterday", "--into", str(tmp_path / "other"))).returncode == 1
