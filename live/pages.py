"""The browser client: files of static/dist, and its one page for every address that is a page of the client. No policy but the
strictest that the client can live with (attack 53).
"""

from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

from live.patience import File

DIST = Path(__file__).resolve().parent.parent / "static" / "dist"
PAGE = "/{page:(?!api/|socket\\.io)[^.]*}"  # whatever is no file and not ours: the client says what it does not know
# The one policy of trusted types lets the client start the worker that reads PDFs, which is a file of its own build: a
# worker's address is a script's. No markup and no script is ever made from text.
POLICY = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'; "
    "img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; connect-src 'self'; worker-src 'self' blob:; "
    "media-src 'self' blob:; font-src 'self' data:; require-trusted-types-for 'script'; "
    "trusted-types atelier-slides"
)
HEADERS = {
    "Server": "atelier",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(self)",
}
FOR_EVER = "public, max-age=31536000, immutable"  # names of files under assets/ hold a hash of what is in them
MISSING = "The client is not built: run `make build`."


def mount(app: web.Application, dist: Path = DIST) -> None:
    app[_DIST] = dist
    app.router.add_get(PAGE, _page)
    app.router.add_get("/{file:[^/]+\\.[a-z0-9]+}", _file)
    app.router.add_get("/assets/{file:.+}", _file)
    app.middlewares.insert(0, _with_headers)  # outermost: failures of REST have them too


_DIST: web.AppKey[Path] = web.AppKey("dist", Path)


async def _page(request: web.Request) -> web.StreamResponse:
    index = request.app[_DIST] / "index.html"
    if not index.is_file():
        return web.Response(status=503, text=MISSING)
    return File(index, headers={"Cache-Control": "no-cache", "Content-Security-Policy": POLICY})


async def _file(request: web.Request) -> web.StreamResponse:
    """Only what lies in dist, whatever the address says (attack 54)."""
    path = _found(request.app[_DIST].resolve(), request.path)
    if path is None:
        raise web.HTTPNotFound
    caching = FOR_EVER if request.path.startswith("/assets/") else "no-cache"
    return File(path, headers={"Cache-Control": caching, "Content-Security-Policy": POLICY})


def _found(root: Path, address: str) -> Path | None:
    if "/." in address or "\0" in address:
        return None
    path = (root / address.lstrip("/")).resolve()
    try:
        return path if path.is_relative_to(root) and path.is_file() else None
    except OSError:  # a name that is too long
        return None


@web.middleware
async def _with_headers(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    response = await handler(request)
    if not response.prepared:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
    return response
