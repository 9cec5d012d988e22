"""Access tokens: signed statements of who somebody is, good for 15 minutes (guarantees 9). One algorithm, one key.

Whether a sign-in was revoked meanwhile is asked of the database, not of the token.
"""

from collections.abc import Callable
from dataclasses import dataclass
from time import time
from uuid import uuid4

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from persistence.encryption import derive
from rooms.ids import UserId

ALGORITHM = "HS256"
ISSUER = AUDIENCE = "atelier"
LIFETIME_S = 15 * 60
LEEWAY_S = 30
TOKEN_BYTES_MAX = 4_096


class BadToken(Exception):
    """`code` is `token_expired` or `token_invalid`; never says more."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Identity:
    """`family` is the sign-in the token came from: revoking it ends everything that was signed in by it."""

    user: UserId
    family: str
    issued_at: float


class AccessTokens:
    """`clock`: seconds since 1970, the same for all processes that take them."""

    def __init__(self, secret_key: str, clock: Callable[[], float] = time) -> None:
        self._clock = clock
        self._key = OctKey.import_key(derive(secret_key, "access tokens"))

    def issue(self, user: UserId, family: str, *, lifetime_s: float = LIFETIME_S) -> str:
        now = int(self._clock())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": user,
            "fam": family,
            "iat": now,
            "nbf": now,
            "exp": now + int(lifetime_s),
            "jti": str(uuid4()),
        }
        return jwt.encode({"alg": ALGORITHM, "typ": "JWT"}, claims, self._key, algorithms=[ALGORITHM])

    def read(self, token: object) -> Identity:
        """Raises BadToken unless the token is ours, whole and in its time."""
        if not isinstance(token, str) or not 0 < len(token) <= TOKEN_BYTES_MAX:
            raise BadToken("token_invalid")
        try:
            claims = jwt.decode(token, self._key, algorithms=[ALGORITHM]).claims
        except (JoseError, ValueError, TypeError) as error:
            raise BadToken("token_invalid") from error
        now = self._clock()
        exp, nbf, iat, user, family = (claims.get(name) for name in ("exp", "nbf", "iat", "sub", "fam"))
        if claims.get("iss") != ISSUER or claims.get("aud") != AUDIENCE:
            raise BadToken("token_invalid")
        if not isinstance(exp, int) or not isinstance(nbf, int) or not isinstance(iat, int):
            raise BadToken("token_invalid")
        if not isinstance(user, str) or not isinstance(family, str) or now < nbf - LEEWAY_S:
            raise BadToken("token_invalid")
        if now > exp + LEEWAY_S:
            raise BadToken("token_expired")
        return Identity(UserId(user), family, float(iat))
