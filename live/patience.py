"""What this server does with requests that never become any: how long it waits for a head, between two of them, for a handshake of TLS,
for an answer to be taken (attacks 37 to 39), and that what is malformed is counted and not written down (trap D9). What comes after a
head has its own limits (live/api/strict_json.py, live/wire.py). Knows no address and no route.
"""

import asyncio
import asyncio.constants
import logging
from typing import Any

from aiohttp import web, web_response
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_exceptions import HttpProcessingError

from live.limits import ANSWER_PIECE_BYTES, ANSWER_PIECE_WITHIN_S
from live.refusals import Refusals

HEAD_WITHIN_S = 10.0  # of the first request from the connection on, of a further one from the answer before it on
HANDSHAKE_WITHIN_S = 10.0
LINGERS_S = 2.0  # for the rest of a body whose answer is known already

RUNNER: dict[str, Any] = {
    "keepalive_timeout": HEAD_WITHIN_S,  # aiohttp's, from 3.14 on, also counts before the first request
    "lingering_time": LINGERS_S,
    "auto_decompress": False,  # a compressed body is refused; its rest must not be blown up meanwhile
}


def limit_handshakes() -> None:
    """Of every TLS connection of this process: asyncio has no other place that aiohttp would pass on."""
    asyncio.constants.SSL_HANDSHAKE_TIMEOUT = HANDSHAKE_WITHIN_S


class Unread(logging.Filter):
    """For aiohttp's logger, which quotes a request that it cannot read, tokens and all, under a traceback."""

    def __init__(self) -> None:
        super().__init__()
        self._refusals = Refusals()

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, HttpProcessingError):
            return True
        self._refusals.note("bad_request", None, "http", "this is no request of HTTP")
        return False


def be_discreet() -> None:
    """Of every server of this process: neither its log nor its answers say more than they must (attack 73)."""
    logger = logging.getLogger("aiohttp.server")
    if not any(isinstance(each, Unread) for each in logger.filters):
        logger.addFilter(Unread())
    vars(web_response)["SERVER_SOFTWARE"] = "atelier"


class File(web.FileResponse):
    """Cut off where it is read more slowly than any other answer may be."""

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        size = self._path.stat().st_size
        try:
            async with asyncio.timeout(ANSWER_PIECE_WITHIN_S * (1 + size / ANSWER_PIECE_BYTES)):
                return await super().prepare(request)
        except TimeoutError:
            if request.transport is not None:
                request.transport.abort()
            raise ConnectionResetError("read too slowly") from None
