"""Encryption at rest (domain.md 2.9): the envelope of one column's value, the blind index of an e-mail address, and every key
that is derived from `SECRET_KEY`. Data keys live in `ops.encryption_keys`, wrapped by a key that never enters the database. How
they are exchanged for others is keys.py's; does not know which columns exist or who may read them.

Envelope: 0x01 | key id (2 bytes, big-endian) | nonce (12) | AES-256-GCM ciphertext and tag. The associated data names the
place, `table.column:row id`, so a value copied to another row or column does not decrypt.
"""

import hashlib
import hmac
import unicodedata
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from os import urandom
from time import monotonic
from uuid import UUID

import idna
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from persistence.connection import Connection

VERSION = b"\x01"
NONCE_BYTES = 12
LOCK = 0x4B_65_79_73  # any number, the same for ever; held while keys are made
DERIVED = {"invitations": "invitation links", "badges": "open badges"}
"""Keys that stay when SECRET_KEY does not, by what they were derived for at first."""
PURPOSES = ("row", "index", *DERIVED)
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


@dataclass(frozen=True, slots=True)
class Held:
    """What is known at one moment, by id. `indexes`: that may still stand in a row; the lowest one first."""

    rows: dict[int, bytes]
    row: DataKey
    indexes: dict[int, bytes]
    index: DataKey
    invitations: bytes
    badges: bytes


class Keys:
    """All keys of one installation, unwrapped, in memory; `refresh` learns of those that were made meanwhile."""

    def __init__(self, secret_key: str, held: Held) -> None:
        self._wrapping = DataKey(0, derive(secret_key, "wrapping key"))
        self._held = held
        self.read_at = monotonic()

    @classmethod
    async def load(cls, connection: Connection, secret_key: str) -> "Keys":
        """Unwraps what `ops.encryption_keys` holds, making the first keys of a new installation. What signs something that lasts was
        derived before it was stored, and is when it is stored first: invitations and badges handed out stay good."""
        wrapping = DataKey(0, derive(secret_key, "wrapping key"))
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
            there = await connection.fetchval("SELECT array_agg(purpose) FROM ops.encryption_keys") or []
            for purpose in PURPOSES:
                if purpose not in there:
                    secret = derive(secret_key, DERIVED[purpose]) if purpose in DERIVED else urandom(32)
                    await _add(connection, wrapping, purpose, secret, active=True)
        return cls(secret_key, await _read(connection, wrapping))

    async def add(self, connection: Connection, purpose: str) -> None:
        """A new key that nothing is sealed with yet. In the caller's transaction, which holds LOCK."""
        await _add(connection, self._wrapping, purpose, urandom(32), active=False)

    async def refresh(self, connection: Connection) -> None:
        """As the engine."""
        self._held = await _read(connection, self._wrapping)
        self.read_at = monotonic()

    def seal(self, text: str, column: str, row_id: UUID) -> bytes:
        """`column` with its table: `identity.accounts.email_enc`."""
        return seal(self._held.row, text.encode(), f"{column}:{row_id}")

    def open(self, envelope: bytes, column: str, row_id: UUID) -> str:
        return open_sealed(self._held.rows, envelope, f"{column}:{row_id}").decode()

    @property
    def row_key_id(self) -> int:
        """Of what is sealed from now on."""
        return self._held.row.id

    @property
    def index_key_id(self) -> int:
        return self._held.index.id

    def blind_index(self, address: str) -> bytes:
        """For equality only: HMAC-SHA-256 of the normalised address."""
        return _index(self._held.index.secret, address)

    def blind_indexes(self, address: str) -> list[bytes]:
        """Under each of which an account with this address may stand; one but for the time of a rotation. The first is the same
        in all processes that may write accounts at a time, so it is what they lock."""
        return [_index(secret, address) for _id, secret in sorted(self._held.indexes.items())]

    @property
    def badges(self) -> bytes:
        """From which what signs Open Badges is made."""
        return self._held.badges

    def wrap(self, secret: bytes, place: str) -> bytes:
        """For small secrets that are stored and later destroyed, as an anonymous poll's; independent of the data keys."""
        return seal(self._wrapping, secret, place)

    def unwrap(self, wrapped: bytes, place: str) -> bytes:
        return open_sealed({0: self._wrapping.secret}, wrapped, place)

    def invitation_token(self, invitation_id: UUID) -> str:
        """The same for the same invitation, so its link can be shown again although only a hash is stored."""
        mac = hmac.digest(self._held.invitations, invitation_id.bytes, "sha256")
        return urlsafe_b64encode(mac).decode().rstrip("=")


async def _add(connection: Connection, wrapping: DataKey, purpose: str, secret: bytes, *, active: bool) -> None:
    number: int = await connection.fetchval("SELECT coalesce(max(id), 0) + 1 FROM ops.encryption_keys")
    await connection.execute(
        "INSERT INTO ops.encryption_keys (id, purpose, wrapped, active, activated_at) "
        "VALUES ($1, $2, $3, $4, CASE WHEN $4 THEN clock_timestamp() END)",
        number,
        purpose,
        seal(wrapping, secret, _place(number)),
        active,
    )


async def _read(connection: Connection, wrapping: DataKey) -> Held:
    keys: dict[str, dict[int, bytes]] = {purpose: {} for purpose in PURPOSES}
    active: dict[str, DataKey] = {}
    for row in await connection.fetch("SELECT id, purpose, wrapped, active, retired_at FROM ops.encryption_keys"):
        try:
            key = DataKey(row["id"], open_sealed({0: wrapping.secret}, row["wrapped"], _place(row["id"])))
        except Undecryptable:
            raise Undecryptable("SECRET_KEY is not the one this database was made with") from None
        if row["purpose"] == "row" or row["retired_at"] is None:
            keys[row["purpose"]][key.id] = key.secret
        if row["active"]:
            active[row["purpose"]] = key
    return Held(
        rows=keys["row"],
        row=active["row"],
        indexes=keys["index"],
        index=active["index"],
        invitations=active["invitations"].secret,
        badges=active["badges"].secret,
    )


def _place(number: int) -> str:
    return f"ops.encryption_keys.wrapped:{number}"


def _index(secret: bytes, address: str) -> bytes:
    return hmac.digest(secret, normalise_email(address).encode(), "sha256")
