"""The store: whole files or none, names of ours only, no way out of its folder (attack 54)."""

import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from media.local_store import LocalStore
from media.store import StoreFailed
from tests.media.store_contract import StoreContract

NAME = "pictures/4b9d8c52-0c3f-4f0e-9a51-6d1f3f6c7a11/5b9d8c52-0c3f-4f0e-9a51-6d1f3f6c7a11"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "store"


@pytest.fixture
async def store(root: Path) -> AsyncIterator[LocalStore]:
    store = LocalStore(root)
    yield store
    await store.close()


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_what_was_put_is_read_until_it_is_deleted(store: LocalStore, root: Path) -> None:
    assert await store.read(NAME) is None
    await store.put(NAME, b"one")
    await store.put(NAME, b"two" * 1_000_000)
    assert await store.read(NAME) == b"two" * 1_000_000
    assert names_in((root / NAME).parent) == [NAME.rpartition("/")[2]], "no draft is left"
    assert await store.delete(NAME)
    assert not await store.delete(NAME)
    assert await store.read(NAME) is None


async def test_nobody_else_of_the_machine_reads_it(store: LocalStore, root: Path) -> None:
    await store.put(NAME, b"one")
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (root, root / "pictures", (root / NAME).parent, root / NAME)]
    assert modes == [0o700, 0o700, 0o700, 0o600]


class TestAsAStore(StoreContract):
    pass


async def test_attack_54_a_name_that_is_none_of_ours_reaches_no_disk(store: LocalStore, root: Path) -> None:
    await StoreContract().test_attack_54_a_name_that_is_none_of_ours_is_refused(store, "pictures/../secret.key")
    assert names_in(root.parent.parent) == []


async def test_a_tree_is_gone_with_its_folders_and_what_the_dead_left(store: LocalStore, root: Path) -> None:
    await store.put("pictures/mine/one", b"one")
    await store.put("pictures/mine/deep/two", b"two")
    (root / "pictures" / "mine" / ".draft").write_bytes(b"half")
    assert await store.list("pictures/mine") == ["pictures/mine/deep/two", "pictures/mine/one"]
    assert await store.delete_tree("pictures/mine") == 2
    assert names_in(root / "pictures") == []


async def test_attack_54_no_tree_behind_a_link_is_listed_or_deleted(
    store: LocalStore, root: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"secret")
    await store.put("pictures/mine/one", b"one")
    (root / "pictures" / "elsewhere").symlink_to(outside)
    (root / "pictures" / "mine" / "elsewhere").symlink_to(outside)
    assert await store.list("pictures/elsewhere") == []
    assert await store.list("pictures/mine") == ["pictures/mine/one"]
    assert await store.delete_tree("pictures/elsewhere") == 0
    assert await store.delete_tree("pictures/mine") == 1
    assert names_in(outside) == ["secret"]


async def test_attack_54_no_link_is_followed(store: LocalStore, root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"secret")
    await store.put("pictures/mine/one", b"one")
    (root / "pictures" / "mine" / "link").symlink_to(outside / "secret")
    (root / "pictures" / "elsewhere").symlink_to(outside)
    assert await store.read("pictures/mine/link") is None
    assert await store.read("pictures/elsewhere/secret") is None
    assert not await store.delete("pictures/elsewhere/secret")
    with pytest.raises(StoreFailed):
        await store.put("pictures/elsewhere/new", b"x")
    await store.put("pictures/mine/link", b"mine")
    assert (outside / "secret").read_bytes() == b"secret", "the link was replaced, not written through"
    assert await store.read("pictures/mine/link") == b"mine"
    assert names_in(outside) == ["secret"]


async def test_attack_54_what_is_no_file_is_not_there(store: LocalStore, root: Path) -> None:
    await store.put("pictures/mine/one", b"one")
    os.mkfifo(root / "pictures" / "mine" / "pipe")
    assert await store.read("pictures/mine/pipe") is None
    assert await store.read("pictures/mine/one/two") is None
    assert await store.read("pictures/mine") is None


async def test_a_disk_that_refuses_leaves_nothing_half_done(
    store: LocalStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.put("pictures/mine/one", b"one")

    def full(_file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreFailed, match="No space left"):
        await store.put("pictures/mine/one", b"two")
    assert (root / "pictures" / "mine" / "one").read_bytes() == b"one"
    assert names_in(root / "pictures" / "mine") == ["one"]
