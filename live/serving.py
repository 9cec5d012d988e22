"""One process that listens: from opening the port to the last commit. SIGTERM and SIGINT drain, a second one ends at once. It may be one
of several on one port (live/member.py).
"""

import asyncio
import gc
import signal
import ssl
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress

import structlog
from aiohttp import web

from live import limits
from live.app import make_app
from live.byes import DRAIN, RESTART
from live.health import status
from live.kept_going import end
from live.keys import GATEWAY, HOSTS, MEMBER
from live.member import Member
from live.patience import RUNNER, be_discreet, limit_handshakes
from live.settings import Settings

log = structlog.get_logger("serving")
AfterStart = Callable[[web.Application], Coroutine[None, None, None]]
BACKLOG = 1_024
ACCEPTED_AT_ONCE = 4  # of a port that several processes share: a storm is for all of them


async def serve(
    settings: Settings,
    after_start: AfterStart | None = None,
    beside: Callable[[], Coroutine[None, None, None]] | None = None,
    member: Member | None = None,
) -> None:
    """Returns when drained. `after_start` runs once the port is open, and its failure ends the server; `beside` all the while."""
    be_discreet()
    stopping = _stopping()
    app = make_app(settings)
    if member is not None:
        app[MEMBER] = member
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0, **RUNNER)
    company = [asyncio.create_task(_nothing() if beside is None else beside())]
    try:
        if member is not None:
            company.append(asyncio.create_task(member.listen(stopping.set)))
        await runner.setup()
        site = await _open(runner, settings, member)
        _settle_memory()
        log.info("listening", host=settings.host, port=settings.port)
        if member is not None:
            company.append(asyncio.create_task(member.keep_telling(lambda: status(app))))
        first: asyncio.Task[None] = asyncio.create_task(_nothing() if after_start is None else after_start(app))
        await _until(stopping, first)
        await site.stop()
        await _drain(app, gives_way=member is not None and member.gives_way)
    finally:
        await runner.cleanup()
        for task in company:
            await end(task)


async def _open(runner: web.AppRunner, settings: Settings, member: Member | None) -> web.BaseSite:
    tls = _tls(settings)
    if member is None:
        site: web.BaseSite = web.TCPSite(
            runner, settings.host, settings.port, backlog=BACKLOG, reuse_address=True, ssl_context=tls
        )
        await site.start()
        return site
    site = web.SockSite(runner, member.socket, backlog=ACCEPTED_AT_ONCE, ssl_context=tls)
    await site.start()
    member.socket.listen(BACKLOG)  # how many may wait in front of the port; asyncio has taken its number for both
    return site


async def _until(stopping: asyncio.Event, first: asyncio.Task[None]) -> None:
    waiting = asyncio.create_task(stopping.wait())
    await asyncio.wait({waiting, first}, return_when=asyncio.FIRST_COMPLETED)
    if first.done():
        first.result()
    await waiting
    first.cancel()


async def _nothing() -> None: ...


def _tls(settings: Settings) -> ssl.SSLContext | None:
    """Raises OSError for files that are no certificate and key."""
    if settings.tls is None:
        return None
    limit_handshakes()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*settings.tls)
    return context


async def _drain(app: web.Application, *, gives_way: bool) -> None:
    """Commands that were taken are answered before their connections are sent away: `gives_way` to processes that are there already."""
    log.info("draining", gives_way=gives_way)
    gateway = app[GATEWAY]
    gateway.draining = True
    try:
        async with asyncio.timeout(limits.DRAIN_S):
            await asyncio.sleep(limits.DRAIN_GRACE_S)
            with suppress(TimeoutError):  # people go on writing until they are told
                async with asyncio.timeout(limits.SETTLE_S):
                    await app[HOSTS].settle()
            if gives_way:
                people = len(gateway.connections())
                spread_s = min(limits.DRAIN_SPREAD_S, max(1.0, people / limits.DRAIN_PEOPLE_PER_S))
                await gateway.drain(RESTART, spread_s)
            else:
                await gateway.drain(DRAIN, limits.DRAIN_SPREAD_S)
    except TimeoutError:
        log.warning("draining took too long")


def _settle_memory() -> None:
    """What is there after start-up stays: no collection needs to look at it again (performance.md C)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 1_000)


def _stopping() -> asyncio.Event:
    stopping = asyncio.Event()

    def stop(sign: signal.Signals) -> None:
        if stopping.is_set():
            log.warning("ending at once", signal=sign.name)
            sys.exit(1)
        stopping.set()

    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop, sign)
    return stopping
