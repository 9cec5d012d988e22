"""Whether this process lives, and whether it should be sent people: for supervisors and load balancers."""

import os
from typing import Any

from aiohttp import web

from live.keys import CHECKER, COMMITTER, DATABASE, DEMO, GATEWAY, MEMBER, SHEDDING
from live.limits import LOOP_LAG_MAX_S
from persistence.database import Unavailable

PATHS = frozenset({"/healthz", "/readyz"})


def mount(app: web.Application) -> None:
    app.router.add_get("/healthz", _alive)
    app.router.add_get("/readyz", _ready)


async def _alive(_request: web.Request) -> web.Response:
    return web.json_response({"status": "alive"})


async def _ready(request: web.Request) -> web.Response:
    """200 only while a write can be committed, somebody new can be taken in, nobody is being sent away, and a demo has its workshop.
    `degraded`: this process found a promise broken (live/checker.py) and serves on, because people are better off with it than
    without; somebody has to look. Where several processes serve one port, also how all of them are."""
    reason = await _obstacle(request.app)
    whole = {"worker": request.app[MEMBER].number, "workers": request.app[MEMBER].all} if MEMBER in request.app else {}
    if reason is None:
        found = "ready" if request.app[CHECKER].is_clean else "degraded"
        return web.json_response({"status": found, **whole})
    return web.json_response({"status": reason, **whole}, status=503, headers={"Retry-After": "1"})


async def status(app: web.Application) -> dict[str, Any]:
    """What this process tells its parent, without asking anybody."""
    if app[GATEWAY].draining:
        reason = "draining"
    elif DEMO in app and not app[DEMO].ready:
        reason = "seeding"
    else:
        reason = "ready" if app[SHEDDING].is_well() else "database unavailable"
    well = reason == "ready"
    return {
        "worker": app[MEMBER].number,
        "status": reason,
        "isWell": well,
        "connections": len(app[GATEWAY].connections()),
    }


async def _obstacle(app: web.Application) -> str | None:
    if app[GATEWAY].draining:
        return "draining"
    if DEMO in app and not app[DEMO].ready:
        return "seeding"
    if app[GATEWAY].wire.engine.lag_s > LOOP_LAG_MAX_S:
        return "behind"
    if not _can_open_a_file():
        return "no files left"
    if app[COMMITTER].has_given_up:
        return "database unavailable"
    try:
        await app[DATABASE].ready()
    except Unavailable:
        return "database unavailable"
    return None


def _can_open_a_file() -> bool:
    """Neither can anybody connect otherwise."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
    except OSError:
        return False
    return True
