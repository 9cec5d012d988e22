"""A worker as a process: the one that a server starts beside itself, which ends with it however it ends, and what such a process does
with signals. The work is live/worker.py's.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

import structlog

from live.settings import Settings
from live.worker import NICE, work

log = structlog.get_logger("worker")
ROOT = Path(__file__).resolve().parent.parent
AGAIN_S = 2.0
ENDS_WITHIN_S = 5.0


async def keep_worker(settings: Settings) -> None:
    """Until cancelled: a child that works, and another one when it dies."""
    while True:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "run.py",
            "worker",
            "--with-parent",
            "--data-dir",
            str(settings.data_dir.resolve()),
            stdin=asyncio.subprocess.PIPE,
            cwd=ROOT,
            env=environ_of(settings),
            start_new_session=True,  # Ctrl-C is for the server, which ends it
        )
        os.setpriority(os.PRIO_PROCESS, child.pid, NICE)
        try:
            status = await child.wait()
            log.warning("the worker ended and is started again", status=status)
            await asyncio.sleep(AGAIN_S)
        finally:
            await _end(child)


async def _end(child: asyncio.subprocess.Process) -> None:
    """By the end of its input, which it would see as well if this process were killed."""
    assert child.stdin is not None
    child.stdin.close()
    try:
        async with asyncio.timeout(ENDS_WITHIN_S):
            await child.wait()
    except TimeoutError:
        child.kill()
        await child.wait()


def environ_of(settings: Settings) -> dict[str, str]:
    """Of a child: its settings are the server's, whatever they came from."""
    named = {
        "DATABASE_URL": settings.database_url,
        "DATABASE_APP_URL": settings.database_app_url,
        "DATABASE_ENGINE_URL": settings.database_engine_url,
        "SECRET_KEY": settings.secret_key,
        "PUBLIC_URL": settings.url,
    }
    return os.environ | {name: value for name, value in named.items() if value}


async def work_until_stopped(settings: Settings, *, with_parent: bool) -> None:
    """Returns after SIGTERM or SIGINT, or, `with_parent`, at the end of standard input; what is under way is put back."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stopping.set)
    if with_parent:
        loop.add_reader(sys.stdin.fileno(), _listen, stopping)
    working = asyncio.create_task(work(settings))
    waiting = asyncio.create_task(stopping.wait())
    await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if working.done():
        working.result()
    working.cancel()
    await asyncio.wait({working})


async def end_with_parent() -> None:
    """Drains this process as SIGTERM does, once standard input is over."""
    over = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), _listen, over)
    await over.wait()
    os.kill(os.getpid(), signal.SIGTERM)


def _listen(stopping: asyncio.Event) -> None:
    """Nothing is ever sent; that it ends is what counts."""
    if not os.read(sys.stdin.fileno(), 4_096):
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        stopping.set()
