"""Encryption at rest (domain.md 2.9, D50, D51; attack 71)."""

import asyncio
import subprocess
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persistence.database import Database
from persistence.directory import ERASED_NAME
from persistence.embedded import find_binaries
from persistence.encryption import DataKey, Held, Keys, Undecryptable, derive, key_id, normalise_email
from persistence.models.registration import NewInvitation
from persistence.models.user import NewUser
from persistence.tokens import TokenKind
from tests.databases import SECRET_KEY
from tests.persistence.workshop import Workshop

ROW, OTHER_ROW = UUID(int=1), UUID(int=2)
COLUMN = "identity.accounts.full_name_enc"


def keys(*rows: int, row: int) -> Keys:
    secrets = {number: bytes([number]) * 32 for number in (*rows, 2)}
    held = Held(
        rows={number: secrets[number] for number in rows},
        row=DataKey(row, secrets[row]),
        indexes={2: secrets[2]},
        index=DataKey(2, secrets[2]),
        invitations=bytes(32),
        badges=bytes(32),
    )
    return Keys(SECRET_KEY, held)


KEYS = keys(1, 3, row=3)


@given(st.text())
@pytest.mark.requirement("B317", "B318")
def test_what_is_sealed_opens_at_its_place_and_nowhere_else(text: str) -> None:
    envelope = KEYS.seal(text, COLUMN, ROW)
    assert KEYS.open(envelope, COLUMN, ROW) == text
    for column, row in ((COLUMN, OTHER_ROW), ("identity.accounts.email_enc", ROW)):
        with pytest.raises(Undecryptable):
            KEYS.open(envelope, column, row)


@given(st.binary(max_size=80))
def test_anything_else_is_undecryptable_not_a_crash(envelope: bytes) -> None:
    with pytest.raises(Undecryptable):
        KEYS.open(envelope, COLUMN, ROW)


def test_every_bit_of_an_envelope_counts() -> None:
    envelope = KEYS.seal("Mara", COLUMN, ROW)
    for position in range(len(envelope) * 8):
        damaged = bytearray(envelope)
        damaged[position // 8] ^= 1 << position % 8
        with pytest.raises(Undecryptable):
            KEYS.open(bytes(damaged), COLUMN, ROW)


def test_an_envelope_names_its_key_and_old_keys_still_open() -> None:
    assert key_id(KEYS.seal("Mara", COLUMN, ROW)) == 3
    old = keys(1, row=1).seal("Mara", COLUMN, ROW)
    assert key_id(old) == 1
    assert KEYS.open(old, COLUMN, ROW) == "Mara"


def test_no_two_envelopes_are_alike() -> None:
    assert KEYS.seal("Mara", COLUMN, ROW) != KEYS.seal("Mara", COLUMN, ROW)


def test_small_secrets_are_wrapped_for_their_place() -> None:
    wrapped = KEYS.wrap(b"secret of a poll", "live.session_secrets:1")
    assert KEYS.unwrap(wrapped, "live.session_secrets:1") == b"secret of a poll"
    with pytest.raises(Undecryptable):
        KEYS.unwrap(wrapped, "live.session_secrets:2")


def test_keys_of_different_purposes_have_nothing_in_common() -> None:
    assert derive(SECRET_KEY, "one") != derive(SECRET_KEY, "another")
    assert derive(SECRET_KEY, "one") != derive(SECRET_KEY + "!", "one")
    assert len(derive(SECRET_KEY, "one")) == 32


@pytest.mark.parametrize(
    ("spelled", "normal"),
    [
        (" Mara@Example.ORG ", "mara@example.org"),
        ("ＭＡＲＡ@example.org", "mara@example.org"),
        ("STRASSE@example.org", "strasse@example.org"),
        ("straße@example.org", "strasse@example.org"),
        ("a@BÜCHER.example", "a@xn--bcher-kva.example"),
        ('"a@b"@example.org', '"a@b"@example.org'),
    ],
)
@pytest.mark.requirement("D50")
def test_d50_an_address_has_one_spelling(spelled: str, normal: str) -> None:
    assert normalise_email(spelled) == normal
    assert normalise_email(normal) == normal


@pytest.mark.parametrize(
    "address", ["", "mara", "@example.org", "mara@", "ma ra@example.org", "mara@exa mple.org", "a@-.org"]
)
def test_what_is_no_address_has_no_index(address: str) -> None:
    with pytest.raises(ValueError, match="not an e-mail address"):
        KEYS.blind_index(address)


async def test_the_first_process_makes_the_keys_and_the_next_reads_them(database: Database, dsn: str) -> None:
    envelope = database.keys.seal("Mara", COLUMN, ROW)
    again = await Database.open(dsn, SECRET_KEY)
    assert again.keys.open(envelope, COLUMN, ROW) == "Mara"
    assert again.keys.blind_index("mara@example.org") == database.keys.blind_index("mara@example.org")
    await again.close()


@pytest.mark.requirement("B317", "D51")
async def test_a_ciphertext_copied_to_another_account_does_not_open(workshop: Workshop) -> None:
    await workshop.execute(
        "UPDATE identity.accounts a SET full_name_enc = m.full_name_enc FROM identity.accounts m WHERE a.id = $1 AND m.id = $2",
        workshop.ana,
        workshop.mara,
    )
    assert await workshop.directory.names([workshop.ana]) == {workshop.ana: ERASED_NAME}
    with pytest.raises(Undecryptable):
        await workshop.directory.user(workshop.ana)


def dump_of(dsn: str) -> str:
    return subprocess.run([find_binaries() / "pg_dump", dsn], capture_output=True, text=True, check=True).stdout


@pytest.mark.requirement("W003", "W004", "W005", "B003", "B004", "B317", "B319", "D51")
async def test_attack_71_a_dump_holds_no_address_name_password_or_token(workshop: Workshop, dsn: str) -> None:
    canary = f"canary{uuid4().hex}"
    user = await workshop.directory.create_user(
        NewUser(email=f"{canary}@example.org", first_name=canary, last_name=canary, password=canary)
    )
    refresh = await workshop.tokens.issue(user, TokenKind.REFRESH)
    invitation = await workshop.invitations.create(workshop.session, NewInvitation(), workshop.mara)
    guest = await workshop.invitations.redeem_as_guest(invitation.token or "", canary)
    dump = await asyncio.to_thread(dump_of, dsn)
    assert user in dump
    assert guest.user_id in dump
    for secret in (canary, canary.encode().hex(), refresh.secret, invitation.token or "", SECRET_KEY):
        assert secret not in dump
