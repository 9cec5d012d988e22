"""Encryption at rest (domain.md 2.9): the envelope of one column's value, the blind index of an e-mail address, and every key
that is derived from `SECRET_KEY`. Data keys live in `ops.encryption_keys`, wrapped by a key that never enters the database.
Pure but for `Keys.load`; does not know which columns exist or who may read them.

Envelope: 0x01 | key id (2 bytes, big-endian) | nonce (12) | AES-256-GCM ciphertext and tag. The associated data names the
place, `table.column:row id`, so a value copied to another row or column does not decrypt.
"""

import hashlib
import hmac
import unicodedata
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from os import urandom
from uuid import UUID

import idna
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from persistence.connection import Connection

VERSION = b"\x01"
NONCE_BYTES = 12
HEADER_BYTES = 1 + 2 + NONCE_BYTES


class Undecryptable(ValueError):
    """A damaged envelope, another place's envelope, or another installation's key. Never says which."""


def derive(secret_key: str, purpose: str) -> bytes:
    """A 32-byte key for one purpose (HKDF-SHA256, RFC 5869); purposes learn nothing about each other."""
    return HKDF(SHA256(), 32, salt=None, info=f"atelier {purpose}".encode()).derive(secret_key.encode())


def login_password(secret_key: str, role: str) -> str:
    """Of the database login `role`."""
    return urlsafe_b64encode(derive(secret_key, f"postgres login {role}")).decode().rstrip("=")


def token_hash(token: str) -> bytes:
    """How every secret handed out is stored. A plain hash is enough: the tokens have at least 256 random bits."""
    return hashlib.sha256(token.encode()).digest()


def normalise_email(address: str) -> str:
    """One mailbox, one spelling (D50): NFKC, trimmed, case-folded, the domain in IDNA's ASCII form. ValueError if it is no
    address; whether the mailbox exists is another question."""
    local, at, domain = unicodedata.normalize("NFKC", address).strip().casefold().rpartition("@")
    if not at or not local or not domain or any(character.isspace() for character in local):
        raise ValueError("not an e-mail address")
    try:
        return f"{local}@{idna.encode(domain, uts46=True).decode()}"
    except idna.IDNAError as error:
        raise ValueError("not an e-mail address") from error


@dataclass(frozen=True)
class DataKey:
    id: int
    secret: bytes


def seal(key: DataKey, clear: bytes, place: str) -> bytes:
    nonce = urandom(NONCE_BYTES)
    header = VERSION + key.id.to_bytes(2, "big") + nonce
    return header + AESGCM(key.secret).encrypt(nonce, clear, place.encode())


def open_sealed(keys: dict[int, bytes], envelope: bytes, place: str) -> bytes:
    secret = keys.get(key_id(envelope))
    if secret is None:
        raise Undecryptable("cannot be decrypted")
    try:
        return AESGCM(secret).decrypt(envelope[3:HEADER_BYTES], envelope[HEADER_BYTES:], place.encode())
    except InvalidTag as error:
        raise Undecryptable("cannot be decrypted") from error


def key_id(envelope: bytes) -> int:
    """Of the data key it was made with; for re-encryption after a rotation."""
    if len(envelope) <= HEADER_BYTES or envelope[:1] != VERSION:
        raise Undecryptable("cannot be decrypted")
    return int.from_bytes(envelope[1:3], "big")


class Keys:
    """All keys of one installation, unwrapped, in memory. Keys made by a rotation elsewhere appear at the next start."""

    def __init__(self, secret_key: str, rows: dict[int, bytes], row_key: int, index_key: DataKey) -> None:
        self._secret_key = secret_key
        self._rows = rows
        self._row_key = DataKey(row_key, rows[row_key])
        self._index_key = index_key
        self._wrapping = DataKey(0, derive(secret_key, "wrapping key"))
        self._invitation_key = derive(secret_key, "invitation links")

    @classmethod
    async def load(cls, connection: Connection, secret_key: str) -> "Keys":
        """Unwraps what `ops.encryption_keys` holds, making the first keys of a new installation."""
        wrapping = DataKey(0, derive(secret_key, "wrapping key"))
        for number, purpose in ((1, "row"), (2, "index")):
            await connection.execute(
                "INSERT INTO ops.encryption_keys (id, purpose, wrapped) "
                "SELECT $1::smallint, $2::text, $3 WHERE NOT EXISTS (SELECT FROM ops.encryption_keys WHERE purpose = $2::text) "
                "ON CONFLICT DO NOTHING",
                number,
                purpose,
                seal(wrapping, urandom(32), f"ops.encryption_keys.wrapped:{number}"),
            )
        rows: dict[int, bytes] = {}
        active: dict[str, DataKey] = {}
        for row in await connection.fetch("SELECT id, purpose, wrapped, active FROM ops.encryption_keys"):
            place = f"ops.encryption_keys.wrapped:{row['id']}"
            try:
                key = DataKey(row["id"], open_sealed({0: wrapping.secret}, row["wrapped"], place))
            except Undecryptable:
                raise Undecryptable("SECRET_KEY is not the one this database was made with") from None
            if row["purpose"] == "row":
                rows[key.id] = key.secret
            if row["active"]:
                active[row["purpose"]] = key
        return cls(secret_key, rows, active["row"].id, active["index"])

    def seal(self, text: str, column: str, row_id: UUID) -> bytes:
        """`column` with its table: `identity.accounts.email_enc`."""
        return seal(self._row_key, text.encode(), f"{column}:{row_id}")

    def open(self, envelope: bytes, column: str, row_id: UUID) -> str:
        return open_sealed(self._rows, envelope, f"{column}:{row_id}").decode()

    @property
    def index_key_id(self) -> int:
        return self._index_key.id

    def blind_index(self, address: str) -> bytes:
        """For equality only: HMAC-SHA-256 of the normalised address."""
        return hmac.digest(self._index_key.secret, normalise_email(address).encode(), "sha256")

    def wrap(self, secret: bytes, place: str) -> bytes:
        """For small secrets that are stored and later destroyed, as an anonymous poll's; independent of the data keys."""
        return seal(self._wrapping, secret, place)

    def unwrap(self, wrapped: bytes, place: str) -> bytes:
        return open_sealed({0: self._wrapping.secret}, wrapped, place)

    def invitation_token(self, invitation_id: UUID) -> str:
        """The same for the same invitation, so its link can be shown again although only a hash is stored."""
        mac = hmac.digest(self._invitation_key, invitation_id.bytes, "sha256")
        return urlsafe_b64encode(mac).decode().rstrip("=")
