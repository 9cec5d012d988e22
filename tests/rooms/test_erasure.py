"""Somebody is erased from a session: their words go for everybody, everything else stays where it is."""

from dataclasses import replace

from rooms.chat import DeleteMessage
from rooms.feature import Standing
from rooms.protocol import ALL_COMMANDS
from rooms.questions import QuestionBlanked
from rooms.room import forgotten, replay
from rooms.visibility import visible
from tests.rooms.rehearsal import ANA, BEN, MARA, Rehearsal


def does(played: Rehearsal, actor: object, type_: str, **fields: object) -> None:
    played.do(actor, ALL_COMMANDS.validate_python({"type": type_, **fields}))  # type: ignore[arg-type]


def test_an_empty_slot_stays_of_each_message_and_no_pin() -> None:
    played = Rehearsal.running()
    does(played, ANA, "chat.send", text="Ana's")
    (message,) = played.room.chat.channels["everyone"].messages.values()  # type: ignore[union-attr]
    does(played, MARA, "chat.pin", messageId=message.id)
    does(played, BEN, "chat.send", text="Ben's", replyTo=message.id)
    does(played, None, "person.erase", userId=ANA)
    assert played.room.chat is not None
    channel = played.room.chat.channels["everyone"]
    assert [(each.text, each.deleted, each.sender) for each in channel.messages.values()] == [
        ("", True, ANA),
        ("Ben's", False, BEN),
    ]
    assert channel.pins == ()
    blank = [forgotten(each, ANA) for each in played.log]
    assert not any("Ana's" in each.model_dump_json() for each in blank)
    assert any("Ben's" in each.model_dump_json() for each in blank)


def test_who_asked_without_a_name_is_not_told_by_being_erased() -> None:
    """ADR 0006: the event that blanks the question says no more than the question did."""
    played = Rehearsal.running()
    does(played, ANA, "question.ask", text="why?", anonymous=True)
    does(played, None, "person.erase", userId=ANA)
    (told,) = [each for each in played.log if isinstance(each.event, QuestionBlanked)]
    for standing in (Standing(BEN, staff=False), Standing(MARA, staff=True)):
        seen = visible(told, standing)
        assert seen is not None
        assert ANA not in seen.event.model_dump_json()
        assert seen.actor is None
    assert played.room.questions is not None
    (question,) = played.room.questions.questions.values()
    assert question.text == ""


def test_the_server_alone_erases_also_after_the_end_and_twice() -> None:
    played = Rehearsal.running()
    does(played, ANA, "chat.send", text="Ana's")
    does(played, MARA, "session.end")
    for _ in range(2):
        does(played, None, "person.erase", userId=ANA)
    kept = [replace(each, event=forgotten(each, ANA)) for each in played.log]
    assert replay(kept) == played.room


def test_what_was_erased_is_not_brought_back() -> None:
    played = Rehearsal.running()
    does(played, ANA, "chat.send", text="Ana's")
    (message,) = played.room.chat.channels["everyone"].messages.values()  # type: ignore[union-attr]
    does(played, None, "person.erase", userId=ANA)
    assert (
        played.refused(
            ANA, ALL_COMMANDS.validate_python({"type": "chat.edit", "messageId": message.id, "text": "again"})
        )
        == "not_found"
    )
    played.do(MARA, DeleteMessage(message_id=message.id))
