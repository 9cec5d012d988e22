"""Why the server ends a connection: the last words, the WebSocket close code, and whether coming back makes sense."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Bye:
    code: str
    close_code: int  # RFC 6455 7.4: 4000-4999 are the application's
    reconnect: bool
    retry_in_s: float | None = None

    def document(self, retry_in_s: float | None = None) -> dict[str, Any]:
        wait = retry_in_s if retry_in_s is not None else self.retry_in_s
        return {"code": self.code, "reconnect": self.reconnect} | ({} if wait is None else {"retryIn": round(wait, 2)})


DRAIN = Bye("drain", 4301, reconnect=True)
RESTART = Bye("restart", 4300, reconnect=True)  # the others go on
REVOKED = Bye("revoked", 4302, reconnect=False)
REMOVED = Bye("removed", 4303, reconnect=False)
BANNED = Bye("banned", 4303, reconnect=False)
DENIED = Bye("denied", 4303, reconnect=False)
SLOW = Bye("slow", 4308, reconnect=True, retry_in_s=1.0)
RESYNC = Bye("resync", 4310, reconnect=True, retry_in_s=0.0)
RATE = Bye("rate", 4313, reconnect=True, retry_in_s=10.0)
PROTOCOL = Bye("protocol", 1002, reconnect=False)
UNAVAILABLE = Bye("unavailable", 1013, reconnect=True, retry_in_s=1.0)
