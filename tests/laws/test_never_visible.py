"""What each person may receive of each event: a table written by hand, checked on the bytes of random histories.

Columns are what somebody is to the event: staff (host, assistant, or whoever may moderate), participant, observer, outside
(waiting, removed or a stranger), its author, and its partner: the other one of a direct message, the creator of a poll.
Participants and observers who are elsewhere have a column of their own, author or not: what happened was in a breakout room
and they are in another or in the main room, or it was in the main room and they are in a breakout room.

    W  the whole event       r  something of it; never the secrets that the row's function names
    -  nothing               =  as if no author, partner or here .  does not occur

How an event is classified and what is secret in it stands here too, and looks at no rule of the product's visibility.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from rooms.breakout_events import HelpAsked
from rooms.chat import AboutMessage, MessageSent
from rooms.feature import Recorded
from rooms.people import standing_of
from rooms.roles import Permission, Role
from rooms.room import RoomState
from rooms.visibility import encoded_view, visible
from tests.laws.improviser import History, improvise
from tests.laws.laws import READERS, encoded, rooms_of, wire

TABLE = """
event                             staff participant observer outside author partner elsewhere
session.scheduled                 .     .           .        W       .      .       .
session.started                   W     W           W        W       W      .       =
session.activated                 W     W           W        W       W      .       =
session.aborted                   W     W           W        W       W      .       =
session.paused                    W     W           W        W       W      .       =
session.resumed                   W     W           W        W       W      .       =
session.extended                  W     W           W        W       W      .       =
session.updated                   W     W           W        W       W      .       =
session.ended                     W     W           W        W       W      .       =
session.cancelled                 W     W           W        W       W      .       =
session.interrupted               W     W           W        W       .      .       =

participant.waiting               W     -           -        W       =      .       =
participant.admitted              W     W           W        W       =      .       =
participant.joined                W     W           W        -       =      .       =
participant.left                  W     W           W        -       =      .       =
participant.left lobby            W     -           -        W       =      .       =
participant.denied                W     -           -        r       W      .       =
participant.removed               W     W           W        -       =      .       =
participant.removed lobby         W     W           W        r       =      .       =
participant.banned                W     r           r        -       =      .       =
participant.banned lobby          W     r           r        r       =      .       =
participant.banned at the door    W     -           -        r       =      .       =
participant.unbanned              W     -           -        -       W      .       =
participant.quality               W     -           -        -       W      .       =
person.erased                     W     W           W        -       .      .       =

role.changed                      W     W           W        -       =      .       =
permission.asked                  W     -           -        -       W      .       =
permission.granted                W     W           W        -       =      .       =
permission.revoked                W     W           W        -       =      .       =
permission.revoked declined       W     -           -        -       W      .       =
hand.raised                       W     W           W        -       =      .       =
hand.lowered                      W     W           W        -       =      .       =
reaction.sent                     W     W           W        -       =      .       -
stage.shown                       W     W           W        -       =      .       -

board.changed                     W     W           W        -       =      .       -
board.cleared                     W     W           W        -       =      .       -
board.restored                    W     W           W        -       =      .       -
board.locked                      W     W           W        -       =      .       -
board.shared                      W     W           W        -       =      .       -
board.pageAdded                   W     W           W        -       =      .       -
board.pageRenamed                 W     W           W        -       =      .       -
board.pageRemoved                 W     W           W        -       =      .       -
board.imageAdded                  W     W           W        -       =      .       -

breakout.created                  W     -           -        -       =      .       =
breakout.updated                  W     W           W        -       =      .       =
breakout.updated planned          W     -           -        -       =      .       =
breakout.renamed                  W     W           W        -       =      .       =
breakout.renamed planned          W     -           -        -       =      .       =
breakout.assigned                 W     -           -        -       =      .       =
breakout.discarded                W     -           -        -       =      .       =
breakout.opening                  W     W           W        -       =      .       =
breakout.cancelled                W     W           W        -       =      .       =
breakout.opened                   W     r           r        -       =      .       =
breakout.moved                    W     W           W        -       =      .       =
breakout.extended                 W     r           r        -       =      .       -
breakout.closing                  W     r           r        -       =      .       -
breakout.closed                   W     W           W        -       =      .       =
breakout.broadcasted              W     W           W        -       =      .       =
breakout.helpAsked                W     W           W        -       =      .       -
breakout.helpEnded                W     W           W        -       =      .       -

chat.sent                         W     W           W        -       =      .       -
chat.sent staff                   W     -           -        -       =      .       =
chat.sent direct                  -     -           -        -       W      W       =
chat.edited                       W     W           W        -       =      .       -
chat.edited staff                 W     -           -        -       =      .       =
chat.edited direct                -     -           -        -       W      W       =
chat.deleted                      W     W           W        -       =      .       -
chat.deleted staff                W     -           -        -       =      .       =
chat.deleted direct               -     -           -        -       W      W       =
chat.reacted                      W     W           W        -       =      .       -
chat.reacted staff                W     -           -        -       =      .       =
chat.reacted direct               -     -           -        -       W      W       =
chat.pinned                       W     W           W        -       =      .       -
chat.pinned staff                 W     -           -        -       =      .       =
chat.unpinned                     W     W           W        -       =      .       -
chat.unpinned staff               W     -           -        -       =      .       =
chat.locked                       W     W           W        -       =      .       =
chat.slowed                       W     W           W        -       =      .       =

poll.created                      W     -           -        -       W      =       -
poll.updated                      W     -           -        -       =      W       -
poll.deleted                      W     -           -        -       =      W       -
poll.opened                       W     W           W        -       =      =       -
poll.reopened                     W     W           W        -       =      .       -
poll.published                    W     W           W        -       =      .       -
poll.voted ballot                 -     -           -        -       .      .       -
poll.voted live                   W     r           r        -       W      W       -
poll.voted hidden                 W     -           -        -       W      W       -
poll.tallied live                 W     W           W        -       .      =       -
poll.tallied hidden               W     -           -        -       .      W       -
poll.closed live                  W     r           r        -       =      W       -
poll.closed hidden                W     r           r        -       =      W       -

question.asked                    W     W           W        -       =      .       -
question.asked anonymous          r     r           r        -       W      .       -
question.asked pending            W     -           -        -       W      .       -
question.asked pending anonymous  r     -           -        -       W      .       -
question.upvoted                  r     r           r        -       W      .       -
question.approved                 r     r           r        -       r      .       -
question.answering                W     W           W        -       =      .       -
question.answered                 W     W           W        -       =      .       -
question.pinned                   W     W           W        -       =      .       -
question.unpinned                 W     W           W        -       =      .       -
question.reopened                 W     W           W        -       =      .       -
question.reopened dismissed       r     r           r        -       r      .       -
question.dismissed                W     r           r        -       W      .       -
question.dismissed anonymous      r     r           r        -       W      .       -
question.dismissed hidden         W     -           -        -       W      .       -
question.dismissed hidden anonymous r     -           -        -       W      .       -
question.merged                   W     W           W        -       =      .       -
question.merged anonymous         r     r           r        -       W      .       -
question.merged hidden            W     -           -        -       W      .       -
question.merged hidden anonymous  r     -           -        -       W      .       -
question.blanked                  W     W           W        -       =      .       -
question.blanked anonymous        r     r           r        -       W      .       -
question.blanked hidden           W     -           -        -       W      .       -
question.blanked hidden anonymous r     -           -        -       W      .       -
question.withdrawn                r     r           r        -       W      .       -
question.withdrawn hidden         r     -           -        -       W      .       -

audio.muted                       W     W           W        -       =      .       =
participant.muted                 W     W           W        -       =      .       =
participant.spoke                 W     W           W        -       =      .       -
captions.switched                 W     W           W        -       =      .       =
recording.started                 W     W           W        -       =      .       =
recording.paused                  W     W           W        -       =      .       =
recording.resumed                 W     W           W        -       =      .       =
recording.stopped                 W     W           W        -       =      .       =
recording.consented               W     -           -        -       W      .       =
recording.withdrawn               W     -           -        -       W      .       =
recording.marked                  W     W           W        -       =      .       =
recording.reported                W     W           W        -       .      .       =
"""
COLUMNS = TABLE.split("\n")[1].split()[1:]
WIDTH = len(COLUMNS)
RIGHTS: dict[str, dict[str, str]] = {
    " ".join(words[:-WIDTH]): dict(zip(COLUMNS, words[-WIDTH:], strict=True))
    for line in TABLE.split("\n")[2:]
    if (words := line.split())
}
# So rare that these histories may lack them; what is checked when they come is checked.
RARE = {"participant.banned lobby", "question.dismissed hidden anonymous", "question.merged hidden anonymous"}


def variant(recorded: Recorded) -> str:
    """The row of an event, told by its fields as they stand in the log."""
    event: Any = recorded.event
    name = str(event.type)
    marks: list[str] = []
    if name.startswith("chat.") and hasattr(event, "message_id"):
        marks.append({None: "", "staff": "staff"}.get(event.to, "direct"))
    match name:
        case "participant.left" | "participant.removed":
            marks.append("lobby" if event.waiting else "")
        case "participant.banned":
            marks.append(
                {(1, 1): "lobby", (1, 0): "at the door", (0, 0): "of nobody"}.get((event.waiting, event.inside), "")
            )
        case "permission.revoked":
            marks.append("declined" if event.declined else "")
        case "poll.voted":
            marks.append("ballot" if event.ballot else "live" if event.live else "hidden")
        case "poll.tallied" | "poll.closed":
            marks.append("live" if event.live else "hidden")
        case "question.asked":
            marks += ["pending" if event.pending else "", "anonymous" if event.anonymous else ""]
        case "question.dismissed" | "question.merged" | "question.blanked":
            marks += ["hidden" if event.hidden else "", "anonymous" if event.anonymous else ""]
        case "question.withdrawn":
            marks.append("hidden" if event.hidden else "")
        case "question.reopened":
            marks.append("dismissed" if event.question else "")
        case "breakout.updated" | "breakout.renamed":
            marks.append("planned" if event.planned else "")
    return " ".join([name, *(mark for mark in marks if mark)])


def author(recorded: Recorded) -> str | None:
    """Whose event it is: who wrote the question or message, voted, or is spoken of; else who did it."""
    event: Any = recorded.event
    match str(event.type).partition(".")[0]:
        case "participant" | "role" | "permission":
            return getattr(event, "user_id", None) or recorded.actor
        case "recording" if hasattr(event, "user_id"):
            return str(event.user_id)
        case "question" if getattr(event, "question", None) is not None:
            return str(event.question.author)
        case "question" if hasattr(event, "author"):
            return str(event.author)
        case "chat" if isinstance(event, AboutMessage):
            return event.sender
        case _:
            return recorded.actor


def partner(recorded: Recorded) -> str | None:
    event: Any = recorded.event
    if isinstance(event, MessageSent | AboutMessage):
        return event.to if event.to not in (None, "staff") else None
    if str(event.type).startswith("poll."):
        return getattr(event, "author", None)
    return None


def secrets(recorded: Recorded, reader: str, there: str | None) -> list[str]:
    """What may not be in the bytes of those who get only something. `there`: the breakout room the reader is in."""
    event: Any = recorded.event
    hidden: list[Any] = []
    named_only_there = set(getattr(event, "who", None) or ()) - {recorded.actor, getattr(event, "author", None)}
    match variant(recorded).split():
        case ["poll.voted", *_] | ["question.asked", *_] | ["question.upvoted", *_] | ["question.withdrawn", *_]:
            hidden = [recorded.actor, recorded.command]
        case ["poll.closed", "live"]:
            hidden = ['"who"', *named_only_there]
        case ["poll.closed", "hidden"]:
            hidden = ['"who"', '"counts"', '"words"', '"answered"', '"correct"', *named_only_there]
        case ["question.approved" | "question.reopened", *_]:
            asker = [event.question.author] if event.question.anonymous else []
            hidden = [each for each in (*event.question.voters, *asker) if each != reader]
            hidden = [each for each in hidden if each not in (recorded.actor, event.question.answered_by)]
            hidden = [each for each in hidden if each != event.question.author or event.question.anonymous]
        case ["question.dismissed" | "question.merged" | "question.blanked", *marks] if "anonymous" in marks:
            hidden = [event.author] if event.author != recorded.actor else ['"author"']
        case ["participant.denied"] | ["participant.removed", "lobby"]:
            hidden = [recorded.actor, recorded.command]
        case ["participant.banned", *_]:
            hidden = ["banned"]
        case ["breakout.opened" | "breakout.extended" | "breakout.closing"]:
            hidden = [f'"roomId": "{each.room_id}", "closesAt"' for each in event.closings if each.room_id != there]
    return [str(each) for each in hidden if each is not None]


def place(room: RoomState, user: str) -> str:
    """Told from the slices, not from a standing."""
    assert room.people is not None
    assert room.lobby is not None
    assert room.rights is not None
    person = room.people.persons.get(user)
    if any(each.user == user for each in room.lobby.waiting):
        return "waiting"
    if person is None:
        return "stranger"
    if not person.admitted:
        return "removed"
    if person.role is Role.INSTRUCTOR:
        return "host"
    if person.role is Role.ASSISTANT or Permission.MODERATE in room.rights.personal.get(user, {}):
        return "assistant"
    return "observer" if person.role is Role.OBSERVER else "participant"


def room_of(room: RoomState, user: str) -> str | None:
    """The breakout room of somebody, told from the slice."""
    assert room.breakouts is not None
    return room.breakouts.places.get(user)


def happened_in(recorded: Recorded) -> set[str | None]:
    """The places of an event whose row tells those who are elsewhere from the others; None is the main room."""
    event: Any = recorded.event
    if hasattr(event, "closings"):
        return {each.room_id for each in event.closings}
    return {getattr(event, "room", None)}


COLUMN = {
    "host": "staff",
    "assistant": "staff",
    "participant": "participant",
    "observer": "observer",
    "waiting": "outside",
    "removed": "outside",
    "stranger": "outside",
}


def cell(row: dict[str, str], recorded: Recorded, user: str, where: str, there: str | None = None) -> tuple[str, str]:
    """The column that applies and what it says. Outside, only what is about oneself differs from what others get."""
    inside = COLUMN[where] in ("participant", "observer")
    if inside and row["elsewhere"] not in "=." and there not in happened_in(recorded):
        return "elsewhere", row["elsewhere"]
    tie = "author" if user == author(recorded) else "partner" if user == partner(recorded) else None
    about_people = str(recorded.event.type).startswith("participant.")
    if tie is not None and row[tie] not in "=." and (COLUMN[where] != "outside" or about_people):
        return tie, row[tie]
    return COLUMN[where], row[COLUMN[where]]


def relation(recorded: Recorded, where: str, there: str | None) -> str:
    """How a reader stands to the place of an event, for counting."""
    places = happened_in(recorded)
    if COLUMN[where] in ("staff", "outside"):
        return COLUMN[where] if places == {None} else f"{COLUMN[where]}, it in a room"
    if there in places:
        return "both in the main room" if there is None else "in the same room"
    if there is None:
        return "in the main room, it in a room"
    return "in a room, it in the main room" if places == {None} else "in another room"


RELATIONS = {
    "staff",
    "staff, it in a room",
    "outside",
    "outside, it in a room",
    "both in the main room",
    "in the same room",
    "in the main room, it in a room",
    "in a room, it in the main room",
    "in another room",
}


Reading = tuple[Recorded, bytes, str, str, str | None, bytes | None]


def readings(history: History) -> Iterator[Reading]:
    """Each event and its bytes with each reader, what and in which room they are, and the bytes they get.

    Those who get a new view instead are left out.
    """
    for before, recorded, after in rooms_of(history):
        whole = encoded(recorded)
        for user in READERS:
            standing = standing_of(after, user)
            if standing != standing_of(before, user):
                continue
            shown = visible(recorded, standing)
            received = None if shown is None else whole if shown is recorded else encoded(shown)
            yield recorded, whole, user, place(after, user), room_of(after, user), received


@pytest.fixture(scope="module")
def histories() -> list[History]:
    return [improvise(seed, 260) for seed in range(2001, 2075)]


def holds(right: str, whole: bytes, received: bytes | None, hidden: Sequence[str]) -> bool:
    """Whether the bytes received of an event are what the cell says. A dot says that there is no such reader."""
    match right:
        case "W":
            return received == whole
        case "-":
            return received is None
        case "r":
            return received is not None and not any(each.encode() in received for each in hidden)
        case _:
            return False


def test_nobody_ever_receives_what_the_table_withholds(histories: list[History]) -> None:
    checked = Counter[tuple[str, str]]()
    places, relations = Counter[str](), Counter[str]()
    for history in histories:
        for recorded, whole, user, where, there, received in readings(history):
            row = variant(recorded)
            column, right = cell(RIGHTS[row], recorded, user, where, there)
            if not holds(right, whole, received, secrets(recorded, user, there) if right == "r" else ()):
                told = f"{row} for {where} as {column} ({right}): {received!r} of {wire(recorded)}"
                raise AssertionError(f"seed {history.seed}: {told}")
            checked[row, column] += 1
            places[where] += 1
            if RIGHTS[row]["elsewhere"] == "-":
                relations[relation(recorded, where, there)] += 1
    print(f"\n{sum(checked.values())} cells checked; {dict(places)}; of what belongs to a place: {dict(relations)}")
    assert set(places) == set(COLUMN)
    assert set(relations) == RELATIONS
    missing = [
        (row, column)
        for row, rights in RIGHTS.items()
        for column in COLUMNS
        if not checked[row, column] and rights[column] not in "=." and row not in RARE
    ]
    assert not missing, f"rows that no history reached: {missing}"


def test_every_event_has_a_row() -> None:
    from rooms.protocol import EVENT_TYPES
    from rooms.upcasters import type_of

    rows = {row.split()[0] for row in RIGHTS}
    assert rows == {type_of(kind) for kind in EVENT_TYPES} - {"question.vanished"}


# -- The words in a view --


def test_no_view_holds_words_that_its_reader_may_not_have(histories: list[History]) -> None:
    """Canaries: every text ever typed is a word of its own (attack 22)."""
    checked = Counter[str]()
    for history in histories[:20]:
        log = history.played.log
        cuts = {len(log) // 3, 2 * len(log) // 3, len(log)}
        for _, recorded, after in rooms_of(history):
            if recorded.seq not in cuts and not isinstance(recorded.event, HelpAsked):  # a bell does not ring for long
                continue
            forbidden = list(withheld_words(after))
            for user in READERS:
                seen = encoded_view(after, standing_of(after, user))
                where, there = place(after, user), room_of(after, user)
                for kind, word, allowed in forbidden:
                    here = f"in {there}" in allowed and COLUMN[where] != "staff"
                    may = here or user in allowed or ("staff" in allowed and COLUMN[where] == "staff")
                    if COLUMN[where] == "outside" or not may:
                        assert word.encode() not in seen, f"seed {history.seed} at {recorded.seq}: {kind} {word} {user}"
                        checked[kind] += 1
    print(f"\n{dict(checked)}")
    of_places = {f"{what} elsewhere" for what in ("message", "pin", "poll", "question", "bell")}
    others = {"planned set", "planned room"} | {
        "staff message",
        "direct message",
        "draft poll",
        "hidden question",
        "ballot",
        "voters",
        "consent",
        "talk time",
    }
    assert set(checked) == of_places | others


def withheld_words(room: RoomState) -> Iterator[tuple[str, str, set[str]]]:
    """Kind, canary, and who may have it; `staff` stands for all of them, `in …` for whoever is in that place."""
    assert room.polls is not None
    assert room.questions is not None
    yield from withheld_messages(room)
    yield from withheld_of_places(room)
    yield from withheld_of_breakouts(room)
    yield from withheld_of_sound(room)
    opened = {poll.question for poll in room.polls.polls.values() if poll.status != "draft"}
    for poll in room.polls.polls.values():
        if poll.status == "draft" and poll.question not in opened:  # a copy asks what everybody has read
            yield "draft poll", poll.question.split()[0] + " ", {"staff", str(poll.author)}
        if not poll.live and poll.votes:
            yield "voters", f'"votes":{{"{next(iter(poll.votes))}"', {"staff", str(poll.author), next(iter(poll.votes))}
    for box in (room.polls.boxes or {}).values():
        for ballot in box.ballots:
            yield "ballot", ballot, set()
    for question in room.questions.questions.values():
        if question.hidden and question.text:
            yield "hidden question", question.text.split()[0] + " ", {"staff", str(question.author)}


def withheld_of_sound(room: RoomState) -> Iterator[tuple[str, str, set[str]]]:
    """Who lets themselves be recorded, and how much everybody says, is told to nobody's peers."""
    assert room.recording is not None
    for user in room.recording.consents:
        yield "consent", f'"{user}":{{"given"', {"staff", user}
    yield "talk time", '"spoken":', {"staff"}


def withheld_messages(room: RoomState) -> Iterator[tuple[str, str, set[str]]]:
    assert room.chat is not None
    for key, channel in room.chat.channels.items():
        for message in channel.messages.values():
            if message.deleted:
                continue
            word = message.text.split()[0] + " "
            if key == "staff":
                yield "staff message", word, {"staff"}
            elif ":" in key:
                yield "direct message", word, set(key.split(":"))
            else:
                yield "message elsewhere", word, {"staff", f"in {None if key == 'everyone' else key}"}
        for pin in channel.pins if key != "staff" else ():
            yield "pin elsewhere", pin.text.split()[0] + " ", {"staff", f"in {None if key == 'everyone' else key}"}


def withheld_of_places(room: RoomState) -> Iterator[tuple[str, str, set[str]]]:
    """What was asked in one place only; a copy may ask the same elsewhere."""
    assert room.polls is not None
    assert room.questions is not None
    asked: dict[str, set[str | None]] = {}
    for poll in room.polls.polls.values():
        asked.setdefault(poll.question, set()).add(poll.room)
    for words, places in asked.items():
        if len(places) == 1 and words.startswith("canary"):
            yield "poll elsewhere", words.split()[0] + " ", {"staff", f"in {next(iter(places))}"}
    for question in room.questions.questions.values():
        if question.text:
            yield "question elsewhere", question.text.split()[0] + " ", {"staff", f"in {question.room}"}


def withheld_of_breakouts(room: RoomState) -> Iterator[tuple[str, str, set[str]]]:
    """Plans, whose names may be those of earlier sets, and the bell of a room."""
    assert room.breakouts is not None
    held = room.breakouts.in_order()
    known = {name for each in held if each.opened_at for name in (each.name, *(inner.name for inner in each.rooms))}
    known |= {room.breakouts.opening.name} if room.breakouts.opening else set()
    for each in held:
        if each.opened_at is None:
            named = [("planned set", each.name), *(("planned room", inner.name) for inner in each.rooms)]
            yield from ((kind, name, {"staff"}) for kind, name in named if "canary" in name and name not in known)
        for inner in each.rooms:
            if inner.help is not None and inner.help.text:
                yield "bell elsewhere", inner.help.text.split()[0] + " ", {"staff", f"in {inner.id}"}
