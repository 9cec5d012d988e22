"""A test that tries every value has two forms: `make test` tries a part, chosen by a seed that it prints; FAULTS=long all of it."""

import os
import random
from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")


def part_of(cases: Iterable[T], share: float) -> list[T]:
    """At least one of each call. SAMPLE_SEED repeats a run."""
    every = list(cases)
    if os.environ.get("FAULTS") == "long" or not every:
        return every
    return _chance.sample(every, max(1, round(share * len(every))))


_seed = int(os.environ.get("SAMPLE_SEED") or random.SystemRandom().randrange(10**9))
_chance = random.Random(_seed)


def tell_seed() -> None:
    print(f"SAMPLE_SEED={_seed}")
