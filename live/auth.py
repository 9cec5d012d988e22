"""Who sends this HTTP request: the bearer token of its Authorization header, and nothing else — no cookie, no query (attack 8).

Does not know what anybody may do.
"""

from aiohttp import web

from live.keys import ACCESS_TOKENS, DATABASE
from live.problems import Problem
from live.tokens import BadToken
from persistence.readers import Reader, find_reader

SCHEME = "bearer"


async def find_sender(request: web.Request) -> Reader | None:
    """None without a token. Raises Problem for one that is not, or no longer, good: never a silent nobody."""
    given = request.headers.getall("Authorization", [])
    if not given:
        return None
    scheme, _space, token = given[0].partition(" ")
    if len(given) > 1 or scheme.lower() != SCHEME:
        raise Problem("token_invalid")
    try:
        identity = request.app[ACCESS_TOKENS].read(token.strip())
    except BadToken as error:
        raise Problem(error.code) from None
    reader = await find_reader(request.app[DATABASE], identity.user, identity.family)
    if reader is None:
        raise Problem("token_revoked")
    return reader
