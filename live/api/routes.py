"""All of REST: the families in the order of the documentation, put into the application. Adding a route is declaring it."""

from collections.abc import Awaitable, Callable
from functools import partial

from aiohttp import web

from live.api import (
    archive,
    attendance,
    audit,
    breakouts,
    calendar,
    dashboard,
    demo,
    docs,
    history,
    ice,
    images,
    invitations,
    keys,
    modules,
    notes,
    people,
    privacy,
    progress,
    recordings,
    registrations,
    scores,
    search,
    session_links,
    sessions,
    sign_in,
    slices,
    status,
    transcripts,
    uploads,
)
from live.api.bootcamp.families import BOOTCAMP
from live.api.exchange import exchange
from live.api.route import BASE, Family, Route
from live.problems import problems

FAMILIES: tuple[Family, ...] = (
    sign_in.family,
    people.family,
    sessions.family,
    session_links.family,
    registrations.family,
    invitations.family,
    scores.family,
    attendance.family,
    history.family,
    slices.family,
    breakouts.family,
    ice.family,
    images.family,
    recordings.family,
    uploads.family,
    transcripts.family,
    search.family,
    archive.family,
    calendar.family,
    modules.family,
    progress.family,
    notes.family,
    dashboard.family,
    *BOOTCAMP,
    privacy.family,
    audit.family,
    keys.family,
    status.family,
    demo.family,
)


def routes() -> list[Route]:
    return [route for family in FAMILIES for route in family.routes]


def mount(app: web.Application) -> None:
    """Adds the routes and, outermost, the middleware that turns failures into problems."""
    app.middlewares.insert(0, problems)
    for route in routes():
        app.router.add_route(route.method, BASE + route.path, _answering(route))
        if route.method == "GET":
            app.router.add_route("HEAD", BASE + route.path, _answering(route))
    docs.mount(app, FAMILIES)


def _answering(route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    return partial(exchange, route)
