"""Whether this process lives, and whether it should be sent people: for supervisors and load balancers."""

from aiohttp import web

from live.keys import DATABASE, DEMO, GATEWAY
from persistence.database import Unavailable

PATHS = frozenset({"/healthz", "/readyz"})


def mount(app: web.Application) -> None:
    app.router.add_get("/healthz", _alive)
    app.router.add_get("/readyz", _ready)


async def _alive(_request: web.Request) -> web.Response:
    return web.json_response({"status": "alive"})


async def _ready(request: web.Request) -> web.Response:
    """200 only while a write can be committed, nobody is being sent away, and a demo has its workshop."""
    reason = await _obstacle(request.app)
    if reason is None:
        return web.json_response({"status": "ready"})
    return web.json_response({"status": reason}, status=503, headers={"Retry-After": "1"})


async def _obstacle(app: web.Application) -> str | None:
    if app[GATEWAY].draining:
        return "draining"
    if DEMO in app and not app[DEMO].ready:
        return "seeding"
    try:
        await app[DATABASE].ready()
    except Unavailable:
        return "database unavailable"
    return None
