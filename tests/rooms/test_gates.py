"""What the append projects at once: session and participant rows that differ between two states."""

from datetime import timedelta

from rooms.gates import Gates, ParticipantRow, gates
from rooms.roles import Permission, Role
from tests.rooms.rehearsal import ANA, BEN, MARA, NINE, OTTO, THEO, Rehearsal


def after(played: Rehearsal, actor: object, **command: object) -> Gates:
    before = played.room
    played.do(actor, dict(command))  # type: ignore[arg-type]
    return gates(before, played.room)


def row(found: Gates, user: str) -> ParticipantRow:
    return next(each for each in found.participants if each.user_id == user)


def test_nothing_changed_costs_nothing() -> None:
    played = Rehearsal.running()
    assert gates(played.room, played.room) == Gates()
    assert not after(played, ANA, type="hand.raise")
    assert not after(played, ANA, type="chat.send", text="Good morning")


def test_a_transition_shows_the_session_as_it_is_now() -> None:
    played = Rehearsal()
    found = after(played, MARA, type="session.start")
    assert found.session is not None
    assert (found.session.status, found.session.actual_start, found.participants) == ("starting", None, ())
    found = after(played, MARA, type="session.activate")
    assert found.session is not None
    assert (found.session.status, found.session.actual_start) == ("active", NINE)
    played.wait(600)
    found = after(played, MARA, type="session.end")
    assert found.session is not None
    assert found.session.actual_end == NINE + timedelta(minutes=10)


def test_features_are_the_objects_of_the_documents() -> None:
    played = Rehearsal.running()
    found = after(
        played, MARA, type="session.update", title="Ink", features=[{"type": "qa", "config": {"approval": True}}]
    )
    assert found.session is not None
    assert found.session.title == "Ink"
    assert found.session.features == ({"type": "qa", "isEnabled": True, "config": {"approval": True}},)


def test_a_row_begins_with_a_real_join() -> None:
    """W205: the host stands in the log from the first event on, and a role can be given beforehand."""
    played = Rehearsal(lobby=False)
    assert after(played, MARA, type="role.set", userId=THEO, role="assistant").participants == ()
    found = after(played, THEO, type="participant.join", role="participant")
    assert row(found, THEO) == ParticipantRow(THEO, Role.ASSISTANT, tuple(sorted(Permission)), NINE, None)


def test_coming_and_going() -> None:
    played = Rehearsal.running()
    played.wait(60)
    found = after(played, None, type="participant.leave", userId=ANA, lastSeen=played.now.isoformat())
    assert row(found, ANA).left_at == played.now
    assert [each.user_id for each in found.participants] == [ANA]
    found = after(played, ANA, type="participant.join")
    assert (row(found, ANA).joined_at, row(found, ANA).left_at) == (NINE, None)
    found = after(played, MARA, type="participant.remove", userId=ANA)
    assert row(found, ANA).permissions == ()


def test_rights_as_they_are_now() -> None:
    played = Rehearsal.running()
    found = after(played, MARA, type="permission.grant", userId=ANA, permission="can_share_screen", minutes=1)
    assert row(found, ANA).permissions == (Permission.SHARE_SCREEN, Permission.SPEAK)
    before = played.room
    played.wait(60)
    assert row(gates(before, played.room), ANA).permissions == (Permission.SPEAK,)
    found = after(played, MARA, type="permission.revoke", userId=BEN, permission="can_speak")
    assert row(found, BEN).permissions == ()


def test_a_right_for_everyone_touches_every_row() -> None:
    played = Rehearsal.running()
    found = after(played, MARA, type="permission.grant", permission="can_use_whiteboard")
    assert {each.user_id for each in found.participants} >= {ANA, BEN}
    assert row(found, ANA).permissions == (Permission.SPEAK, Permission.USE_WHITEBOARD)
    assert all(Permission.USE_WHITEBOARD not in each.permissions for each in found.participants if each.user_id == OTTO)


def test_the_host_passes_on() -> None:
    played = Rehearsal.running()
    found = after(played, MARA, type="role.set", userId=THEO, role="instructor")
    assert {each.user_id: each.role for each in found.participants} == {MARA: Role.ASSISTANT, THEO: Role.INSTRUCTOR}


def test_the_quality_of_a_line_is_no_gate() -> None:
    played = Rehearsal.running()
    assert not after(played, None, type="participant.rate", userId=ANA, quality="poor")


def test_whoever_waits_again_may_do_nothing_meanwhile() -> None:
    played = Rehearsal.running(max_participants=3)
    played.leave(ANA)
    played.join(MARA)
    played.do(MARA, {"type": "session.update", "maxParticipants": 2})
    found = after(played, ANA, type="participant.join")
    assert row(found, ANA).permissions == ()
    found = after(played, MARA, type="session.update", maxParticipants=3)
    assert row(found, ANA).permissions == (Permission.SPEAK,)
