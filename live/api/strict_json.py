"""JSON as it may come from outside: bounded in size, depth and nodes before it is parsed, each key once, no number that JSON
does not have (attacks 15, 30-32). Knows no schema.
"""

import asyncio
import json
import math
import re
from collections.abc import Mapping
from time import monotonic
from typing import Any, NoReturn

from aiohttp import web

from live.limits import BODY_BEGINS_WITHIN_S, BODY_BYTES_PER_S_MIN
from live.limits import NODES_MAX as NODES_MAX
from live.problems import Problem

BODY_BYTES_MAX = 64 * 1024
DEPTH_MAX = 32
NUMBER_CHARACTERS_MAX = 40

_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)  # possessive: linear in any input
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


async def read_bounded(request: web.Request, bytes_max: int = BODY_BYTES_MAX) -> bytes:
    """The body, never more of it in memory than allowed, and not for ever (attack 38). Compressed bodies are refused: they may be
    bombs (attack 37)."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Problem("unsupported_media_type", "send the body without Content-Encoding")
    if request.content_length is not None and request.content_length > bytes_max:
        raise Problem("too_large", f"at most {bytes_max} bytes")
    began, chunks, size = monotonic(), list[bytes](), 0
    try:
        while not request.content.at_eof():
            left_s = began + BODY_BEGINS_WITHIN_S + size / BODY_BYTES_PER_S_MIN - monotonic()
            async with asyncio.timeout(left_s):
                chunk = await request.content.readany()
            size += len(chunk)
            if size > bytes_max:
                raise Problem("too_large", f"at most {bytes_max} bytes")
            chunks.append(chunk)
    except TimeoutError:
        raise Problem("too_slow", headers={"Connection": "close"}) from None
    return b"".join(chunks)


def parse(body: bytes) -> Any:
    """Raises Problem("bad_request") for everything that is not plain JSON within the limits."""
    _require_bounded(body)
    try:
        return json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_each_key_once,
            parse_constant=_no_constant,
            parse_float=_finite,
            parse_int=_bounded_int,
        )
    except (ValueError, RecursionError) as error:
        detail = str(error) if isinstance(error, Unfit) else "this is not JSON"
        raise Problem("bad_request", detail) from None


class Unfit(ValueError):
    """JSON by its grammar, but not what we take."""


def _require_bounded(body: bytes) -> None:
    """Looks at the punctuation outside strings only; a parser would have recursed by then."""
    bare = _STRING.sub(b"", body)
    if sum(map(bare.count, (b",", b"[", b"{"))) > NODES_MAX:
        raise Problem("bad_request", f"more than {NODES_MAX} values")
    depth = 0
    for byte in bare.translate(None, delete=_NO_BRACKETS):
        depth += 1 if byte in b"[{" else -1
        if depth > DEPTH_MAX:
            raise Problem("bad_request", f"nested deeper than {DEPTH_MAX} levels")


def _each_key_once(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unfit("a key is given twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise Unfit(f"{name} is not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise Unfit("a number is too large")
    return value


def _bounded_int(text: str) -> int:
    if len(text) > NUMBER_CHARACTERS_MAX:
        raise Unfit("a number is too large")
    return int(text)
