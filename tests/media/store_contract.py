"""What every store promises; run on each of them (a class with a fixture `store`)."""

from pathlib import Path
from uuid import uuid4

import pytest

from media.store import Store

BAD_NAMES = [
    "pictures/../secret.key",
    "../secret.key",
    "/etc/passwd",
    "pictures//x",
    "pictures/.hidden",
    "pictures/x\0.png",
    "pictures/x/",
    "pictures/a b",
    "pictures/Ünder",
    "pictures/CON/../x",
    "pictures/x\n",
    "pictures/" + "x" * 65,
    "a/b/c/d/e",
    "",
]


class StoreContract:
    async def test_what_was_put_is_there_until_it_is_deleted(self, store: Store) -> None:
        name = f"pictures/{uuid4()}/one"
        assert (await store.read(name), await store.size(name)) == (None, None)
        await store.put(name, b"one")
        await store.put(name, b"two" * 1_000_000)
        assert await store.read(name) == b"two" * 1_000_000
        assert await store.size(name) == 3_000_000
        assert await store.delete(name)
        assert not await store.delete(name)
        assert await store.read(name) is None

    async def test_nothing_is_something_too(self, store: Store) -> None:
        name = f"pictures/{uuid4()}/empty"
        await store.put(name, b"")
        assert (await store.read(name), await store.size(name)) == (b"", 0)

    async def test_a_part_of_it_is_read(self, store: Store) -> None:
        name = f"pictures/{uuid4()}/digits"
        await store.put(name, b"0123456789")
        assert await store.read_range(name, 2, 5) == b"234"
        assert await store.read_range(name, 0, 10) == b"0123456789"
        assert await store.read_range(name, 8, 20) == b"89"
        assert await store.read_range(name, 10, 12) == b""
        assert await store.read_range(name, 3, 3) == b""
        assert await store.read_range(f"{name}-not", 0, 5) is None

    async def test_a_file_is_put_and_stays(self, store: Store, tmp_path: Path) -> None:
        name = f"recordings/{uuid4()}/{uuid4()}/mix-1.sealed"
        path = tmp_path / "part"
        path.write_bytes(bytes(range(256)) * 20_000)
        await store.put_file(name, path)
        assert await store.read(name) == path.read_bytes()

    async def test_what_lies_below_a_folder_is_listed_and_deleted_and_nothing_else(self, store: Store) -> None:
        folder = f"recordings/{uuid4()}"
        names = [f"{folder}/a/mix-1.sealed", f"{folder}/a/mix-2.sealed", f"{folder}/b/mix-1.sealed"]
        for name in [*names, f"{folder}x/mix-1.sealed"]:
            await store.put(name, b"x")
        assert await store.list(folder) == names
        assert await store.list(f"{folder}/a") == names[:2]
        assert await store.list(f"{folder}/none") == []
        assert await store.delete_tree(f"{folder}/a") == 2
        assert await store.delete_tree(f"{folder}/a") == 0
        assert await store.list(folder) == names[2:]
        assert await store.read(f"{folder}x/mix-1.sealed") == b"x", "a longer name is another folder"

    @pytest.mark.parametrize("name", BAD_NAMES)
    async def test_attack_54_a_name_that_is_none_of_ours_is_refused(self, store: Store, name: str) -> None:
        for attempt in (
            store.put(name, b"x"),
            store.put_file(name, Path("/etc/passwd")),
            store.read(name),
            store.read_range(name, 0, 1),
            store.size(name),
            store.list(name),
            store.delete(name),
            store.delete_tree(name),
        ):
            with pytest.raises(ValueError, match="no name of ours"):
                await attempt
