"""Scheduling: sessions, who may come in, registrations with their waitlist, invitation links (W167-W223, D40-D45)."""

import asyncio
from datetime import timedelta

import pytest

from persistence.connection import Connection
from persistence.invitations import NotInvited
from persistence.models.registration import NewInvitation, RegistrationStatus
from persistence.models.session import LiveSession
from persistence.models.user import AccountStatus, PlatformRole, UserAdministration
from persistence.models.validation import Invalid
from persistence.registrations import SessionOver, close_registrations
from persistence.sessions import Entry, Filter, NotAnInstructor
from rooms.ids import SessionId, UserId
from rooms.lifecycle import FeatureType, Status
from rooms.roles import Role
from tests.persistence.workshop import START, Workshop, head_only, new_session

NOWHERE = SessionId("00000000-0000-4000-8000-000000000000")


# -- sessions --


@pytest.mark.requirement("W167", "W168", "W173", "W174")
async def test_w168_a_session_is_read_back_as_scheduled(workshop: Workshop) -> None:
    session = await workshop.sessions.get(workshop.session, workshop.mara)
    assert session is not None
    assert (session.title, session.instructor_id, session.status) == ("Sketching", workshop.mara, Status.SCHEDULED)
    assert (session.scheduled_start, session.max_participants) == (START, 50)
    assert {feature.type for feature in session.features if feature.is_enabled} == set(FeatureType)  # D40
    assert session.metadata.participant_count == 0  # D41


async def test_a_session_without_its_first_event_is_not_made(workshop: Workshop) -> None:
    async def fail(connection: Connection, session: LiveSession) -> None:
        raise RuntimeError("no first event")

    before = await workshop.value("SELECT count(*) FROM live.live_sessions")
    with pytest.raises(RuntimeError):
        await workshop.sessions.create(new_session(), workshop.mara, fail)
    assert await workshop.value("SELECT count(*) FROM live.live_sessions") == before


@pytest.mark.requirement("W171")
async def test_w171_only_instructors_and_administrators_host(workshop: Workshop) -> None:
    with pytest.raises(NotAnInstructor):
        await workshop.sessions.create(new_session(), workshop.ana, head_only)
    await workshop.directory.set_roles(workshop.ana, [PlatformRole.ADMIN], None)
    await workshop.sessions.create(new_session(), workshop.ana, head_only)


@pytest.mark.requirement("W172", "W233")
async def test_w172_a_module_that_does_not_exist_is_named(workshop: Workshop) -> None:
    with pytest.raises(Invalid) as refused:
        await workshop.sessions.create(new_session(module_id=NOWHERE), workshop.mara, head_only)
    assert [error.pointer for error in refused.value.errors] == ["/moduleId"]
    with pytest.raises(Invalid):
        await workshop.sessions.set_module(workshop.session, NOWHERE)


async def test_sessions_are_listed_in_pages_both_ways(workshop: Workshop) -> None:
    made = [workshop.session]
    for hours in (1, 2, 2, 3):  # two at the same time
        start = START + timedelta(hours=hours)
        made.append(await workshop.another_session(scheduled_start=start, scheduled_end=start + timedelta(hours=1)))
    for latest_first in (False, True):
        listed: list[str] = []
        cursor = None
        while True:
            page = await workshop.sessions.list(workshop.mara, Filter(latest_first=latest_first), 2, cursor)
            listed += [session.id for session in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert len(listed) == 5
        assert set(listed) == set(made)
        ends = (listed[0], listed[-1])
        assert ends == ((made[-1], made[0]) if latest_first else (made[0], made[-1]))


async def test_lists_filter_by_time_and_status(workshop: Workshop) -> None:
    later = START + timedelta(days=1)
    tomorrow = await workshop.another_session(scheduled_start=later, scheduled_end=later + timedelta(hours=1))
    found = await workshop.sessions.list(workshop.mara, Filter(start=later))
    assert [session.id for session in found.items] == [tomorrow]
    found = await workshop.sessions.list(workshop.mara, Filter(end=later))
    assert [session.id for session in found.items] == [workshop.session]
    assert (await workshop.sessions.list(workshop.mara, Filter(statuses=(Status.ENDED,)))).items == ()


@pytest.mark.parametrize("cursor", ["", "x", "!!!", "W10", "WyJ4IiwieSJd", "A" * 10_000])
async def test_a_forged_cursor_is_refused(workshop: Workshop, cursor: str) -> None:
    with pytest.raises(Invalid):
        await workshop.sessions.list(workshop.mara, cursor=cursor)


@pytest.mark.requirement("W247")
async def test_w247_a_deleted_session_is_gone_for_everybody_but_its_rows_stay(workshop: Workshop) -> None:
    assert await workshop.sessions.delete(workshop.session)
    assert not await workshop.sessions.delete(workshop.session)
    assert await workshop.sessions.get(workshop.session, workshop.mara) is None
    assert (await workshop.sessions.list(workshop.mara)).items == ()
    assert await workshop.sessions.entry(workshop.session, workshop.mara) is None
    assert await workshop.value("SELECT count(*) FROM live.live_sessions") == 1


async def test_a_running_session_is_not_deleted(workshop: Workshop) -> None:
    await workshop.execute("UPDATE live.live_sessions SET status = 'starting'")
    assert not await workshop.sessions.delete(workshop.session)


# -- who may come in --


async def test_entry_names_the_role_of_everybody_who_may_come(workshop: Workshop) -> None:
    await workshop.register(workshop.ana, Role.PARTICIPANT)
    await workshop.register(workshop.otto, Role.OBSERVER)
    await workshop.directory.set_roles(workshop.ben, [PlatformRole.ADMIN], None)
    roles = {
        workshop.mara: Entry(Role.INSTRUCTOR, admin=False, has_access=True),
        workshop.theo: Entry(Role.ASSISTANT, admin=False, has_access=True),
        workshop.ana: Entry(Role.PARTICIPANT, admin=False, has_access=True),
        workshop.otto: Entry(Role.OBSERVER, admin=False, has_access=True),
        workshop.ben: Entry(Role.ASSISTANT, admin=True, has_access=True),
    }
    for user, entry in roles.items():
        assert await workshop.sessions.entry(workshop.session, user) == entry


async def test_entry_is_refused_to_strangers_and_whoever_withdrew_or_is_suspended(workshop: Workshop) -> None:
    assert await workshop.sessions.entry(workshop.session, workshop.ben) is None
    await workshop.register(workshop.ana, Role.PARTICIPANT)
    await workshop.registrations.withdraw(workshop.session, workshop.ana)
    assert await workshop.sessions.entry(workshop.session, workshop.ana) is None
    await workshop.directory.change(workshop.theo, UserAdministration(status=AccountStatus.SUSPENDED))
    assert await workshop.sessions.entry(workshop.session, workshop.theo) is None
    assert await workshop.sessions.entry(NOWHERE, workshop.mara) is None


@pytest.mark.requirement("W007")
async def test_w007_entry_says_when_workshop_access_was_withdrawn(workshop: Workshop) -> None:
    await workshop.directory.change(workshop.theo, UserAdministration(workshop_access_granted=False))
    entry = await workshop.sessions.entry(workshop.session, workshop.theo)
    assert entry == Entry(Role.ASSISTANT, admin=False, has_access=False)


# -- registrations --


@pytest.mark.requirement("W177", "D44")
async def test_d44_a_full_session_puts_the_next_on_the_waitlist_and_promotes_in_order(workshop: Workshop) -> None:
    await workshop.execute("UPDATE live.live_sessions SET max_participants = 1")
    registrations, session = workshop.registrations, workshop.session
    taken = [await registrations.register(session, user) for user in (workshop.ana, workshop.ben, workshop.otto)]
    assert [(each.status, each.waiting_position) for each in taken] == [
        (RegistrationStatus.REGISTERED, None),
        (RegistrationStatus.WAITLISTED, 1),
        (RegistrationStatus.WAITLISTED, 2),
    ]
    assert await registrations.withdraw(session, workshop.ana) == (workshop.ben,)
    back = await registrations.register(session, workshop.ana)
    assert (back.status, back.waiting_position) == (RegistrationStatus.WAITLISTED, 2)  # behind Otto now
    await workshop.execute("UPDATE live.live_sessions SET max_participants = 10")
    assert await registrations.promote_waiting(session) == (workshop.otto, workshop.ana)


@pytest.mark.requirement("W177", "D44")
async def test_attack_23_parallel_registrations_never_pass_the_limit(workshop: Workshop) -> None:
    await workshop.execute("UPDATE live.live_sessions SET max_participants = 2")
    users = [workshop.ana, workshop.ben, workshop.otto]
    async with workshop.database.transaction() as connection:
        users += [await workshop.directory.create_guest(connection, workshop.session, f"Guest {n}") for n in range(9)]
    taken = await asyncio.gather(*(workshop.registrations.register(workshop.session, user) for user in users))
    assert [each.status for each in taken].count(RegistrationStatus.REGISTERED) == 2
    positions = [each.waiting_position for each in taken if each.waiting_position is not None]
    assert sorted(positions) == list(range(1, 11))


async def test_staff_take_no_seat(workshop: Workshop) -> None:
    await workshop.execute("UPDATE live.live_sessions SET max_participants = 1")
    assert (await workshop.registrations.register(workshop.session, workshop.ana)).status == "registered"
    await workshop.registrations.invite(workshop.session, workshop.ben, Role.ASSISTANT)
    assert (await workshop.registrations.register(workshop.session, workshop.ben)).status == "registered"


async def test_somebody_invited_accepts_or_declines_and_may_change_their_mind(workshop: Workshop) -> None:
    registrations, session = workshop.registrations, workshop.session
    assert (await registrations.invite(session, workshop.otto, Role.OBSERVER)).status == "invited"
    await registrations.withdraw(session, workshop.otto)
    assert [each.status for each in await registrations.list(session, workshop.otto)] == ["declined"]
    again = await registrations.register(session, workshop.otto)
    assert (again.status, again.role) == ("registered", Role.OBSERVER)


async def test_registering_again_never_lowers_a_role(workshop: Workshop) -> None:
    await workshop.register(workshop.theo, Role.OBSERVER)
    entry = await workshop.sessions.entry(workshop.session, workshop.theo)
    assert entry is not None
    assert entry.role is Role.ASSISTANT


async def test_nobody_registers_for_what_is_over(workshop: Workshop) -> None:
    await workshop.execute("UPDATE live.live_sessions SET status = 'cancelled'")
    with pytest.raises(SessionOver):
        await workshop.registrations.register(workshop.session, workshop.ana)
    with pytest.raises(SessionOver):
        await workshop.invitations.create(workshop.session, NewInvitation(), workshop.mara)


async def test_the_end_tells_who_came_from_who_did_not(workshop: Workshop) -> None:
    for user in (workshop.ana, workshop.ben):
        await workshop.registrations.register(workshop.session, user)
    await workshop.take_part(workshop.ana)
    async with workshop.database.transaction() as connection:
        await close_registrations(connection, workshop.session)
    listed = await workshop.registrations.list(workshop.session, workshop.mara)
    assert {each.user_id: each.status.value for each in listed} == {
        workshop.theo: "no_show",
        workshop.ana: "attended",
        workshop.ben: "no_show",
    }


# -- invitations --


async def invite(workshop: Workshop, role: Role = Role.PARTICIPANT) -> str:
    new = NewInvitation.model_validate({"role": role})
    token = (await workshop.invitations.create(workshop.session, new, workshop.mara)).token
    assert token is not None
    return token


async def test_a_link_lets_a_guest_in_for_this_session_only(workshop: Workshop) -> None:
    token = await invite(workshop, Role.OBSERVER)
    look = await workshop.invitations.look(token)
    assert (look.title, look.host, look.role) == ("Sketching", "Mara Host", Role.OBSERVER)
    guest = UserId((await workshop.invitations.redeem_as_guest(token, "Gudrun")).user_id)
    assert await workshop.directory.names([guest]) == {guest: "Gudrun"}
    assert await workshop.sessions.entry(workshop.session, guest) == Entry(Role.OBSERVER, admin=False, has_access=True)
    other = await workshop.another_session()
    await workshop.execute("INSERT INTO live.session_registrations (session_id, user_id) VALUES ($1, $2)", other, guest)
    assert await workshop.sessions.entry(other, guest) is None


async def test_a_link_registers_somebody_signed_in_but_not_the_host(workshop: Workshop) -> None:
    token = await invite(workshop, Role.ASSISTANT)
    registration = await workshop.invitations.redeem(token, workshop.ana)
    assert registration is not None
    assert (registration.role, registration.status) == (Role.ASSISTANT, "registered")
    assert await workshop.invitations.redeem(token, workshop.mara) is None
    (listed,) = await workshop.invitations.list(workshop.session, workshop.mara)
    assert listed.used_count == 1


async def test_the_link_can_be_shown_again_but_only_its_hash_is_stored(workshop: Workshop) -> None:
    token = await invite(workshop)
    (listed,) = await workshop.invitations.list(workshop.session, workshop.mara)
    assert listed.token == token
    stored = await workshop.value("SELECT to_jsonb(i)::text FROM live.session_invitations i")
    assert token not in stored


async def test_a_new_link_of_the_same_role_ends_the_old_one(workshop: Workshop) -> None:
    old, new = await invite(workshop), await invite(workshop)
    assert old != new
    with pytest.raises(NotInvited):
        await workshop.invitations.look(old)
    await workshop.invitations.look(new)


async def test_unknown_expired_revoked_and_late_links_get_one_answer(workshop: Workshop) -> None:
    revoked = await workshop.invitations.create(workshop.session, NewInvitation(), workshop.mara)
    assert not await workshop.invitations.revoke(NOWHERE, revoked.id)  # attack 18: an id of another session
    assert await workshop.invitations.revoke(workshop.session, revoked.id)
    expired = await invite(workshop, Role.ASSISTANT)
    await workshop.execute(
        "UPDATE live.session_invitations SET expires_at = now() - interval '1 second' WHERE role = 'assistant'"
    )
    late = await invite(workshop, Role.OBSERVER)
    await workshop.execute("UPDATE live.live_sessions SET status = 'cancelled'")
    for token in ("guess", revoked.token or "", expired, late):
        with pytest.raises(NotInvited):
            await workshop.invitations.look(token)
        with pytest.raises(NotInvited):
            await workshop.invitations.redeem_as_guest(token, "Gudrun")
        with pytest.raises(NotInvited):
            await workshop.invitations.redeem(token, workshop.ana)
    assert await workshop.value("SELECT count(*) FROM identity.accounts WHERE is_guest") == 0
