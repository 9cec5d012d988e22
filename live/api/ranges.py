"""Answers that are sent while they are read from their source, as fast as the reader takes them: one range of bytes of what is stored
(RFC 9110, 14; more than one at once is answered by the whole, as the RFC allows), or what is made on the way.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from live.api.call import Call
from live.api.route import Ranged, Streamed
from live.limits import ANSWER_PIECE_WITHIN_S
from live.problems import Problem, not_found
from media.store import StoreFailed
from persistence.database import Unavailable

READ_BYTES = 1_048_576  # from the store at a time
WRITTEN_BYTES = 65_536
BYTES = re.compile(r"bytes=(\d{0,15})-(\d{0,15})", re.ASCII)


def range_of(header: str | None, size: int) -> tuple[int, int] | None:
    """(start, stop), None for all of it. Raises Problem for a range that begins behind the end."""
    found = BYTES.fullmatch(header.strip()) if header else None
    if found is None or found.group() == "bytes=-":
        return None
    first, last = found.groups()
    if not first:
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < int(first):
            return None  # invalid, and then as if it were not there
    if start >= stop:
        raise Problem("range_not_satisfiable", headers={"Content-Range": f"bytes */{size}"})
    return start, stop


async def send_ranged(call: Call, what: Ranged) -> web.StreamResponse:
    """A failure before the first byte is a problem; after it the connection is cut, so that nobody takes a part for the whole."""
    asked, tag = call.request.headers, f'"{what.version}"'
    headers = {"Cache-Control": "private, no-store", "Accept-Ranges": "bytes", "ETag": tag, **what.headers}
    if what.name:
        headers["Content-Disposition"] = f'attachment; filename="{what.name}"'
    wanted = range_of(asked.get("Range"), what.size) if asked.get("If-Range", tag) == tag else None
    start, stop = wanted or (0, what.size)
    if wanted is not None:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{what.size}"
    response = web.StreamResponse(status=206 if wanted else 200, headers=headers)
    response.content_type, response.content_length = what.content_type, stop - start
    first = await _read(what, start, stop) if call.request.method != "HEAD" else b""
    await response.prepare(call.request)
    async with _whole_or_cut(call):
        await _write(response, first)
        start += len(first)
        while start < stop and first:
            piece = await _read(what, start, stop)
            await _write(response, piece)
            start += len(piece)
        await response.write_eof()
    return response


async def send_streamed(call: Call, what: Streamed) -> web.StreamResponse:
    headers = {
        "Cache-Control": "private, no-store",
        "Content-Disposition": f'attachment; filename="{what.name}"',
        **what.headers,
    }
    response = web.StreamResponse(headers=headers)
    response.content_type = what.content_type
    await response.prepare(call.request)
    async with _whole_or_cut(call):
        if call.request.method != "HEAD":
            async for piece in what.pieces:
                await _write(response, piece)
        await response.write_eof()
    return response


@asynccontextmanager
async def _whole_or_cut(call: Call) -> AsyncIterator[None]:
    """So that nobody takes a part for the whole."""
    try:
        yield
    except (TimeoutError, Problem, StoreFailed, Unavailable):
        if call.request.transport is not None:
            call.request.transport.abort()
        raise ConnectionResetError("not sent to its end") from None


async def _read(what: Ranged, start: int, stop: int) -> bytes:
    piece = await what.read(start, min(start + READ_BYTES, stop))
    if not piece:
        raise not_found()
    return piece


async def _write(response: web.StreamResponse, piece: bytes) -> None:
    """One that reads too slowly is cut off (attack 39)."""
    for start in range(0, len(piece), WRITTEN_BYTES):
        async with asyncio.timeout(ANSWER_PIECE_WITHIN_S):
            await response.write(piece[start : start + WRITTEN_BYTES])
