"""Another SECRET_KEY (domain.md 2.9): keys are wrapped by it anew, and what they seal stays as it is."""

from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest

from live.certificates.badge import Signer
from persistence.database import Database
from persistence.encryption import Undecryptable, derive, login_password
from persistence.keys_wrapping import WrappingRefused, wrap_anew
from persistence.models.registration import NewInvitation
from persistence.recording_keys import RecordingKeys
from persistence.tokens import TokenKind, Tokens
from tests.databases import SECRET_KEY
from tests.persistence.workshop import PASSWORD, Workshop

NEW = "another secret key that only the tests of this project use"
RECORDING = "018f0000-0000-7000-8000-000000000001"


def login(dsn: str, name: str) -> str:
    """Logins belong to the whole cluster, so the tests beside this one need their passwords as they were."""
    return dsn.replace("postgres@", f"{name}:{quote(login_password(SECRET_KEY, name))}@")


async def opened(dsn: str, secret_key: str) -> Database:
    return await Database.open(
        dsn,
        secret_key,
        engine_dsn=login(dsn, "workshop_engine"),
        app_dsn=login(dsn, "workshop_app"),
        connections=3,
    )


async def secrets_of(database: Database) -> list[dict[str, Any]]:
    async with database.connection() as connection:
        rows = await connection.fetch("SELECT * FROM identity.accounts ORDER BY id")
    return [dict(row) for row in rows]


@pytest.mark.requirement("B320")
async def test_all_that_was_wrapped_by_the_former_key_opens_with_the_new_one(dsn: str) -> None:
    before = await opened(dsn, SECRET_KEY)
    workshop = await Workshop.open(before)
    invitation = await workshop.invitations.create(workshop.session, NewInvitation(), workshop.mara)
    sound = await RecordingKeys(before).make(workshop.session, RECORDING, "mix")
    place = f"live.session_secrets.wrapped:{workshop.session}:poll:1"
    await workshop.execute(
        "INSERT INTO live.session_secrets (session_id, name, wrapped) VALUES ($1, 'poll:1', $2)",
        workshop.session,
        before.keys.wrap(b"secret of a poll", place),
    )
    refresh = await workshop.tokens.issue(workshop.ana, TokenKind.REFRESH)
    rows, badge = await secrets_of(before), Signer(before.keys.badges, "https://example.org").public_key
    epoch = await workshop.value("SELECT epoch FROM live.session_heads")
    workshop.directory.passwords.close()
    await before.close()

    assert await wrap_anew(dsn, SECRET_KEY, NEW) == 4 + 1 + 1
    assert await wrap_anew(dsn, SECRET_KEY, NEW) == 0

    with pytest.raises(Undecryptable, match="SECRET_KEY is not the one"):
        await opened(dsn, SECRET_KEY)
    after = await opened(dsn, NEW)
    workshop.database = after
    assert await secrets_of(after) == rows
    assert await RecordingKeys(after).get(RECORDING, "mix") == sound
    wrapped = await workshop.value("SELECT wrapped FROM live.session_secrets")
    assert after.keys.unwrap(wrapped, place) == b"secret of a poll"
    assert after.keys.invitation_token(UUID(invitation.id)) == invitation.token
    assert Signer(after.keys.badges, "https://example.org").public_key == badge
    assert after.keys.badges == derive(SECRET_KEY, "open badges")
    assert await Tokens(after).renew(refresh.secret) is not None
    assert await workshop.value("SELECT epoch FROM live.session_heads") == epoch
    directory = type(workshop.directory)(after)
    assert await directory.sign_in("mara@example.org", PASSWORD) == workshop.mara
    assert (await directory.names([workshop.mara]))[workshop.mara] == "Mara Host"
    directory.passwords.close()
    await after.close()


async def test_nothing_is_wrapped_while_somebody_is_connected(database: Database, dsn: str) -> None:
    with pytest.raises(WrappingRefused, match="stop every server"):
        await wrap_anew(dsn, SECRET_KEY, NEW)
    await (await Database.open(dsn, SECRET_KEY, connections=2)).close()


async def test_the_former_key_has_to_be_known(dsn: str) -> None:
    await (await Database.open(dsn, SECRET_KEY, connections=2)).close()
    with pytest.raises(WrappingRefused, match="SECRET_KEY_BEFORE"):
        await wrap_anew(dsn, NEW + "!", NEW)
    await (await Database.open(dsn, SECRET_KEY, connections=2)).close()
