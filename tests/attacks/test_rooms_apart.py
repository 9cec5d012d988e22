"""People move between breakout rooms at random, a thousand steps; nobody receives a byte of a room they were not in, nor of what
was written there after they left: not in frames, signals, snapshots and acks, nor over REST or in exports (attack 19).

    ISOLATION_STEPS=1000 ISOLATION_SEED=7 pytest -s tests/attacks/test_rooms_apart.py
"""

import asyncio
import os
from collections import Counter
from random import Random
from time import monotonic

import pytest
from aiohttp import ClientSession

from tests.attacks.crowd_in_rooms import OTHERS, STEPS, Crowd
from tests.live.conftest import House

N_STEPS = int(os.environ.get("ISOLATION_STEPS", "200"))
STEPS_MAX = 1_000
AT_ONCE_MAX = 3
LONG = 500
IN_ROOMS = ("chat", "chat edited", "poll", "question", "answer", "element", "stroke", "help")

PATHS = ("events", "state", "chat", "polls", "questions", "boards/…")


@pytest.mark.timeout(60 + max(N_STEPS, STEPS_MAX))
async def test_nobody_receives_a_byte_of_a_room_they_were_not_in(house: House, every_line: None) -> None:
    seed = int(os.environ.get("ISOLATION_SEED") or Random().randrange(10**6))
    print(f"\nISOLATION_SEED={seed} ISOLATION_STEPS={N_STEPS}")
    async with ClientSession() as http:
        crowd = await Crowd.gathered(house, http, seed)
        try:
            await go_on(crowd)
            await home_again(crowd)
        finally:
            await crowd.close()
    report(crowd)


async def go_on(crowd: Crowd) -> None:
    """The short form goes on until everything that it is about has happened."""
    done, began = 0, monotonic()
    while done < N_STEPS or (not_yet(crowd) and done < max(N_STEPS, STEPS_MAX)):
        room = await crowd.now
        at_once = crowd.dice.randint(1, AT_ONCE_MAX)
        await asyncio.gather(*(crowd.step(room) for _ in range(at_once)))
        done += at_once
        await crowd.quiet()
    print(f"{done} steps in {monotonic() - began:.0f} s")


def not_yet(crowd: Crowd) -> list[str]:
    """What nobody in a room has received so far, or by which way nothing came, or was never tried."""
    missing = [each for each in IN_ROOMS if not crowd.received[f"{each} in a room"]]
    missing += [kind for kind in ("events", "snapshot", "ack", "signal", "typing") if not crowd.received[kind]]
    missing += [path for path in PATHS if not crowd.received[f"REST /{path}"]]
    return missing + sorted(set(STEPS) - {"broadcast"} - set(crowd.steps))


async def read_everything(crowd: Crowd) -> None:
    """Every address there is, by everybody; in the short form by some."""
    room = await crowd.now
    readers = OTHERS if N_STEPS >= LONG else crowd.dice.sample(OTHERS, 3)
    await asyncio.gather(*(read_all(crowd, name, crowd.paths(room)) for name in ("mara", *readers)))


async def read_all(crowd: Crowd, name: str, paths: list[str]) -> None:
    for path in paths:
        await crowd.get(crowd.guests[name], path)


async def home_again(crowd: Crowd) -> None:
    """The rooms close, whose results are for staff; then the session ends, and what it leaves is read."""
    mara = crowd.guests["mara"]
    await mara.submit("breakout.close", seconds=0)
    await crowd.quiet()
    await read_everything(crowd)
    await crowd.quiet()
    ack = await mara.submit("session.end")
    assert ack["ok"], ack
    await read_everything(crowd)
    await crowd.judged(ack["seq"], mara)


def report(crowd: Crowd) -> None:
    words, mara = crowd.ledger.words, crowd.guests["mara"].user
    withheld = Counter[str]()
    for name, word in words.items():
        for guest in crowd.guests.values():
            withheld[word.kind] += guest.user not in crowd.had.get(name, ())
        if word.seq is not None and not word.only:
            assert mara in crowd.had[name], f"the host has everything, but not {name}: {word}"
    for title, counts in (
        ("steps", crowd.steps),
        ("refused", crowd.refused),
        ("bytes read", crowd.bytes),
        ("words received by others than staff", crowd.received),
        ("words withheld from somebody", withheld),
        ("answers over REST", crowd.read),
    ):
        print(f"{title}: {dict(counts.most_common())}")
    never = [name for name, word in words.items() if word.seq is None and not word.signal]
    print(f"{len(words)} words, {len(never)} of them refused; {sum(map(len, crowd.ledger.stays.values()))} moves")
    assert never, "something was refused"
    if N_STEPS >= 100:
        assert not not_yet(crowd), "what never happened shows nothing"
        assert not [each for each in IN_ROOMS if not withheld[each]], withheld
        assert crowd.received["REST /breakouts/…/results"], "no words came from the results"
