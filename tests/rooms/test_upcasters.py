"""Old events are lifted step by step to what this release writes."""

from typing import Any

import pytest

from rooms.protocol import EVENT_TYPES, EVENTS
from rooms.upcasters import CURRENT, LIFTS, Unliftable, lift, stored_types


def _with_flag(fields: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """A made-up first version of `hand.raised` called `hand.up`, which knew no `toPoint`."""
    return "hand.raised", {"userId": fields["who"], "toPoint": False}


OLD = {("hand.up", 0): _with_flag}


def test_an_event_of_today_stays_as_it_is() -> None:
    fields = {"userId": "a", "toPoint": True}
    assert lift("hand.raised", 1, fields) == ("hand.raised", fields)


def test_whoever_looks_for_a_type_looks_under_its_old_names_too() -> None:
    assert stored_types({"hand.raised"}, lifts=OLD) == ("hand.raised", "hand.up")


def test_an_old_event_is_lifted_and_can_be_read() -> None:
    user = "00000000-0000-4000-8000-000000000000"
    kind, fields = lift("hand.up", 0, {"who": user}, lifts=OLD) or ("", {})
    event = EVENTS.validate_python({"type": kind, **fields})
    assert (event.type, event.user_id, event.to_point) == ("hand.raised", user, False)


def test_several_versions_are_lifted_one_after_the_other() -> None:
    def louder(fields: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        return "shout", {"text": fields["text"] + "!"}

    current = {"shout": 3}
    lifts = {("shout", 1): louder, ("shout", 2): louder}
    assert lift("shout", 1, {"text": "a"}, current=current, lifts=lifts) == ("shout", {"text": "a!!"})
    assert lift("shout", 2, {"text": "a"}, current=current, lifts=lifts) == ("shout", {"text": "a!"})


def test_an_event_without_meaning_today_is_nothing() -> None:
    assert lift("noise", 1, {}, lifts={("noise", 1): lambda _: None}) is None


def test_what_was_stored_is_not_touched() -> None:
    stored = {"who": "a"}
    lift("hand.up", 0, stored, lifts={("hand.up", 0): lambda fields: ("hand.raised", {"userId": fields.pop("who")})})
    assert stored == {"who": "a"}


@pytest.mark.parametrize(("kind", "version"), [("hand.raised", 2), ("hand.raised", 0), ("recording.faded", 1)])
def test_what_nobody_lifts_says_so(kind: str, version: int) -> None:
    with pytest.raises(Unliftable):
        lift(kind, version, {})


def test_every_lift_leads_to_an_event_of_today() -> None:
    """And every event above version 1 can be reached from version 1."""
    assert len(CURRENT) == len(EVENT_TYPES)
    for kind, version in CURRENT.items():
        assert all((kind, older) in LIFTS for older in range(1, version))
