"""What is large is made once for all who ask, and comes in only where there is room for it."""

import asyncio
from contextlib import ExitStack

import pytest

from live.intake import Intake
from live.kept import Kept
from live.limits import INTAKE_BYTES_MAX, INTAKE_PER_USER_MAX
from live.problems import Problem
from rooms.ids import UserId

MARA, BEN = UserId("mara"), UserId("ben")


class Kitchen:
    """Counts what was made; waits to be told before it is done."""

    def __init__(self, made: bytes | None = b"x" * 10) -> None:
        self.calls = 0
        self.done = asyncio.Event()
        self.made = made

    async def make(self) -> bytes | None:
        self.calls += 1
        await self.done.wait()
        if self.made == b"":
            raise LookupError("burnt")
        return self.made


async def test_it_is_made_once_for_all_who_wait_even_if_the_first_goes_away() -> None:
    kept, kitchen = Kept(1_000), Kitchen()
    waiting = [asyncio.create_task(kept.get("cake", kitchen.make)) for _ in range(10)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    kitchen.done.set()
    found = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(found[0], asyncio.CancelledError)
    assert found[1:] == [b"x" * 10] * 9
    assert await kept.get("cake", kitchen.make) == b"x" * 10
    assert kitchen.calls == 1


@pytest.mark.parametrize("made", [None, b""])
async def test_nothing_and_failures_are_not_kept(made: bytes | None) -> None:
    kept, kitchen = Kept(1_000), Kitchen(made)
    kitchen.done.set()
    for _ in range(2):
        if made is None:
            assert await kept.get("cake", kitchen.make) is None
        else:
            with pytest.raises(LookupError):
                await kept.get("cake", kitchen.make)
    assert kitchen.calls == 2


async def test_the_longest_unused_goes_first_and_what_is_too_large_is_not_kept() -> None:
    kept, kitchen = Kept(40), Kitchen()
    kitchen.done.set()
    for name in ("a", "b", "c", "d", "a", "e"):
        await kept.get(name, kitchen.make)
    assert kitchen.calls == 5
    await kept.get("a", kitchen.make)
    assert kitchen.calls == 5, "it was used lately"
    await kept.get("b", kitchen.make)
    assert kitchen.calls == 6, "it had to go"
    kitchen.made = b"x" * 11
    for _ in range(2):
        await kept.get("large", kitchen.make)
    assert kitchen.calls == 8


def test_so_many_at_once_of_one_person() -> None:
    intake = Intake()
    with ExitStack() as inside:
        for _ in range(INTAKE_PER_USER_MAX):
            inside.enter_context(intake.room_for(MARA, 1))
        with pytest.raises(Problem) as refused, intake.room_for(MARA, 1):
            pass
        assert (refused.value.code, refused.value.status) == ("rate_limited", 429)
        with intake.room_for(BEN, 1):
            pass
    with intake.room_for(MARA, 1):
        pass


def test_so_many_bytes_at_once_of_all() -> None:
    intake = Intake()
    with intake.room_for(MARA, INTAKE_BYTES_MAX - 10):
        with pytest.raises(Problem) as refused, intake.room_for(BEN, 11):
            pass
        assert (refused.value.code, refused.value.status) == ("overloaded", 503)
    with pytest.raises(ZeroDivisionError), intake.room_for(BEN, INTAKE_BYTES_MAX):
        _ = 1 / 0
    with intake.room_for(BEN, INTAKE_BYTES_MAX):
        pass
