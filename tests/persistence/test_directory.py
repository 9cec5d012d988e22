"""Accounts, names, passwords and platform roles (W001-W016, D47, D50, D51; attack 11)."""

import asyncio

import pytest

from persistence.directory import AddressTaken, LastAdministrator
from persistence.models.user import AccountStatus, PlatformRole, SubscriptionTier, UserAdministration, UserChange
from persistence.passwords import WAITING_MAX, TooBusy
from rooms.ids import UserId
from tests.persistence.workshop import PASSWORD, Workshop, new_user

NOBODY = UserId("00000000-0000-4000-8000-000000000000")


@pytest.mark.requirement("W001", "W003", "W004", "W005", "W007")
async def test_w001_a_user_is_read_back_as_created(workshop: Workshop) -> None:
    mara = await workshop.directory.user(workshop.mara)
    assert mara is not None
    assert (mara.email, mara.first_name, mara.last_name, mara.full_name) == (
        "mara@example.org",
        "Mara",
        "Example",
        "Mara Host",
    )
    assert (mara.subscription_tier, mara.workshop_access_granted, mara.is_guest) == (
        SubscriptionTier.BASIC,
        True,
        False,
    )
    assert mara.roles == (PlatformRole.INSTRUCTOR,)
    assert await workshop.directory.user(NOBODY) is None


@pytest.mark.parametrize("address", ["mara@example.org", " MARA@Example.ORG ", "ｍａｒａ@example.org"])
@pytest.mark.requirement("W003", "W014", "B003", "D50", "D51")
async def test_d50_one_mailbox_is_one_account_however_it_is_spelled(workshop: Workshop, address: str) -> None:
    assert await workshop.directory.find(address) == workshop.mara
    with pytest.raises(AddressTaken):
        await workshop.directory.create_user(new_user("Mara", email=address.strip()))


@pytest.mark.requirement("D50")
async def test_d50_an_international_domain_is_one_mailbox_in_both_spellings(workshop: Workshop) -> None:
    user = await workshop.directory.create_user(new_user("Jörg", email="joerg@bücher.example"))
    assert await workshop.directory.find("joerg@xn--bcher-kva.example") == user


@pytest.mark.requirement("W008", "D47")
async def test_a_password_signs_in_and_is_noted(workshop: Workshop) -> None:
    assert await workshop.directory.sign_in("Mara@example.org", PASSWORD) == workshop.mara
    mara = await workshop.directory.user(workshop.mara)
    assert mara is not None
    assert mara.last_login_at is not None


async def test_attack_11_a_refused_sign_in_looks_and_costs_the_same_for_every_reason(workshop: Workshop) -> None:
    await workshop.directory.set_password(workshop.ana, PASSWORD)
    await workshop.directory.change(workshop.ana, UserAdministration(status=AccountStatus.SUSPENDED))
    for address, password in [
        ("mara@example.org", "wrong password"),  # known
        ("ben@example.org", PASSWORD),  # has no password
        ("ana@example.org", PASSWORD),  # suspended
        ("nobody@example.org", PASSWORD),  # unknown
        ("not an address", PASSWORD),
    ]:
        before = workshop.directory.passwords.derivations
        assert await workshop.directory.sign_in(address, password) is None, address
        assert workshop.directory.passwords.derivations == before + 1, address


async def test_attack_12_a_flood_of_passwords_is_refused_not_queued(workshop: Workshop) -> None:
    attempts = [workshop.directory.passwords.verify(None, "guess") for _ in range(WAITING_MAX + 10)]
    results = await asyncio.gather(*attempts, return_exceptions=True)
    assert sum(isinstance(result, TooBusy) for result in results) == 10
    assert results.count(False) == WAITING_MAX


async def test_setting_a_password_makes_an_invited_account_active(workshop: Workshop) -> None:
    await workshop.execute(
        "INSERT INTO identity.accounts (id, email_enc, email_bidx, bidx_key_id, full_name_enc, status) "
        "SELECT $1, email_enc, sha256('another'), bidx_key_id, full_name_enc, 'invited' FROM identity.accounts WHERE id = $2",
        NOBODY,
        workshop.ben,
    )
    await workshop.directory.set_password(NOBODY, PASSWORD)
    assert await workshop.value("SELECT status FROM identity.accounts WHERE id = $1", NOBODY) == "active"


@pytest.mark.requirement("D47")
async def test_the_password_is_stored_as_argon2id_and_changes(workshop: Workshop) -> None:
    await workshop.directory.set_password(workshop.ana, "the first password")
    await workshop.directory.set_password(workshop.ana, "the second password")
    assert not await workshop.directory.check_password(workshop.ana, "the first password")
    assert await workshop.directory.check_password(workshop.ana, "the second password")
    held = await workshop.value("SELECT password_hash FROM identity.credentials WHERE user_id = $1", workshop.ana)
    assert held.startswith("$argon2id$")


@pytest.mark.requirement("B004")
async def test_names_are_shown_for_many_ids_and_follow_a_change(workshop: Workshop) -> None:
    names = await workshop.directory.names([workshop.mara, workshop.ana, NOBODY])
    assert names == {workshop.mara: "Mara Host", workshop.ana: "Ana Example"}
    await workshop.directory.change(workshop.ana, UserChange(full_name="Ana B."))
    assert await workshop.directory.names([workshop.ana]) == {workshop.ana: "Ana B."}


async def test_a_change_touches_only_what_is_given(workshop: Workshop) -> None:
    changed = await workshop.directory.change(workshop.ana, UserAdministration(subscription_tier=SubscriptionTier.VIP))
    assert changed is not None
    assert (changed.first_name, changed.full_name, changed.subscription_tier) == (
        "Ana",
        "Ana Example",
        SubscriptionTier.VIP,
    )


async def test_roles_are_set_and_the_last_administrator_stays(workshop: Workshop) -> None:
    directory = workshop.directory
    await directory.set_roles(workshop.mara, [PlatformRole.ADMIN, PlatformRole.INSTRUCTOR], None)
    assert await directory.roles(workshop.mara) == {PlatformRole.ADMIN, PlatformRole.INSTRUCTOR}
    with pytest.raises(LastAdministrator):
        await directory.set_roles(workshop.mara, [PlatformRole.INSTRUCTOR], workshop.mara)
    await directory.set_roles(workshop.theo, [PlatformRole.ADMIN], workshop.mara)
    await directory.set_roles(workshop.mara, [], workshop.theo)
    assert await directory.roles(workshop.mara) == frozenset()


async def test_a_suspended_account_has_no_roles(workshop: Workshop) -> None:
    await workshop.directory.change(workshop.mara, UserAdministration(status=AccountStatus.SUSPENDED))
    assert await workshop.directory.roles(workshop.mara) == frozenset()


async def test_users_are_listed_in_pages_without_guests(workshop: Workshop) -> None:
    async with workshop.database.transaction() as connection:
        await workshop.directory.create_guest(connection, workshop.session, "A guest")
    listed, cursor = [], None
    while True:
        page = await workshop.directory.users(2, cursor)
        assert len(page.items) <= 2
        listed += [user.full_name for user in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert listed == ["Otto Example", "Ben Example", "Ana Example", "Theo Example", "Mara Host"]


async def test_a_guest_has_an_address_nobody_can_write_to(workshop: Workshop) -> None:
    async with workshop.database.transaction() as connection:
        guest = await workshop.directory.create_guest(connection, workshop.session, "Gudrun")
    user = await workshop.directory.user(guest)
    assert user is not None
    assert (user.email, user.first_name, user.full_name, user.is_guest) == (
        f"{guest}@guest.invalid",
        None,
        "Gudrun",
        True,
    )
