"""The composition root: every part of the server is made here, once, in order, and taken down in reverse."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from functools import partial
from uuid import uuid4

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from live import health, metrics, pages, trace
from live.addresses import is_for
from live.api import routes
from live.checker import Checker
from live.demo import Demo
from live.ends import Ends
from live.failpoints import Failpoints
from live.gateway import Gateway
from live.heads import Heads
from live.host import Parts
from live.hosts import Hosts
from live.ice import ice_of
from live.intake import Intake
from live.joining import Joining
from live.kept import Kept
from live.kept_going import end, kept_going
from live.keys import (
    ACCESS_TOKENS,
    ACCESSES,
    CACHE,
    CHECKER,
    CHECKS,
    COMMITTER,
    DATABASE,
    DEMO,
    DIRECTORY,
    GATEWAY,
    HOSTS,
    INTAKE,
    KEPT,
    LIMITS,
    MAIL,
    MEMBER,
    NEIGHBOURS,
    SETTINGS,
    SHEDDING,
    STORE,
    STUDIO,
    TOKENS,
    WATCH,
)
from live.limits import KEPT_BYTES_MAX, MESSAGE_BYTES_MAX, UPLOADS_CHECKED_AT_ONCE, Limits
from live.mail import Mail
from live.neighbours import HEAD, Neighbours
from live.presence import Presence
from live.problems import Problem
from live.settings import Settings
from live.shedding import Shedding
from live.signal_lane import SignalLane
from live.signals import Signals
from live.sound import Sound
from live.sound_elsewhere import SoundElsewhere
from live.storage import open_store
from live.studio import Studio
from live.tally import Tally
from live.timers import Clockwork
from live.tokens import AccessTokens
from live.watch import Watch
from live.worker import transcriber_setting
from media.captions import Captioner
from media.clock import set_sound_clock
from persistence.audit import AccessLog
from persistence.cache import Cache
from persistence.committer import Committer
from persistence.database import Database, Unavailable
from persistence.directory import Directory
from persistence.encryption import derive
from persistence.event_log import EventLog
from persistence.media_homes import Homes
from persistence.presence import Presence as PresenceRows
from persistence.projections import Projector
from persistence.recordings import Recordings
from persistence.sessions import Sessions
from persistence.snapshots import Snapshots
from persistence.timers import Timers
from persistence.tokens import Tokens

log = structlog.get_logger("app")
SOCKET_PATH = "/socket.io/"
SWEEP_EVERY_S = 86_400.0


def make_app(settings: Settings) -> web.Application:
    app = web.Application(client_max_size=4 * MESSAGE_BYTES_MAX)
    app[SETTINGS] = settings
    trace.follow(everything=settings.log_every_command)
    app[LIMITS] = Limits(settings.limits_factor)
    app[ACCESS_TOKENS] = AccessTokens(settings.secret_key, lambda: app[DATABASE].clock.now_s())
    app[INTAKE], app[KEPT] = Intake(), Kept(KEPT_BYTES_MAX)
    app[CHECKS] = asyncio.Semaphore(UPLOADS_CHECKED_AT_ONCE)
    app.cleanup_ctx.append(_persistence)
    app.cleanup_ctx.append(_media)
    app.cleanup_ctx.append(_sessions)
    if settings.smtp_url:
        app.cleanup_ctx.append(_mail)
    app.middlewares.append(_known_hosts_only)
    health.mount(app)
    routes.mount(app)
    app.router.add_get(SOCKET_PATH, _open_socket)
    pages.mount(app)
    return app


async def _persistence(app: web.Application) -> AsyncIterator[None]:
    settings = app[SETTINGS]
    database = await Database.open(
        settings.database_url,
        settings.secret_key,
        engine_dsn=settings.database_engine_url,
        app_dsn=settings.database_app_url,
        replica_dsn=settings.database_replica_url,
    )
    app[DATABASE] = database
    app[DIRECTORY] = Directory(database)
    app[TOKENS] = Tokens(database)
    cache = app[CACHE] = Cache(settings.redis_url, derive(settings.secret_key, "cache"))
    accesses = app[ACCESSES] = AccessLog(database)
    beside = [asyncio.create_task(kept_going(each)) for each in (partial(cache.keep_told, database), accesses.run)]
    yield
    for task in beside:
        await end(task)
    await accesses.close()
    await cache.close()
    await database.close()


async def _media(app: web.Application) -> AsyncIterator[None]:
    store, studio = app[STORE], app[STUDIO] = open_store(app[SETTINGS]), Studio()
    yield
    studio.close()
    await store.close()


async def _sessions(app: web.Application) -> AsyncIterator[None]:
    settings, database = app[SETTINGS], app[DATABASE]
    event_log = EventLog(database)
    committer = app[COMMITTER] = Committer(database, event_log)
    process, tally = uuid4(), Tally()
    presence = Presence(PresenceRows(database, process))
    neighbours = app[NEIGHBOURS] = Neighbours(process, settings.redis_url, settings.secret_key)
    lane, elsewhere = SignalLane(neighbours), SoundElsewhere(neighbours, Homes(database))
    set_sound_clock(database.clock.now())
    engine = transcriber_setting(settings)
    sound = Sound(
        ice_of(settings),
        Homes(database),
        Recordings(database),
        settings.capture_dir,
        process,
        app[LIMITS],
        None if engine == "none" else Captioner(engine, settings.transcriber_key),
        lane,
        elsewhere,
    )
    ends = Ends(database, event_log)
    parts = Parts(
        event_log=event_log,
        committer=committer,
        heads=Heads(event_log),
        ends=ends,
        snapshots=Snapshots(database),
        directory=app[DIRECTORY],
        failpoints=Failpoints(settings.failpoints),
        returned=presence.returned,
        applied=sound.applied,
        committed=lambda host: neighbours.ring(host.session, host.epoch, host.room.seq),
        clock=database.clock.now,
        tally=tally,
    )
    hosts = app[HOSTS] = Hosts(parts)
    neighbours.on(HEAD, lambda _process, session, epoch, seq: hosts.hear(session, epoch, seq))
    lane.begin(hosts)
    signals = Signals(sound, lane)
    joining = Joining(hosts, Sessions(database), presence)
    gateway = Gateway(settings, app[LIMITS], app[ACCESS_TOKENS], database, joining, presence, signals, tally)
    app[GATEWAY] = gateway
    shedding = app[SHEDDING] = Shedding(presence, gateway, lambda: _some_are_well(app))
    neighbours.is_well = shedding.is_well
    checker = app[CHECKER] = Checker(hosts, database, event_log)
    folder = None if settings.recordings_bucket else settings.store_dir
    watch = app[WATCH] = Watch(str(process), tally, hosts, gateway, committer, database, checker, folder)
    if settings.demo:
        app[DEMO] = Demo(database, app[DIRECTORY], app[TOKENS], app[ACCESS_TOKENS], hosts)
    clockwork = Clockwork(Timers(database), hosts)
    await presence.begin()
    async with AsyncExitStack() as tasks:
        beside: list[Callable[[], Awaitable[None]]] = [
            committer.run,
            ends.keep_reading,
            hosts.keep_up,
            hosts.keep_order,
            presence.keep_writing,
            presence.keep_beating,
            partial(presence.keep_watch, hosts),
            clockwork.keep_firing,
            Projector(database, event_log, read=hosts.events).run,
            signals.keep_passing_on,
            sound.keep_home,
            sound.keep_telling,
            gateway.keep_checking,
            partial(_sweep, app[TOKENS]),
            gateway.wire.engine.keep_beat,
            elsewhere.keep_checking,
            shedding.keep_looking,
            *neighbours.work(),
            checker.keep_checking,
            watch.keep_telling,
            watch.keep_measuring,
        ]
        for work in beside:
            task = asyncio.create_task(kept_going(work))
            tasks.push_async_callback(end, task)
        if settings.metrics_address is not None:
            told = metrics.Metrics(tally, hosts, gateway, committer, database, checker, watch)
            await tasks.enter_async_context(metrics.listening(told, *settings.metrics_address))
        yield
        await sound.close()
        await hosts.settle()
        await committer.close()
        await hosts.close()
        await presence.end()
    await neighbours.close()


async def _mail(app: web.Application) -> AsyncIterator[None]:
    settings = app[SETTINGS]
    assert settings.smtp_url is not None
    mail = app[MAIL] = Mail(settings.smtp_url, settings.mail_from)
    yield
    await mail.close()


@web.middleware
async def _known_hosts_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A page of a name that was made to lead here could read whatever needs no token (attack 4). Supervisors ask by address."""
    if request.path not in health.PATHS and not is_for(request, request.app[SETTINGS].hosts):
        raise Problem("forbidden", "this server is not known by that name")
    return await handler(request)


async def _open_socket(request: web.Request) -> web.StreamResponse:
    return await request.app[GATEWAY].wire.engine.handle_request(request)


def _some_are_well(app: web.Application) -> bool:
    return app[NEIGHBOURS].some_are_well() or (MEMBER in app and app[MEMBER].some_are_well())


async def _sweep(tokens: Tokens) -> None:
    """Once a day, tokens that nobody can use any more are forgotten."""
    while True:
        with suppress(Unavailable):
            await tokens.sweep()
        await asyncio.sleep(SWEEP_EVERY_S)
