"""Short-lived links to sound: an <audio> element sends no token, and a token of ours belongs into no address. A link says which
recording, for whom and until when, and is signed; whether that person may hear it is asked again whenever it is used.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from time import time
from uuid import UUID

from persistence.encryption import derive
from rooms.ids import UserId

LASTS_S = 600
MAC_BYTES = 32
TIME_BYTES = 8


class BadLink(Exception):
    """Forged, of another recording, or over."""


class Links:
    def __init__(self, secret_key: str) -> None:
        self._key = derive(secret_key, "links to recordings")

    def sign(self, recording: str, user: UserId, *, lasts_s: float = LASTS_S) -> str:
        said = int(time() + lasts_s).to_bytes(TIME_BYTES, "big") + UUID(user).bytes
        return urlsafe_b64encode(said + self._mac(recording, said)).decode().rstrip("=")

    def read(self, recording: str, link: str) -> UserId:
        """For whom it was made. Raises BadLink."""
        try:
            sent = urlsafe_b64decode(link + "=" * (-len(link) % 4))
        except ValueError:
            raise BadLink from None
        said, mac = sent[:-MAC_BYTES], sent[-MAC_BYTES:]
        if len(said) != TIME_BYTES + 16 or not hmac.compare_digest(mac, self._mac(recording, said)):
            raise BadLink
        if int.from_bytes(said[:TIME_BYTES], "big") < time():
            raise BadLink
        return UserId(str(UUID(bytes=said[TIME_BYTES:])))

    def _mac(self, recording: str, said: bytes) -> bytes:
        return hmac.digest(self._key, UUID(recording).bytes + said, "sha256")
