"""The laws over random legal histories, and the count of what occurred in them: nothing may be missing."""

import os
import re
from collections import Counter
from collections.abc import Callable

import pytest

from rooms import refusal
from rooms.protocol import COMMAND_TYPES, EVENT_TYPES, INTERNAL_TYPES
from rooms.upcasters import type_of
from tests.laws.improviser import History, improvise
from tests.laws.laws import LAWS, READERS, rooms_of, start_reading

HISTORIES = {"fast": 24, "long": 400}.get(os.environ.get("HYPOTHESIS_PROFILE", ""), 28)
STEPS = 200
FIRST_SEED = int(os.environ.get("LAWS_SEED", "1"))

# Said around the rules, by the server (live/), never by `decide`.
BY_THE_SERVER = {"id_reused", "rate_limited", "overloaded", "internal", "session.damaged"}
# Only what somebody is shown instead of the event itself.
NEVER_APPENDED = {"question.vanished"}


@pytest.fixture(scope="module")
def histories() -> list[History]:
    return [improvise(seed, STEPS) for seed in range(FIRST_SEED, FIRST_SEED + HISTORIES)]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_law(law: Callable[[History], None], histories: list[History]) -> None:
    for history in histories:
        try:
            law(history)
        except AssertionError as broken:
            broken.add_note(f"history of seed {history.seed}, {len(history.played.log)} events")
            raise


def test_every_command_every_event_and_every_refusal_occurred(
    histories: list[History], capsys: pytest.CaptureFixture[str]
) -> None:
    asked, appended, refused = Counter[str](), Counter[str](), Counter[str]()
    for history in histories:
        asked += history.asked
        appended += history.appended
        refused += history.refused
    commands = {type_of(kind) for kind in (*COMMAND_TYPES, *INTERNAL_TYPES)}
    events = {type_of(kind) for kind in EVENT_TYPES} - NEVER_APPENDED
    codes = documented_codes() - BY_THE_SERVER
    for title, expected, found in (
        ("commands", commands, asked),
        ("events", events, appended),
        ("refusals", codes, refused),
    ):
        with capsys.disabled():
            print(f"\n{title} of {len(histories)} histories: ", end="")
            print(", ".join(f"{name} {found[name]}" for name in sorted(expected, key=lambda name: -found[name])))
        assert expected <= set(found), f"{title} that never occurred: {sorted(expected - set(found))}"
        assert expected >= set(found), f"{title} that nobody documented: {sorted(set(found) - expected)}"


def documented_codes() -> set[str]:
    lines = (refusal.__doc__ or "").split("\n\n", 1)[1].splitlines()
    heads = [re.split(r" {2,}", line)[0] for line in lines if line.strip()]
    return {code for head in heads for code in head.split(", ")}


def test_what_stands_for_another_event_is_shown_to_somebody(histories: list[History]) -> None:
    shown: set[str] = set()
    for history in histories[:12]:
        for user in READERS:
            reader = start_reading(user)
            for _, recorded, after in rooms_of(history):
                reader.follow(recorded, after)
            shown |= {each.event.type for each in reader.heard}
    assert shown >= NEVER_APPENDED


def test_a_history_is_made_by_its_seed_alone() -> None:
    one, again = improvise(FIRST_SEED, STEPS), improvise(FIRST_SEED, STEPS)
    assert one.played.log == again.played.log
    assert one.refused == again.refused
