"""The composition root: every part of the server is made here, once, in order, and taken down in reverse."""

from collections.abc import AsyncIterator

from aiohttp import web

from live.keys import ACCESS_TOKENS, DATABASE, DIRECTORY, LIMITS, SETTINGS, TOKENS
from live.limits import MESSAGE_BYTES_MAX, Limits
from live.settings import Settings
from live.tokens import AccessTokens
from persistence.database import Database
from persistence.directory import Directory
from persistence.tokens import Tokens


def make_app(settings: Settings) -> web.Application:
    app = web.Application(client_max_size=4 * MESSAGE_BYTES_MAX)
    app[SETTINGS] = settings
    app[LIMITS] = Limits(settings.limits_factor)
    app[ACCESS_TOKENS] = AccessTokens(settings.secret_key)
    app.cleanup_ctx.append(_persistence)
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
