"""The committed cases of the browser's fold hold under today's rules and leave nothing out.

They need not be the very cases that today's rules would make: other rules make other histories of the same events.
"""

import gzip
import json
from dataclasses import fields
from datetime import datetime
from typing import Any

import pytest

from rooms.feature import Recorded, Standing
from rooms.protocol import EVENT_TYPES, EVENTS
from rooms.room import FEATURES, STATE, RoomState, replay
from rooms.upcasters import type_of
from rooms.visibility import view
from tests.laws.generate_cases import FILE, encode, form, generate

# A reader sees the first event before anything else; no view comes before it.
NEVER_AFTER_A_VIEW = {"session.scheduled"}
TWO_FORMS = ("poll.voted", "poll.closed", "question.asked", "question.upvoted", "question.merged")
AGAIN = "run `python -m tests.laws.generate_cases`"

Case = dict[str, Any]


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    loaded: list[Case] = json.loads(gzip.decompress(FILE.read_bytes()))
    return loaded


def test_a_view_plus_the_events_is_the_later_view(cases: list[Case]) -> None:
    for nth, case in enumerate(cases):
        folded = json.loads(as_sent(replay(map(recorded_of, case["events"]), state_of(case["view"]))))
        assert slices(folded) == slices(case["after"]), f"case {nth}; if the rules are right, {AGAIN}"


def state_of(seen: dict[str, Any]) -> RoomState:
    """What is hidden is not sent, and must not come back as empty."""
    whole = {feature.name: None for feature in FEATURES} | {"standings": None} | seen
    for path in HIDDEN_INSIDE:
        if (outer := whole.get(path[0])) is not None:
            outer[path[1]] = None
    return STATE.validate_python(whole)


def hidden_inside() -> list[tuple[str, str]]:
    """Parts of slices that no view has, told by comparing a new session with its view."""
    everything, seen = RoomState(), view(RoomState(), Standing(None, staff=True))
    return [
        (feature.name, inner.name)
        for feature in FEATURES
        for inner in fields(feature.start)
        if getattr(getattr(seen, feature.name), inner.name) is None
        and getattr(getattr(everything, feature.name), inner.name) is not None
    ]


HIDDEN_INSIDE = hidden_inside()


def recorded_of(event: dict[str, Any]) -> Recorded:
    inside = {name: value for name, value in event.items() if name not in {"seq", "at", "actor", "command"}}
    at = datetime.fromisoformat(event["at"])
    return Recorded(event["seq"], at, event.get("actor"), event.get("command"), EVENTS.validate_python(inside))


def as_sent(seen: RoomState) -> bytes:
    return STATE.dump_json(seen, by_alias=True, exclude_none=True)


def slices(seen: dict[str, Any]) -> dict[str, Any]:
    """Without the place in the log, which moves also by what is not seen."""
    return {name: value for name, value in seen.items() if name not in {"seq", "at"}}


def test_the_cases_show_every_event(cases: list[Case]) -> None:
    shown = {event["type"] for case in cases for event in case["events"]}
    assert shown == {type_of(kind) for kind in EVENT_TYPES} - NEVER_AFTER_A_VIEW, AGAIN


def test_the_cases_show_the_redacted_beside_the_whole(cases: list[Case]) -> None:
    forms = {form(event) for case in cases for event in case["events"]}
    for kind in TWO_FORMS:
        assert sum(each.startswith(f"{kind} ") for each in forms) > 1, kind


def test_the_cases_show_every_standing(cases: list[Case]) -> None:
    standings = {(case["standing"]["staff"], case["standing"]["admitted"]) for case in cases}
    assert standings == {(True, True), (False, True), (False, False)}
    in_rooms = [case for case in cases if case["standing"]["room"] is not None and not case["standing"]["staff"]]
    assert sum(len(case["events"]) for case in in_rooms) > 50, AGAIN
    assert sum(len(case["events"]) == 1 for case in cases) > 10
    assert sum(len(case["events"]) > 20 for case in cases) > 10


def test_the_same_rules_make_the_same_cases() -> None:
    """Two histories are enough to see it."""
    assert encode(generate(range(1001, 1003))) == encode(generate(range(1001, 1003)))
