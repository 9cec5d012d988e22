"""One process that listens: from opening the port to the last commit. SIGTERM and SIGINT drain, a second one ends at once."""

import asyncio
import gc
import logging
import signal
import ssl
import sys
from collections.abc import Callable, Coroutine

import structlog
from aiohttp import web

from live.app import make_app
from live.keys import GATEWAY, HOSTS
from live.limits import DRAIN_GRACE_S, DRAIN_S, DRAIN_SPREAD_S
from live.settings import Settings

log = structlog.get_logger("serving")
AfterStart = Callable[[web.Application], Coroutine[None, None, None]]
KEEPALIVE_S = 15.0
BACKLOG = 1_024


async def serve(
    settings: Settings,
    after_start: AfterStart | None = None,
    beside: Callable[[], Coroutine[None, None, None]] | None = None,
) -> None:
    """Returns when drained. `after_start` runs once the port is open, and its failure ends the server; `beside` all the while."""
    stopping = _stopping()
    runner = web.AppRunner(make_app(settings), access_log=None, shutdown_timeout=1.0, keepalive_timeout=KEEPALIVE_S)
    company: asyncio.Task[None] = asyncio.create_task(_nothing() if beside is None else beside())
    try:
        await runner.setup()
        tls = _tls(settings)
        site = web.TCPSite(runner, settings.host, settings.port, backlog=BACKLOG, reuse_address=True, ssl_context=tls)
        await site.start()
        _settle_memory()
        log.info("listening", host=settings.host, port=settings.port)
        first: asyncio.Task[None] = asyncio.create_task(_nothing() if after_start is None else after_start(runner.app))
        await _until(stopping, first)
        await site.stop()
        await _drain(runner.app)
    finally:
        await runner.cleanup()
        company.cancel()


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
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*settings.tls)
    return context


async def _drain(app: web.Application) -> None:
    """Commands that were taken are answered before their connections are sent away."""
    log.info("draining")
    gateway = app[GATEWAY]
    gateway.draining = True
    try:
        async with asyncio.timeout(DRAIN_S):
            await asyncio.sleep(DRAIN_GRACE_S)
            await app[HOSTS].settle()
            await gateway.drain(DRAIN_SPREAD_S)
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


def write_log() -> None:
    """On standard error. No access log: addresses of pages say who was where, and those of machines who it was."""
    shape_log()
    logging.basicConfig(format="%(message)s", stream=sys.stderr, level=logging.INFO, force=True)
    for name in ("engineio.server", "socketio.server", "aiohttp.access", "aioice", "aiortc"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    logging.getLogger("asyncpg.pool").setLevel(logging.ERROR)  # a traceback for each try while Postgres starts again


def shape_log() -> None:
    """One JSON object a line, through the standard library's logging like everybody's."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
