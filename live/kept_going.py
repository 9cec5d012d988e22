"""Tasks that run beside everything else for as long as the process does, and how they are ended."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger("app")
RESTART_AFTER_S = 1.0
CANCEL_AGAIN_S = 0.5


async def kept_going(work: Callable[[], Awaitable[None]]) -> None:
    """What runs beside everything else goes on after a mistake of ours, with a line that says so. Asks whether it was cancelled,
    because a library on the way may have turned that into another error."""
    task = asyncio.current_task()
    while task is not None and not task.cancelling():
        try:
            await work()
        except Exception:
            if not task.cancelling():
                log.exception("stopped and started again", what=str(work))
        if not task.cancelling():
            await asyncio.sleep(RESTART_AFTER_S)


async def end(task: asyncio.Task[None]) -> None:
    """Says it again until it is heard: `asyncio.wait_for` of Python 3.11 may swallow a cancellation that comes with a result."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=CANCEL_AGAIN_S)
