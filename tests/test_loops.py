"""What the debug mode of asyncio refuses is refused in the tests, though it notes less than it would."""

import asyncio
import gc
import threading
import traceback
from collections.abc import Callable
from functools import partial

import pytest


async def never() -> None: ...


class Sleeper:
    async def method(self) -> None: ...


@pytest.mark.parametrize("callback", [never, partial(never), Sleeper().method])
async def test_a_coroutine_is_no_callback(callback: Callable[[], object]) -> None:
    loop = asyncio.get_running_loop()
    assert loop.get_debug()
    for call in (loop.call_soon, loop.call_soon_threadsafe, partial(loop.call_later, 60)):
        with pytest.raises(TypeError, match="coroutines cannot be used"):
            call(callback)
    with pytest.raises(TypeError, match="a callable object was expected"):
        loop.call_soon(7)  # type: ignore[arg-type]


async def test_another_thread_may_not_call() -> None:
    loop, told = asyncio.get_running_loop(), list[str]()

    def call() -> None:
        try:
            loop.call_soon(print)
        except RuntimeError as error:
            told.append(str(error))

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    assert told == ["Non-thread-safe operation invoked on an event loop other than the current one"]


async def test_what_nobody_awaits_is_told_with_its_place() -> None:
    with pytest.warns(RuntimeWarning, match=r"was never awaited(?s:.*)test_loops"):
        forget(never)


def forget(make: Callable[[], object]) -> None:
    make()
    gc.collect()


async def test_what_is_slow_is_told(caplog: pytest.LogCaptureFixture) -> None:
    loop = asyncio.get_running_loop()
    loop.slow_callback_duration = 0.0
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert "Executing" in caplog.text


async def test_what_was_cancelled_is_not_called() -> None:
    loop, called = asyncio.get_running_loop(), list[int]()
    soon, later = loop.call_soon(called.append, 1), loop.call_later(0, called.append, 2)
    soon.cancel()
    later.cancel()
    await asyncio.sleep(0.01)
    assert not called
    assert soon.cancelled()
    assert later.cancelled()


def test_a_stack_that_is_asked_for_is_whole() -> None:
    assert traceback.extract_stack(limit=2)[-1].name == "test_a_stack_that_is_asked_for_is_whole"
    assert len(traceback.format_stack(limit=3)) == 3
