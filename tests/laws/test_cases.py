"""The committed cases of the browser's fold are those that today's rules make, and they leave nothing out."""

import gzip
import json
from typing import Any

import pytest

from rooms.protocol import EVENT_TYPES
from rooms.upcasters import type_of
from tests.laws.generate_cases import FILE, encode, form, generate

# A reader sees the first event before anything else; no view comes before it.
NEVER_AFTER_A_VIEW = {"session.scheduled"}
BOTH_FORMS = ("poll.voted", "poll.closed", "question.asked", "question.upvoted", "question.merged")


@pytest.fixture(scope="module")
def cases() -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = json.loads(gzip.decompress(FILE.read_bytes()))
    return loaded


def test_the_cases_are_fresh(cases: list[dict[str, Any]]) -> None:
    fresh = json.loads(encode(generate()))
    assert cases == fresh, "run `python -m tests.laws.generate_cases`"


def test_the_cases_show_every_event(cases: list[dict[str, Any]]) -> None:
    shown = {event["type"] for case in cases for event in case["events"]}
    assert shown == {type_of(kind) for kind in EVENT_TYPES} - NEVER_AFTER_A_VIEW


def test_the_cases_show_the_redacted_beside_the_whole(cases: list[dict[str, Any]]) -> None:
    forms = {form(event) for case in cases for event in case["events"]}
    for kind in BOTH_FORMS:
        with_actor = {"actor" in each.split() for each in forms if each.startswith(f"{kind} ")}
        others = {each for each in forms if each.startswith(f"{kind} ")}
        assert with_actor == {True, False} or len(others) > 1, kind


def test_the_cases_show_every_standing(cases: list[dict[str, Any]]) -> None:
    standings = {(case["standing"]["staff"], case["standing"]["admitted"]) for case in cases}
    assert standings == {(True, True), (False, True), (False, False)}
    assert sum(len(case["events"]) == 1 for case in cases) > 10
    assert sum(len(case["events"]) > 20 for case in cases) > 10
