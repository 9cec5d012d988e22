"""Who may be heard, who mutes whom, and what the log keeps of speaking."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from rooms.evidence import gather
from rooms.people import standing_of
from rooms.recording import current
from rooms.sound import (
    AudioMuted,
    CaptionsSwitched,
    ParticipantMuted,
    ParticipantSpoke,
    may_be_captioned,
    may_be_heard,
)
from rooms.visibility import view
from tests.rooms.transcript import ANA, BEN, MARA, OTTO, STRANGER, THEO, Transcript, feature, given, scheduled

MUTE, UNMUTE = {"type": "audio.mute", "muted": True}, {"type": "audio.mute", "muted": False}
REVOKE = {"type": "permission.revoke", "permission": "can_speak"}
GRANT = {"type": "permission.grant", "permission": "can_speak"}


def hears(held: Transcript) -> set[str]:
    """Who of the cast may be heard now."""
    cast = {"mara": MARA, "theo": THEO, "ana": ANA, "ben": BEN, "otto": OTTO, "stranger": STRANGER}
    return {name for name, user in cast.items() if may_be_heard(held.room, user, held.played.now)}


def mute(user: Any = None) -> dict[str, Any]:
    return {"type": "participant.mute"} | ({"userId": user} if user else {})


def report(held: Transcript, user: Any, ago_s: float, lasted_s: float, room: str | None = None) -> dict[str, Any]:
    start: datetime = held.played.now - timedelta(seconds=ago_s)
    end = start + timedelta(seconds=lasted_s)
    place = {"room": room} if room else {}
    return {"type": "audio.report", "userId": user, "from": start, "to": end, **place}


def moved(held: Transcript, *users: Any) -> str:
    """They are in a breakout room."""
    held.when(MARA, {"type": "breakout.create", "rooms": 1, "assignment": "manual"})
    assert held.room.breakouts is not None
    [made] = held.room.breakouts.sets.values()
    held.when(MARA, {"type": "breakout.open", "setId": made.id})
    held.when(MARA, {"type": "breakout.move", "userIds": list(users), "roomId": made.rooms[0].id})
    return made.rooms[0].id


class TestBeingHeard:
    def test_everybody_who_may_speak_until_they_mute_themselves(self) -> None:
        held = given()
        assert hears(held) == {"mara", "theo", "ana", "ben"}
        held.when(ANA, MUTE).then([AudioMuted(user_id=ANA, muted=True)])
        held.when(ANA, MUTE).then([])
        assert hears(held) == {"mara", "theo", "ben"}
        held.when(ANA, UNMUTE).then([AudioMuted(user_id=ANA, muted=False)])
        held.when(ANA, UNMUTE).then([])
        assert hears(held) == {"mara", "theo", "ana", "ben"}

    def test_attack_64_without_the_right_nobody_is_heard(self) -> None:
        held = given()
        held.when(MARA, {**REVOKE, "userId": ANA})
        assert hears(held) == {"mara", "theo", "ben"}
        held.when(ANA, UNMUTE).refused("forbidden")
        held.when(ANA, MUTE).then([AudioMuted])
        held.when(ANA, UNMUTE).refused("forbidden")
        held.when(MARA, {**GRANT, "userId": ANA})
        held.when(ANA, UNMUTE).then([AudioMuted])
        assert "ana" in hears(held)

    def test_a_right_that_was_lent_is_over_with_its_time(self) -> None:
        held = given()
        held.when(MARA, {**GRANT, "userId": OTTO, "minutes": 1})
        assert "otto" in hears(held)
        now = held.played.now
        assert may_be_heard(held.room, OTTO, now + timedelta(seconds=59))
        assert not may_be_heard(held.room, OTTO, now + timedelta(seconds=60)), "even if its timer is late"
        held.when(OTTO, MUTE).then([AudioMuted])

    def test_a_break_is_no_silence_but_the_end_is(self) -> None:
        held = given()
        held.when(MARA, {"type": "session.pause"})
        assert "ana" in hears(held)
        held.when(ANA, MUTE).then([AudioMuted])
        held.when(MARA, {"type": "session.end"})
        assert hears(held) == set()
        held.when(BEN, MUTE).refused("session.ended")

    def test_whoever_waits_or_was_put_out_is_not_heard(self) -> None:
        held = given()
        held.when(MARA, {"type": "participant.remove", "userId": ANA})
        assert "ana" not in hears(held)
        held.when(ANA, MUTE).refused("participant.not_admitted")
        held.when(STRANGER, MUTE).refused("participant.not_admitted")

    def test_whoever_comes_back_is_as_they_were(self) -> None:
        held = given()
        held.when(ANA, MUTE)
        held.leaves(ANA)
        held.joins(ANA)
        assert "ana" not in hears(held)

    def test_before_the_start_staff_try_their_sound(self) -> None:
        held = scheduled()
        held.joins(THEO, "assistant")
        assert hears(held) == {"mara", "theo"}
        held.when(THEO, MUTE).then([AudioMuted])


class TestMutingOthers:
    def test_one_person_who_may_unmute_themselves(self) -> None:
        held = given()
        held.when(THEO, mute(ANA)).then([ParticipantMuted(user_ids=(ANA,))])
        held.when(THEO, mute(ANA)).then([])
        assert held.room.sound is not None
        assert held.room.sound.muted[ANA].by == THEO
        assert "ana" not in hears(held)
        held.when(ANA, UNMUTE).then([AudioMuted])
        assert "ana" in hears(held)

    def test_everybody_who_is_there_speaks_and_is_no_staff(self) -> None:
        held = given()
        held.when(BEN, MUTE)
        held.joins(STRANGER)
        held.leaves(STRANGER)
        held.when(MARA, mute()).then([ParticipantMuted(user_ids=(ANA,))])
        held.when(MARA, mute()).then([])
        assert hears(held) == {"mara", "theo", "stranger"}

    def test_groups_at_work_are_not_silenced_from_elsewhere(self) -> None:
        held = given(features=feature("breakout"))
        moved(held, ANA)
        held.when(MARA, mute()).then([ParticipantMuted(user_ids=(BEN,))])
        held.when(MARA, mute(ANA)).then([ParticipantMuted(user_ids=(ANA,))])

    def test_only_moderators_and_only_who_is_there(self) -> None:
        held = given()
        for who in (ANA, OTTO):
            held.when(who, mute(BEN)).refused("forbidden")
            held.when(who, mute()).refused("forbidden")
        held.when(MARA, mute(STRANGER)).refused("not_found")
        held.when(MARA, mute(MARA)).then([ParticipantMuted])
        held.when(MARA, {"type": "session.end"})
        held.when(MARA, mute(BEN)).refused("session.ended")


def captions(on: bool) -> dict[str, Any]:
    return {"type": "captions.switch", "on": on}


def captioned(held: Transcript) -> set[str]:
    """Of whom of the cast something may be read now."""
    cast = {"mara": MARA, "theo": THEO, "ana": ANA, "ben": BEN, "otto": OTTO, "stranger": STRANGER}
    return {name for name, user in cast.items() if may_be_captioned(held.room, user, held.played.now)}


class TestCaptions:
    def test_they_are_off_until_staff_switch_them_on_and_everybody_sees_it(self) -> None:
        held = given()
        assert captioned(held) == set()
        held.when(MARA, captions(False)).then([])
        held.when(THEO, captions(True)).then([CaptionsSwitched(on=True)])
        held.when(MARA, captions(True)).then([])
        for user in (MARA, ANA, OTTO):
            seen = view(held.room, standing_of(held.room, user)).sound
            assert seen is not None
            assert seen.captions
        assert captioned(held) == {"mara", "theo", "ana", "ben"}
        held.when(MARA, captions(False)).then([CaptionsSwitched(on=False)])
        assert captioned(held) == set()

    def test_only_moderators_and_until_the_end(self) -> None:
        held = given()
        for who in (ANA, OTTO):
            held.when(who, captions(True)).refused("forbidden")
        held.when(MARA, captions(True)).then([CaptionsSwitched])
        held.when(MARA, {"type": "session.end"})
        held.when(MARA, captions(False)).refused("session.ended")
        assert captioned(held) == set()

    def test_before_the_start_and_in_a_pause(self) -> None:
        held = scheduled()
        held.when(MARA, captions(True)).then([CaptionsSwitched])
        held = given()
        held.when(MARA, {"type": "session.pause"})
        held.when(MARA, captions(True)).then([CaptionsSwitched])
        assert "ana" in captioned(held)

    def test_who_mutes_themselves_has_said_it_and_nobody_else_is_quoted_after_that(self) -> None:
        held = given()
        held.when(MARA, captions(True))
        held.when(ANA, MUTE)
        assert "ana" in captioned(held)
        held.when(MARA, mute(BEN))
        held.when(MARA, {**REVOKE, "userId": ANA})
        assert captioned(held) == {"mara", "theo"}
        held.when(MARA, {"type": "participant.remove", "userId": THEO})
        assert captioned(held) == {"mara"}


class TestSpeaking:
    def test_it_is_told_to_the_millisecond_and_once(self) -> None:
        held = given()
        [spoke] = held.when(None, report(held, ANA, 10, 4.0005)).then([ParticipantSpoke]).played.log[-1:]
        assert isinstance(spoke.event, ParticipantSpoke)
        assert spoke.event.ms == 4000
        held.when(None, report(held, ANA, 10, 4)).then([])
        held.when(None, report(held, ANA, 7, 3)).then([ParticipantSpoke])
        assert held.room.sound is not None
        assert held.room.sound.spoken is not None
        assert held.room.sound.spoken[ANA].ms == 6000, "a second of it was told before"

    @pytest.mark.parametrize(
        ("ago_s", "lasted_s", "told_ms"), [(100, 90, 60_000), (2, 9, 2_000), (5, 0, 0), (5, -1, 0)]
    )
    def test_nothing_of_the_future_and_a_minute_at_most(self, ago_s: float, lasted_s: float, told_ms: int) -> None:
        held = given()
        outcome = held.when(None, report(held, ANA, ago_s, lasted_s))
        told = [each.event.ms for each in outcome.recorded if isinstance(each.event, ParticipantSpoke)]
        assert told == ([told_ms] if told_ms else [])

    def test_of_nobody_and_after_the_end_nothing_is_told(self) -> None:
        held = given()
        held.when(None, report(held, STRANGER, 5, 3)).then([])
        held.when(MARA, {"type": "session.end"})
        held.when(None, report(held, ANA, 5, 3)).then([])

    def test_it_is_heard_where_it_was_said_and_how_long_is_for_staff(self) -> None:
        held = given(features=feature("breakout"))
        room = moved(held, ANA)
        outcome = held.when(None, report(held, ANA, 5, 3, room))
        assert [bool(outcome.heard_by(user)) for user in (MARA, ANA, BEN, STRANGER)] == [True, True, False, False]
        for user, told in ((MARA, True), (ANA, False), (BEN, False)):
            seen = view(held.room, standing_of(held.room, user)).sound
            assert seen is not None
            assert (seen.spoken is not None) == told

    def test_it_counts_as_taking_part_once_a_minute_while_the_session_is_live(self) -> None:
        held = given()
        held.later(minutes=2)
        for ago_s, lasted_s in ((20, 5), (12, 5), (5, 1)):
            held.when(None, report(held, ANA, ago_s, lasted_s))
        acts = gather(held.played.log).guests[ANA].acts.values()
        assert {act.kind for act in acts} == {"speech"}
        assert len(acts) == 1
        held.when(None, report(held, BEN, 5, 1))
        assert not gather(held.played.log).guests[BEN].acts, "a cough is no taking part"
        assert gather(held.played.log).guests[BEN].spoken_ms == 1000
        held.when(MARA, {"type": "session.pause"})
        held.later(minutes=1)
        held.when(None, report(held, BEN, 10, 8))
        assert not gather(held.played.log).guests[BEN].acts, "nor is what is said in a break"


def test_a_mute_changes_no_recording() -> None:
    held = given(features=feature("recording"))
    held.when(MARA, {"type": "recording.start"})
    held.when(MARA, mute())
    assert current(held.room.recording) is not None
