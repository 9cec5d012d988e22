"""The stage: what the host features for all."""

from rooms.stage import Stage
from tests.rooms.rehearsal import ANA, MARA, OTTO, THEO, Rehearsal, person

POLL = {"type": "poll.create", "question": "Tea?", "options": ["Yes", "No"]}


def on_stage(played: Rehearsal) -> tuple[str, str | None]:
    assert played.room.stage is not None
    return played.room.stage.kind, played.room.stage.target


def drafted(played: Rehearsal) -> str:
    return str(played.do(MARA, POLL)[0].event.poll_id)  # type: ignore[attr-defined]


def asked(played: Rehearsal, *, anonymous: bool = False) -> str:
    [made] = played.do(ANA, {"type": "question.ask", "text": "Why paper?", "anonymous": anonymous})
    return str(made.event.question_id)  # type: ignore[attr-defined]


def test_opening_a_poll_puts_it_on_the_stage_unless_told_otherwise() -> None:
    played = Rehearsal.running()
    first, second = drafted(played), drafted(played)
    played.do(MARA, {"type": "poll.open", "pollId": first})
    assert on_stage(played) == ("poll", first)
    assert played.room.stage == Stage("poll", first, played.now)
    played.do(MARA, {"type": "poll.open", "pollId": second, "show": False})
    assert on_stage(played) == ("poll", first)
    for user in (THEO, ANA, OTTO):
        assert played.sees(user).stage == played.room.stage
    assert played.sees(person("Zora")).stage is None


def test_staff_turn_the_stage() -> None:
    played = Rehearsal.running()
    question = asked(played)
    show = {"type": "stage.show", "kind": "question", "target": question}
    assert played.refused(ANA, show) == "forbidden"
    played.do(THEO, show)
    assert on_stage(played) == ("question", question)
    assert played.do(MARA, show) == []
    played.do(MARA, {"type": "stage.show", "kind": "nothing"})
    assert on_stage(played) == ("nothing", None)


def test_what_peers_cannot_know_is_not_shown() -> None:
    played = Rehearsal.running()
    draft = drafted(played)
    assert played.refused(MARA, {"type": "stage.show", "kind": "poll", "target": draft}) == "not_found"
    played.do(
        MARA, {"type": "session.update", "features": [{"type": "qa", "config": {"approval": True}}, {"type": "poll"}]}
    )
    pending = asked(played)
    assert played.refused(MARA, {"type": "stage.show", "kind": "question", "target": pending}) == "not_found"
    played.do(MARA, {"type": "question.approve", "questionId": pending})
    played.do(MARA, {"type": "stage.show", "kind": "question", "target": pending})


def test_a_thing_is_named_exactly_when_there_is_one() -> None:
    played = Rehearsal.running()
    assert played.refused(MARA, {"type": "stage.show", "kind": "poll"}) == "bad_request"
    named = {"type": "stage.show", "kind": "nothing", "target": MARA}
    assert played.refused(MARA, named) == "bad_request"


def test_a_question_that_is_gone_leaves_the_stage_for_everybody() -> None:
    for end, by in (("dismiss", MARA), ("withdraw", ANA)):
        played = Rehearsal.running()
        question = asked(played, anonymous=True)
        played.do(MARA, {"type": "stage.show", "kind": "question", "target": question})
        played.do(by, {"type": f"question.{end}", "questionId": question})
        assert on_stage(played) == ("nothing", None)
        assert played.sees(OTTO).stage == played.room.stage
