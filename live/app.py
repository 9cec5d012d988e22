"""The composition root: every part of the server is made here, once, in order, and taken down in reverse."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from functools import partial
from uuid import uuid4

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from live import health, pages
from live.addresses import is_for
from live.api import routes
from live.demo import Demo
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
    CHECKS,
    DATABASE,
    DEMO,
    DIRECTORY,
    GATEWAY,
    HOSTS,
    INTAKE,
    KEPT,
    LIMITS,
    MAIL,
    SETTINGS,
    STORE,
    STUDIO,
    TOKENS,
)
from live.limits import KEPT_BYTES_MAX, MESSAGE_BYTES_MAX, UPLOADS_CHECKED_AT_ONCE, Limits
from live.mail import Mail
from live.presence import Presence
from live.problems import Problem
from live.settings import Settings
from live.signals import Signals
from live.sound import Sound
from live.storage import open_store
from live.studio import Studio
from live.timers import Clockwork
from live.tokens import AccessTokens
from live.worker import transcriber_setting
from media.captions import Captioner
from persistence.committer import Committer
from persistence.database import Database, Unavailable
from persistence.directory import Directory
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
    app[LIMITS] = Limits(settings.limits_factor)
    app[ACCESS_TOKENS] = AccessTokens(settings.secret_key)
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
    )
    app[DATABASE] = database
    app[DIRECTORY] = Directory(database)
    app[TOKENS] = Tokens(database)
    yield
    await database.close()


async def _media(app: web.Application) -> AsyncIterator[None]:
    store, studio = app[STORE], app[STUDIO] = open_store(app[SETTINGS]), Studio()
    yield
    studio.close()
    await store.close()


async def _sessions(app: web.Application) -> AsyncIterator[None]:
    settings, database = app[SETTINGS], app[DATABASE]
    event_log = EventLog(database)
    committer = Committer(database, event_log)
    process = uuid4()
    presence = Presence(PresenceRows(database, process))
    engine = transcriber_setting(settings)
    sound = Sound(
        ice_of(settings),
        Homes(database),
        Recordings(database),
        settings.capture_dir,
        process,
        app[LIMITS],
        None if engine == "none" else Captioner(engine, settings.transcriber_key),
    )
    parts = Parts(
        event_log=event_log,
        committer=committer,
        heads=Heads(event_log),
        snapshots=Snapshots(database),
        directory=app[DIRECTORY],
        failpoints=Failpoints(settings.failpoints),
        returned=presence.returned,
        applied=sound.applied,
    )
    hosts = app[HOSTS] = Hosts(parts)
    signals = Signals(sound)
    joining = Joining(hosts, Sessions(database), presence)
    gateway = Gateway(settings, app[LIMITS], app[ACCESS_TOKENS], database, joining, presence, signals)
    app[GATEWAY] = gateway
    if settings.demo:
        app[DEMO] = Demo(database, app[DIRECTORY], app[TOKENS], app[ACCESS_TOKENS], hosts)
    clockwork = Clockwork(Timers(database), hosts)
    await presence.begin()
    async with AsyncExitStack() as tasks:
        for work in (
            committer.run,
            hosts.keep_up,
            hosts.keep_order,
            presence.keep_writing,
            presence.keep_beating,
            partial(presence.keep_watch, hosts),
            clockwork.keep_firing,
            Projector(database, event_log).run,
            signals.keep_passing_on,
            sound.keep_home,
            sound.keep_telling,
            gateway.keep_checking,
            partial(_sweep, app[TOKENS]),
            gateway.wire.engine.keep_beat,
        ):
            task = asyncio.create_task(kept_going(work))
            tasks.push_async_callback(end, task)
        yield
        await sound.close()
        await hosts.settle()
        await committer.close()
        await hosts.close()
        await presence.end()


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


async def _sweep(tokens: Tokens) -> None:
    """Once a day, tokens that nobody can use any more are forgotten."""
    while True:
        with suppress(Unavailable):
            await tokens.sweep()
        await asyncio.sleep(SWEEP_EVERY_S)
