"""Chat (W184, guarantees 4, attacks 14, 16, 22-24, 53)."""

import pytest
from pydantic import ValidationError

from rooms import chat
from rooms.chat import (
    PINS_MAX,
    ROWS_MAX,
    WINDOW_DIRECT_MESSAGES,
    WINDOW_MESSAGES,
    ChatLocked,
    ChatSlowed,
    DeleteMessage,
    EditMessage,
    LockChat,
    Message,
    MessageDeleted,
    MessageEdited,
    MessagePinned,
    MessageReacted,
    MessageSent,
    MessageUnpinned,
    PinMessage,
    React,
    SendMessage,
    SlowChat,
    listed,
)
from rooms.feature import Recorded, Standing
from rooms.lifecycle import EndSession, PauseSession
from rooms.participants import Remove
from rooms.protocol import COMMANDS
from rooms.rights import GrantPermission, RevokePermission
from rooms.roles import Permission
from rooms.room import RoomState, replay
from rooms.visibility import view, visible, window
from tests.rooms.rehearsal import person
from tests.rooms.transcript import ANA, BEN, MARA, OTTO, STRANGER, THEO, Step, Transcript, feature, given, scheduled

CANARY = "canary-7f3a"
BREAKOUT = str(person("a breakout room"))


def texts(room: RoomState) -> list[str]:
    assert room.chat is not None
    return [each.text for each in listed(room.chat)]


def message(room: RoomState, message_id: str) -> Message:
    assert room.chat is not None
    return next(each for each in listed(room.chat) if each.id == message_id)


def said(*words: str) -> list[Step]:
    return [(ANA, SendMessage(text=each)) for each in words]


# -- To whom --


def test_everybody_reads_what_is_said_to_everybody() -> None:
    room = given().when(ANA, SendMessage(text="hello")).then([MessageSent])
    assert all(texts(room.sees(user)) == ["hello"] for user in (MARA, THEO, ANA, BEN, OTTO))


def test_the_event_carries_the_fields_of_its_command_and_the_id_it_made() -> None:
    room = given([(ANA, SendMessage(text="hello"))])
    hello = room.made()
    room.when(BEN, SendMessage(text="hi", reply_to=hello)).then([MessageSent])
    sent = room.played.log[-1]
    assert sent.actor == BEN
    assert sent.event == MessageSent(message_id=room.made(), text="hi", reply_to=hello)


def test_attack_22_staff_messages_reach_staff_only() -> None:
    room = given([(THEO, SendMessage(text=CANARY, to="staff"))])
    assert [user for user in (MARA, THEO, ANA, BEN, OTTO, STRANGER) if CANARY in room.sent_to(user)] == [MARA, THEO]


def test_attack_22_direct_messages_reach_two_people_and_no_moderator() -> None:
    room = given([(ANA, SendMessage(text=CANARY, to=BEN))])
    private = room.made()
    room.after(
        [
            (BEN, React(message_id=private, emoji="👍")),
            (ANA, EditMessage(message_id=private, text=CANARY + "!")),
            (BEN, SendMessage(text=CANARY, to=ANA, reply_to=private)),
            (ANA, DeleteMessage(message_id=private)),
        ]
    )
    for user in (MARA, THEO, OTTO, STRANGER):
        assert CANARY not in room.sent_to(user)
        assert private not in room.sent_to(user)


def test_both_of_a_direct_channel_write_in_the_same_one() -> None:
    room = given([(ANA, SendMessage(text="psst", to=BEN)), (BEN, SendMessage(text="yes?", to=ANA))])
    assert room.room.chat is not None
    assert list(room.room.chat.channels) == [":".join(sorted([ANA, BEN]))]
    assert texts(room.sees(ANA)) == texts(room.sees(BEN)) == ["psst", "yes?"]


def test_who_writes_to_whom_is_not_shown_beside_the_messages() -> None:
    room = given([(ANA, SendMessage(text="psst", to=BEN))])
    chat = room.sees(MARA).chat
    assert chat is not None
    assert (len(chat.channels), chat.ledger) == (0, None)


def test_participants_do_not_write_to_staff_as_a_whole() -> None:
    given().when(ANA, SendMessage(text="hi", to="staff")).refused("forbidden")


def test_participants_write_directly_to_staff_and_to_each_other() -> None:
    room = given().when(ANA, SendMessage(text="help", to=MARA)).then([MessageSent])
    room.when(ANA, SendMessage(text="psst", to=BEN)).then([MessageSent])


def test_direct_messages_between_participants_can_be_switched_off() -> None:
    room = given(features=feature("chat", direct=False))
    room.when(ANA, SendMessage(text="psst", to=BEN)).refused("feature_off")
    room.when(ANA, SendMessage(text="help", to=THEO)).then([MessageSent])
    room.when(THEO, SendMessage(text="yes?", to=ANA)).then([MessageSent])


def test_nobody_writes_to_themselves_or_to_somebody_who_is_not_here() -> None:
    room = given().when(ANA, SendMessage(text="me", to=ANA)).refused("bad_request")
    room.when(ANA, SendMessage(text="who?", to=STRANGER)).refused("not_found")
    room.after([(MARA, Remove(user_id=BEN))]).when(ANA, SendMessage(text="Ben?", to=BEN)).refused("not_found")


def test_a_new_moderator_sees_what_staff_said_before_and_loses_it_again() -> None:
    room = given([(MARA, SendMessage(text="between us", to="staff"))])
    assert texts(room.sees(ANA)) == []
    room.after([(MARA, GrantPermission(user_id=ANA, permission=Permission.MODERATE))])
    assert texts(room.sees(ANA)) == ["between us"]
    room.when(ANA, SendMessage(text="thanks", to="staff")).then([MessageSent])
    room.after([(MARA, RevokePermission(user_id=ANA, permission=Permission.MODERATE))])
    assert texts(room.sees(ANA)) == []


def test_what_is_said_in_a_breakout_room_stays_among_its_people_and_staff() -> None:
    """Guarantee 13. Nobody has such a place yet: the standings are made by hand."""
    inside, outside = Standing(ANA, staff=False, room=BREAKOUT), Standing(BEN, staff=False)
    staff = Standing(MARA, staff=True)
    room = given().room
    sent = Recorded(room.seq + 1, room.at, ANA, "c", MessageSent(message_id=ANA, text="here", room=BREAKOUT))
    deleted = Recorded(
        room.seq + 2, room.at, MARA, "d", MessageDeleted(message_id=ANA, sender=ANA, room=BREAKOUT, seqs=(sent.seq,))
    )
    after = replay([sent, deleted], room)
    for standing, sees in ((inside, True), (staff, True), (outside, False)):
        seen = [each for each in (visible(sent, standing), visible(deleted, standing)) if each is not None]
        assert len(seen) == (2 if sees else 0)
        folded, later = replay(seen, view(room, standing)), view(after, standing)
        assert folded.chat == later.chat
        assert later.chat is not None
        assert list(later.chat.channels) == ([BREAKOUT] if sees else [])


# -- Replies --


def test_a_reply_quotes_only_what_its_sender_can_read() -> None:
    room = given([(ANA, SendMessage(text="psst", to=BEN))])
    room.when(MARA, SendMessage(text="what?", reply_to=room.made())).refused("not_found")
    room.when(MARA, SendMessage(text="what?", reply_to=MARA)).refused("not_found")


def test_a_reply_shows_no_reader_an_id_that_is_not_theirs() -> None:
    room = given([(ANA, SendMessage(text="psst", to=BEN))])
    private = room.made()
    room.when(BEN, SendMessage(text="Ana says", reply_to=private)).refused("bad_request")
    room.when(BEN, SendMessage(text="to Mara", to=MARA, reply_to=private)).refused("bad_request")
    room.when(BEN, SendMessage(text="yes", to=ANA, reply_to=private)).then([MessageSent])


def test_a_private_reply_may_quote_what_everybody_has() -> None:
    room = given(said("hello"))
    room.when(BEN, SendMessage(text="really?", to=ANA, reply_to=room.made())).then([MessageSent])


# -- Edit and delete --


def test_one_edits_ones_own_and_the_edit_shows() -> None:
    room = given(said("helo"))
    room.when(ANA, EditMessage(message_id=room.made(), text="hello")).then(
        [MessageEdited(message_id=room.made(), sender=ANA, text="hello")]
    )
    held = message(room.sees(BEN), room.made())
    assert (held.text, held.edited_at) == ("hello", room.played.now)
    room.when(ANA, EditMessage(message_id=room.made(), text="hello")).then([])


def test_nobody_edits_the_words_of_others() -> None:
    room = given(said("hello"))
    room.when(BEN, EditMessage(message_id=room.made(), text="bye")).refused("forbidden")
    room.when(MARA, EditMessage(message_id=room.made(), text="bye")).refused("forbidden")


def test_deleted_is_really_gone_and_leaves_a_slot() -> None:
    room = given(said(CANARY + " one"))
    first = room.made()
    room.after([(ANA, EditMessage(message_id=first, text=CANARY + " two")), (BEN, React(message_id=first, emoji="👏"))])
    room.after([(MARA, PinMessage(message_id=first)), (BEN, SendMessage(text="a reply", reply_to=first))])
    rows = tuple(each.seq for each in room.played.log if CANARY in each.event.model_dump_json())
    room.when(ANA, DeleteMessage(message_id=first)).then([MessageDeleted(message_id=first, sender=ANA, seqs=rows)])
    slot = message(room.sees(BEN), first)
    assert (slot.text, slot.deleted, slot.reactions, slot.sender, slot.edited_at) == ("", True, {}, ANA, None)
    assert CANARY not in repr(room.kept)
    assert CANARY not in repr(room.room)
    assert message(room.room, room.made()).reply_to == first


def test_moderators_delete_any_message_others_only_their_own() -> None:
    room = given(said("rude"))
    room.when(BEN, DeleteMessage(message_id=room.made())).refused("forbidden")
    room.when(THEO, DeleteMessage(message_id=room.made())).then([MessageDeleted])
    room.when(THEO, DeleteMessage(message_id=room.made())).then([])


def test_moderators_cannot_touch_a_direct_message_that_is_not_theirs() -> None:
    room = given([(ANA, SendMessage(text="psst", to=BEN))])
    for command in (
        DeleteMessage(message_id=room.made()),
        PinMessage(message_id=room.made()),
        React(message_id=room.made(), emoji="👍"),
        EditMessage(message_id=room.made(), text="x"),
    ):
        room.when(MARA, command).refused("not_found")


def test_a_deleted_message_is_not_edited_quoted_pinned_or_reacted_to() -> None:
    room = given(said("oops"))
    oops = room.made()
    room.after([(ANA, DeleteMessage(message_id=oops))])
    room.when(ANA, EditMessage(message_id=oops, text="x")).refused("not_found")
    room.when(ANA, React(message_id=oops, emoji="👍")).refused("not_found")
    room.when(MARA, PinMessage(message_id=oops)).refused("not_found")
    room.when(BEN, SendMessage(text="what?", reply_to=oops)).refused("not_found")


def test_a_message_is_not_edited_without_end() -> None:
    room = given(said("0"))
    for edit in range(1, ROWS_MAX):
        room.after([(ANA, EditMessage(message_id=room.made(), text=str(edit)))])
    room.when(ANA, EditMessage(message_id=room.made(), text="once more")).refused("limit_reached")
    room.when(MARA, PinMessage(message_id=room.made())).refused("limit_reached")
    room.when(ANA, DeleteMessage(message_id=room.made())).then([MessageDeleted])


# -- Reactions and pins --


def test_a_reaction_is_counted_once_a_person_and_can_be_taken_back() -> None:
    room = given(said("hello"))
    hello = room.made()
    room.when(BEN, React(message_id=hello, emoji="👍")).then(
        [MessageReacted(message_id=hello, sender=ANA, emoji="👍", on=True)]
    )
    room.when(BEN, React(message_id=hello, emoji="👍")).then([])
    room.after([(MARA, React(message_id=hello, emoji="👍")), (BEN, React(message_id=hello, emoji="🎉"))])
    assert message(room.sees(OTTO), hello).reactions == {"👍": (BEN, MARA), "🎉": (BEN,)}
    room.when(BEN, React(message_id=hello, emoji="👍", on=False)).then([MessageReacted])
    room.when(MARA, React(message_id=hello, emoji="👍", on=False)).then([MessageReacted])
    assert message(room.sees(OTTO), hello).reactions == {"🎉": (BEN,)}


def test_a_pin_carries_the_message_for_those_who_no_longer_hold_it() -> None:
    room = given(said("the link"))
    link, sent = room.made(), room.played.log[-1]
    room.when(MARA, PinMessage(message_id=link)).then(
        [MessagePinned(message_id=link, sender=ANA, text="the link", sent_seq=sent.seq, sent_at=sent.at)]
    )
    room.when(MARA, PinMessage(message_id=link)).then([])
    room.after([(ANA, EditMessage(message_id=link, text="the new link"))])
    chat = room.sees(BEN).chat
    assert chat is not None
    assert [(each.message_id, each.text) for each in chat.channels["everyone"].pins] == [(link, "the new link")]
    room.when(THEO, PinMessage(message_id=link, pinned=False)).then([MessageUnpinned(message_id=link, sender=ANA)])
    room.when(THEO, PinMessage(message_id=link, pinned=False)).then([])


def test_participants_do_not_pin_and_nobody_pins_direct_messages() -> None:
    room = given(said("hello"))
    room.when(ANA, PinMessage(message_id=room.made())).refused("forbidden")
    room.after([(ANA, SendMessage(text="psst", to=MARA))])
    room.when(MARA, PinMessage(message_id=room.made())).refused("bad_request")


def test_at_most_five_messages_are_pinned() -> None:
    room = given(said(*map(str, range(PINS_MAX + 1))))
    room.after([(MARA, PinMessage(message_id=room.made(each))) for each in range(PINS_MAX)])
    room.when(MARA, PinMessage(message_id=room.made(PINS_MAX))).refused("limit_reached")
    room.after([(ANA, DeleteMessage(message_id=room.made(0)))])
    room.when(MARA, PinMessage(message_id=room.made(PINS_MAX))).then([MessagePinned])


# -- Lock and slow mode --


def test_while_it_is_locked_only_moderators_write() -> None:
    room = given(said("hello"))
    room.when(MARA, LockChat()).then([ChatLocked(locked=True)])
    room.when(MARA, LockChat()).then([])
    room.when(ANA, SendMessage(text="hi")).refused("chat.locked")
    room.when(ANA, SendMessage(text="psst", to=BEN)).refused("chat.locked")
    room.when(ANA, EditMessage(message_id=room.made(), text="hi")).refused("chat.locked")
    room.when(THEO, SendMessage(text="please listen")).then([MessageSent])
    room.when(ANA, DeleteMessage(message_id=room.made(0))).then([MessageDeleted])
    room.when(MARA, LockChat(locked=False)).then([ChatLocked(locked=False)])
    room.when(ANA, SendMessage(text="hi")).then([MessageSent])


def test_slow_mode_says_how_long_to_wait() -> None:
    room = given()
    room.when(MARA, SlowChat(seconds=30)).then([ChatSlowed(seconds=30)])
    room.when(MARA, SlowChat(seconds=30)).then([])
    room.when(ANA, SendMessage(text="one")).then([MessageSent])
    room.later(seconds=10)
    outcome = room.when(ANA, SendMessage(text="two"))
    outcome.refused("chat.slow")
    assert outcome.refusal is not None
    assert outcome.refusal.retry_after_s == 20
    room.when(BEN, SendMessage(text="mine")).then([MessageSent])
    room.when(MARA, SendMessage(text="a")).then([MessageSent])
    room.when(MARA, SendMessage(text="b")).then([MessageSent])
    room.later(seconds=20)
    room.when(ANA, SendMessage(text="two")).then([MessageSent])


def test_slow_mode_can_be_configured_and_switched_off() -> None:
    room = given(said("one"), features=feature("chat", slowSeconds=5))
    room.when(ANA, SendMessage(text="two")).refused("chat.slow")
    room.when(MARA, SlowChat(seconds=0)).then([ChatSlowed(seconds=0)])
    room.when(ANA, SendMessage(text="two")).then([MessageSent])


@pytest.mark.parametrize("nonsense", [True, "5", None, -5, 1.5])
def test_a_slow_mode_that_is_no_number_of_seconds_counts_as_none(nonsense: object) -> None:
    given(said("one", "two"), features=feature("chat", slowSeconds=nonsense))


def test_participants_neither_lock_nor_slow() -> None:
    room = given().when(ANA, LockChat()).refused("forbidden")
    room.when(ANA, SlowChat(seconds=1)).refused("forbidden")


# -- Who may, and when --


def test_attack_14_observers_only_read() -> None:
    room = given(said("hello"))
    for command in (
        SendMessage(text="hi"),
        React(message_id=room.made(), emoji="👍"),
        DeleteMessage(message_id=room.made()),
        EditMessage(message_id=room.made(), text="x"),
        PinMessage(message_id=room.made()),
        LockChat(),
        SlowChat(seconds=1),
    ):
        room.when(OTTO, command).refused("forbidden")


def test_those_who_were_not_let_in_neither_write_nor_read() -> None:
    room = given(said(CANARY))
    room.when(STRANGER, SendMessage(text="hi")).refused("participant.not_admitted")
    assert room.sees(STRANGER).chat is None
    room.after([(MARA, Remove(user_id=BEN))])
    room.when(BEN, SendMessage(text="hi")).refused("participant.not_admitted")
    assert room.sees(BEN).chat is None


def test_attack_23_chat_that_is_switched_off() -> None:
    room = given(features=feature("chat", is_enabled=False))
    for command in (SendMessage(text="hi"), LockChat(), SlowChat(seconds=1)):
        room.when(MARA, command).refused("feature_off")


def test_a_pause_stops_participants_and_the_end_everybody() -> None:
    room = given([*said("hello"), (MARA, PauseSession())])
    room.when(ANA, SendMessage(text="hi")).refused("session.paused")
    room.when(ANA, DeleteMessage(message_id=room.made())).refused("session.paused")
    room.when(MARA, SendMessage(text="back in five")).then([MessageSent])
    assert texts(room.sees(ANA)) == ["hello", "back in five"]
    room.after([(MARA, EndSession())])
    room.when(MARA, SendMessage(text="bye")).refused("session.ended")
    assert texts(room.sees(ANA)) == ["hello", "back in five"]


def test_staff_prepare_before_the_start() -> None:
    room = scheduled()
    room.joins(MARA, "instructor")
    room.when(MARA, SendMessage(text="welcome")).then([MessageSent])


# -- Limits and texts --


def test_attack_24_unknown_fields_and_foreign_senders_are_refused() -> None:
    for extra in ({"sender": BEN}, {"messageId": BEN}, {"channel": BEN}, {"createdAt": 1}):
        with pytest.raises(ValidationError):
            COMMANDS.validate_python({"type": "chat.send", "text": "hi", **extra})


@pytest.mark.parametrize("text", ["", "   ", "x" * 5_001, "a\u202eb", "a\x00b", "\ud800"])
def test_texts_that_cannot_be_stored_or_shown_are_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        SendMessage(text=text)


def test_attack_53_text_is_kept_as_it_was_typed() -> None:
    hostile = "<img src=x onerror=alert(1)> **bold** =1+1 [a](javascript:alert(1))"
    assert texts(given(said(hostile)).sees(BEN)) == [hostile]


def test_reactions_are_of_a_fixed_set() -> None:
    with pytest.raises(ValidationError):
        COMMANDS.validate_python({"type": "chat.react", "messageId": BEN, "emoji": "<b>"})


def test_a_join_brings_the_last_hundred_and_the_pins() -> None:
    room = Transcript(given().played, lawful=False)
    room.after(said("pinned", *map(str, range(WINDOW_MESSAGES))))
    room.after([(MARA, PinMessage(message_id=room.made(0)))])
    room.lawful = True
    room.after(said("one more"))
    room.after(
        [(ANA, React(message_id=room.made(0), emoji="👍")), (ANA, EditMessage(message_id=room.made(1), text="late"))]
    )
    shown = window(room.sees(BEN))
    assert shown.chat is not None
    assert texts(shown) == [*map(str, range(1, WINDOW_MESSAGES)), "one more"]
    assert [each.text for each in shown.chat.channels["everyone"].pins] == ["pinned"]


def test_a_join_brings_less_of_each_direct_channel() -> None:
    room = Transcript(given().played, lawful=False)
    room.after([(ANA, SendMessage(text=str(each), to=BEN)) for each in range(WINDOW_DIRECT_MESSAGES + 5)])
    assert texts(window(room.sees(BEN))) == [str(each) for each in range(5, WINDOW_DIRECT_MESSAGES + 5)]


def test_a_session_holds_a_limited_number_of_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    assert chat.MESSAGES_MAX == 20_000
    monkeypatch.setattr(chat, "MESSAGES_MAX", WINDOW_MESSAGES + 1)
    room = Transcript(given().played, lawful=False)
    room.after(said(*map(str, range(WINDOW_MESSAGES + 1))))
    room.when(ANA, SendMessage(text="one more")).refused("limit_reached")
    room.when(MARA, DeleteMessage(message_id=room.made())).then([MessageDeleted])
    room.when(ANA, SendMessage(text="one more")).refused("limit_reached")
