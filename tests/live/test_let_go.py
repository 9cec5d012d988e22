"""What is over is gone at once: a collection of everything, which is rare because it stands in everybody's way (live/serving.py), has
nothing to find (F26)."""

import asyncio
import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from live.keys import GATEWAY, HOSTS
from tests.live.conftest import House
from tests.media.caller import until


@pytest.fixture
def no_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.alone
async def test_who_has_gone_and_what_nobody_asks_for_wait_for_no_collection(
    house: House, monkeypatch: pytest.MonkeyPatch, no_collection: None
) -> None:
    monkeypatch.setattr("live.limits.IDLE_HOST_S", 0.2)
    session = await house.session()
    mara, ana, ben = await house.enter(session, "mara", "ana", "ben")
    left = _watched(house)
    _break_line_of(house, ben.user)
    await asyncio.gather(mara.close(), ana.close())
    await until(lambda: not any(each() for each in left), 20)


def _watched(house: House) -> list[weakref.ref[Any]]:
    app = house.server.app
    channels = [each.channel for each in app[GATEWAY].connections()]
    kept = [*app[HOSTS].held(), *app[GATEWAY].connections(), *channels, *(each._socket for each in channels)]
    assert [type(each).__name__ for each in kept] == ["Host", *["Connection"] * 3, *["Channel"] * 3, *["Reading"] * 3]
    return [weakref.ref(each) for each in kept]


def _break_line_of(house: House, user: str) -> None:
    [channel] = [each.channel for each in house.server.app[GATEWAY].connections() if each.user == user]
    assert channel._transport is not None
    channel._transport.abort()
