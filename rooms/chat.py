"""Chat: for everyone in a place, among staff, or between two (W184, field.md C, attacks 22 and 53).

Messages stand in channels, so that what somebody may read is decided per channel and never per message. Text is kept raw;
showing it safely is the client's part. What is deleted is really gone: an empty slot stays, the log's rows are blanked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from heapq import merge
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import AwareDatetime, Field

from rooms.bucket_map import BucketMap
from rooms.feature import (
    Blank,
    Command,
    Context,
    Effect,
    Event,
    Feature,
    Flag,
    Prose,
    Recorded,
    Signal,
    Standing,
    Whole,
)
from rooms.hands import Emoji
from rooms.ids import AnyId, UserId, UserIdField
from rooms.lifecycle import FeatureType, require_feature, require_running
from rooms.people import PersonErased, is_staff, moderates, require_member, require_moderator, role_of
from rooms.places import PlaceName, acting_standing, place_of
from rooms.refusal import Refused
from rooms.timeline import Timeline
from rooms.values import replace, value

if TYPE_CHECKING:
    from rooms.room import RoomState

MESSAGES_MAX = 20_000
ROWS_MAX = 50  # times that one message may be written, edited and pinned
PINS_MAX = 5
SLOW_MAX_S = 3_600
WINDOW_MESSAGES = 100
WINDOW_DIRECT_MESSAGES = 20

EVERYONE = "everyone"
STAFF = "staff"
Audience = Literal["staff"] | UserIdField


@value(frozen=True, slots=True)
class Message:
    """`deleted` leaves the slot: who and when, without words and reactions."""

    id: str
    channel: str
    seq: int
    at: datetime
    sender: UserId
    text: str
    reply_to: str | None = None
    edited_at: datetime | None = None
    deleted: bool = False
    reactions: Mapping[str, tuple[UserId, ...]] = field(default_factory=dict)  # in the order of their first use


@value(frozen=True, slots=True)
class Pin:
    """A copy: what is pinned may be older than the messages that somebody has."""

    message_id: str
    seq: int
    at: datetime
    sender: UserId
    text: str


@value(frozen=True, slots=True)
class Channel:
    messages: Timeline[Message] = field(default_factory=Timeline)
    pins: tuple[Pin, ...] = ()


NO_MESSAGES = Channel()


@value(frozen=True, slots=True)
class Place:
    """Where a message stands, and the rows of the log that hold its words."""

    channel: str
    rows: tuple[int, ...]


@value(frozen=True, slots=True)
class Ledger:
    """What only the rules need. Nobody is shown it: it would tell who writes to whom."""

    places: BucketMap[Place] = field(default_factory=BucketMap)
    spoke_at: BucketMap[datetime] = field(default_factory=BucketMap)


@value(frozen=True, slots=True)
class Chat:
    """Keys of `channels`: `everyone`, `staff`, a breakout room's id, or the two people of a direct one (`a:b`, sorted).

    `slow_seconds` None: as the feature is configured (`slowSeconds`).
    """

    channels: BucketMap[Channel] = field(default_factory=BucketMap)
    locked: bool = False
    slow_seconds: int | None = None
    ledger: Ledger | None = field(default_factory=Ledger)


def channel_of(sender: UserId | None, to: str | None, room: str | None) -> str:
    if to is None:
        return room or EVERYONE
    return STAFF if to == STAFF else ":".join(sorted((str(sender), to)))


def reads(standing: Standing, channel: str) -> bool:
    """Direct messages are for their two people, whoever else moderates."""
    if not standing.admitted:
        return False
    if channel == STAFF:
        return standing.staff
    if is_direct(channel):
        return standing.user in channel.split(":")
    return standing.is_in(None if channel == EVERYONE else channel)


def is_direct(channel: str) -> bool:
    return ":" in channel


# -- Commands --


class SendMessage(Command):
    """`to`: `staff`, or one person; without it everyone in the place where one is, for staff also in another (`room`).

    A reply quotes a message of the same channel; among few also one of the main room.
    """

    type: Literal["chat.send"] = "chat.send"
    text: Prose
    reply_to: AnyId | None = None
    to: Audience | None = None
    room: PlaceName | None = None


class EditMessage(Command):
    type: Literal["chat.edit"] = "chat.edit"
    message_id: AnyId
    text: Prose


class DeleteMessage(Command):
    """One's own; moderators any that they see."""

    type: Literal["chat.delete"] = "chat.delete"
    message_id: AnyId


class React(Command):
    type: Literal["chat.react"] = "chat.react"
    message_id: AnyId
    emoji: Emoji
    on: Flag = True


class PinMessage(Command):
    type: Literal["chat.pin"] = "chat.pin"
    message_id: AnyId
    pinned: Flag = True


class LockChat(Command):
    """Only moderators write and edit while it is locked."""

    type: Literal["chat.lock"] = "chat.lock"
    locked: Flag = True


class SlowChat(Command):
    """Everybody but moderators waits this long after each message; 0 switches it off."""

    type: Literal["chat.slow"] = "chat.slow"
    seconds: Annotated[Whole, Field(ge=0, le=SLOW_MAX_S)]


# -- Events: each says itself whom it is for, because `visible` looks at nothing else. --


class MessageSent(Event):
    """The actor is the sender. `room`: said in a breakout room."""

    type: Literal["chat.sent"] = "chat.sent"
    message_id: AnyId
    text: str
    reply_to: AnyId | None = None
    to: Audience | None = None
    room: AnyId | None = None


class AboutMessage(Event):
    """`sender`, `to` and `room` are those of the message."""

    message_id: AnyId
    sender: UserIdField
    to: Audience | None = None
    room: AnyId | None = None

    @classmethod
    def of(cls, message: Message, **fields: object) -> Self:
        channel = message.channel
        others = [each for each in channel.split(":") if each != message.sender]
        to = STAFF if channel == STAFF else others[0] if is_direct(channel) else None
        room = channel if to is None and channel != EVERYONE else None
        return cls.model_validate(
            {"message_id": message.id, "sender": message.sender, "to": to, "room": room, **fields}
        )


class MessageEdited(AboutMessage):
    type: Literal["chat.edited"] = "chat.edited"
    text: str


class MessageDeleted(AboutMessage):
    """`seqs` are the rows that held its words."""

    type: Literal["chat.deleted"] = "chat.deleted"
    seqs: tuple[int, ...]


class MessageReacted(AboutMessage):
    type: Literal["chat.reacted"] = "chat.reacted"
    emoji: str
    on: bool


class MessagePinned(AboutMessage):
    """Carries the message, which may be older than what its reader has."""

    type: Literal["chat.pinned"] = "chat.pinned"
    text: str
    sent_seq: int
    sent_at: AwareDatetime


class MessageUnpinned(AboutMessage):
    type: Literal["chat.unpinned"] = "chat.unpinned"


class ChatLocked(Event):
    type: Literal["chat.locked"] = "chat.locked"
    locked: bool


class ChatSlowed(Event):
    type: Literal["chat.slowed"] = "chat.slowed"
    seconds: int


class Typing(Signal):
    """Somebody writes, or has stopped; told to who is where they are."""

    type: Literal["typing"] = "typing"
    on: Flag

    def place(self, room: "RoomState", context: Context) -> str | None:
        standing = acting_standing(room, context)
        if not standing.admitted:
            raise Refused("participant.not_admitted", "you have not been let in")
        return standing.room


SIGNALS = (Typing,)
COMMANDS = (SendMessage, EditMessage, DeleteMessage, React, PinMessage, LockChat, SlowChat)
EVENTS: tuple[type[Event], ...] = (
    MessageSent,
    MessageEdited,
    MessageDeleted,
    MessageReacted,
    MessagePinned,
    MessageUnpinned,
    ChatLocked,
    ChatSlowed,
)


# -- Deciding --


def decide_send(room: "RoomState", command: SendMessage, context: Context) -> list[Event]:
    moderator = moderates(room, context)
    user = _writer(room, context, moderator)
    _, ledger = _slices(room)
    if command.to is not None:
        _require_audience(room, command.to, context)
    if not moderator:
        _require_turn(room, user, context.at)
    if len(ledger.places) >= MESSAGES_MAX:
        raise Refused("limit_reached", f"a session holds {MESSAGES_MAX} messages")
    if command.to is not None and command.room is not None:
        raise Refused("bad_request", "a message to some is in no room")
    place = place_of(room, context, command.room) if command.to is None else None
    if command.reply_to is not None:
        _require_quotable(room, command.reply_to, channel_of(user, command.to, place), context)
    return [
        MessageSent(
            message_id=context.new_id(), text=command.text, reply_to=command.reply_to, to=command.to, room=place
        )
    ]


def _require_quotable(room: "RoomState", message_id: str, channel: str, context: Context) -> None:
    quoted = _find(room, message_id, context)
    among_few = channel == STAFF or is_direct(channel)
    if quoted.channel != channel and not (among_few and quoted.channel == EVERYONE):
        raise Refused("bad_request", "a reply stays among those who can read what it quotes")


def decide_edit(room: "RoomState", command: EditMessage, context: Context) -> list[Event]:
    user = _writer(room, context, moderates(room, context))
    message = _find(room, command.message_id, context)
    if message.sender != user:
        raise Refused("forbidden", "only its writer edits a message")
    if message.text == command.text:
        return []
    _require_rows_left(room, message)
    return [MessageEdited.of(message, text=command.text)]


def decide_delete(room: "RoomState", command: DeleteMessage, context: Context) -> list[Event]:
    user = _member(room, context, moderates(room, context))
    message = _find(room, command.message_id, context, also_deleted=True)
    if message.sender != user:
        require_moderator(room, context)
    if message.deleted:
        return []
    _, ledger = _slices(room)
    return [MessageDeleted.of(message, seqs=ledger.places[message.id].rows)]


def decide_react(room: "RoomState", command: React, context: Context) -> list[Event]:
    user = _member(room, context, moderates(room, context))
    message = _find(room, command.message_id, context)
    if (user in message.reactions.get(command.emoji, ())) == command.on:
        return []
    return [MessageReacted.of(message, emoji=command.emoji, on=command.on)]


def decide_pin(room: "RoomState", command: PinMessage, context: Context) -> list[Event]:
    require_moderator(room, context)
    _member(room, context, True)
    message = _find(room, command.message_id, context)
    if is_direct(message.channel):
        raise Refused("bad_request", "direct messages are not pinned")
    chat, _ = _slices(room)
    pins = chat.channels[message.channel].pins
    if any(each.message_id == message.id for each in pins) == command.pinned:
        return []
    if not command.pinned:
        return [MessageUnpinned.of(message)]
    if len(pins) >= PINS_MAX:
        raise Refused("limit_reached", f"at most {PINS_MAX} messages are pinned")
    _require_rows_left(room, message)
    return [MessagePinned.of(message, text=message.text, sent_seq=message.seq, sent_at=message.at)]


def decide_lock(room: "RoomState", command: LockChat, context: Context) -> list[Event]:
    require_moderator(room, context)
    require_feature(room, FeatureType.CHAT)
    require_running(room, moderator=True)
    chat, _ = _slices(room)
    return [] if chat.locked == command.locked else [ChatLocked(locked=command.locked)]


def decide_slow(room: "RoomState", command: SlowChat, context: Context) -> list[Event]:
    require_moderator(room, context)
    require_feature(room, FeatureType.CHAT)
    require_running(room, moderator=True)
    return [] if slow_seconds(room) == command.seconds else [ChatSlowed(seconds=command.seconds)]


def slow_seconds(room: "RoomState") -> int:
    """As a moderator said, else as the session was set up; what is no number of seconds there counts as none."""
    chat, _ = _slices(room)
    if chat.slow_seconds is not None:
        return chat.slow_seconds
    feature = room.lifecycle.feature(FeatureType.CHAT)
    configured = feature.config.get("slowSeconds") if feature is not None else None
    if not isinstance(configured, int) or isinstance(configured, bool):
        return 0
    return min(max(configured, 0), SLOW_MAX_S)


def _slices(room: "RoomState") -> tuple[Chat, Ledger]:
    assert room.chat is not None and room.chat.ledger is not None
    return room.chat, room.chat.ledger


def _member(room: "RoomState", context: Context, moderator: bool) -> UserId:
    """`moderator`: whether the actor moderates."""
    user = require_member(room, context)
    require_feature(room, FeatureType.CHAT)
    require_running(room, moderator=moderator)
    return user


def _writer(room: "RoomState", context: Context, moderator: bool) -> UserId:
    user = _member(room, context, moderator)
    chat, _ = _slices(room)
    if chat.locked and not moderator:
        raise Refused("chat.locked", "a moderator locked the chat")
    return user


def _require_audience(room: "RoomState", to: str, context: Context) -> None:
    if to == STAFF:
        if not moderates(room, context):
            raise Refused("forbidden", "only staff write to staff; write to one of them instead")
        return
    if to == context.actor:
        raise Refused("bad_request", "that is you")
    if role_of(room, UserId(to)) is None:
        raise Refused("not_found", "nobody of this id is in the session")
    among_peers = not (moderates(room, context) or is_staff(room, UserId(to)))
    if among_peers and require_feature(room, FeatureType.CHAT).config.get("direct") is False:
        raise Refused("feature_off", "participants write directly to staff only")


def _require_turn(room: "RoomState", user: UserId, at: datetime) -> None:
    _, ledger = _slices(room)
    pause_s, last = slow_seconds(room), ledger.spoke_at.get(user)
    if not pause_s or last is None:
        return
    wait = last + timedelta(seconds=pause_s) - at
    if wait > timedelta(0):
        raise Refused("chat.slow", "slow mode is on", retry_after_s=wait.total_seconds())


def _require_rows_left(room: "RoomState", message: Message) -> None:
    _, ledger = _slices(room)
    if len(ledger.places[message.id].rows) >= ROWS_MAX:
        raise Refused("limit_reached", "this message was changed too often")


def _find(room: "RoomState", message_id: str, context: Context, *, also_deleted: bool = False) -> Message:
    """What the actor may not read does not exist for them (attack 22)."""
    chat, ledger = _slices(room)
    place = ledger.places.get(message_id)
    if place is None or not reads(acting_standing(room, context), place.channel):
        raise Refused("not_found", "there is no such message")
    message = chat.channels[place.channel].messages[message_id]
    if message.deleted and not also_deleted:
        raise Refused("not_found", "this message was deleted")
    return message


# -- Applying; a view has no ledger, and perhaps not the message. --


def apply_sent(chat: Chat, recorded: Recorded) -> Chat:
    event, sender = recorded.event, recorded.actor
    assert isinstance(event, MessageSent)
    if sender is None:
        return chat
    key = channel_of(sender, event.to, event.room)
    message = Message(event.message_id, key, recorded.seq, recorded.at, sender, event.text, event.reply_to)
    before = chat.channels.get(key, NO_MESSAGES)
    channel = Channel(before.messages.set(message.id, message), before.pins)
    return Chat(chat.channels.set(key, channel), chat.locked, chat.slow_seconds, _noted(chat.ledger, message))


def _noted(ledger: Ledger | None, message: Message) -> Ledger | None:
    if ledger is None:
        return ledger
    places = ledger.places.set(message.id, Place(message.channel, (message.seq,)))
    return Ledger(places, ledger.spoke_at.set(message.sender, message.at))


def apply_edited(chat: Chat, recorded: Recorded) -> Chat:
    event = recorded.event
    assert isinstance(event, MessageEdited)
    key = channel_of(event.sender, event.to, event.room)
    chat = _change(_with_row(chat, event, recorded.seq), event, text=event.text, edited_at=recorded.at)
    pins = (
        replace(each, text=event.text) if each.message_id == event.message_id else each for each in _pins(chat, key)
    )
    return _with_pins(chat, key, tuple(pins))


def apply_deleted(chat: Chat, recorded: Recorded) -> Chat:
    event = recorded.event
    assert isinstance(event, MessageDeleted)
    chat = _change(chat, event, text="", edited_at=None, deleted=True, reactions={})
    return _unpinned(chat, event)


def apply_reacted(chat: Chat, recorded: Recorded) -> Chat:
    event, user = recorded.event, recorded.actor
    assert isinstance(event, MessageReacted)
    message = _held(chat, event)
    if message is None or user is None:
        return chat
    people = tuple(each for each in message.reactions.get(event.emoji, ()) if each != user)
    reactions = {**message.reactions, event.emoji: (*people, user) if event.on else people}
    return _change(chat, event, reactions={emoji: held for emoji, held in reactions.items() if held})


def apply_pinned(chat: Chat, recorded: Recorded) -> Chat:
    event = recorded.event
    assert isinstance(event, MessagePinned)
    key = channel_of(event.sender, event.to, event.room)
    pin = Pin(event.message_id, event.sent_seq, event.sent_at, event.sender, event.text)
    return _with_pins(_with_row(chat, event, recorded.seq), key, (*_pins(chat, key), pin))


def apply_unpinned(chat: Chat, recorded: Recorded) -> Chat:
    assert isinstance(recorded.event, MessageUnpinned)
    return _unpinned(chat, recorded.event)


def apply_erased(chat: Chat, recorded: Recorded) -> Chat:
    """Their messages leave empty slots, as deleted ones do."""
    assert isinstance(recorded.event, PersonErased)
    user = recorded.event.user_id
    channels = {key: _without_words_of(each, user) for key, each in chat.channels.items()}
    return replace(chat, channels=chat.channels.update(channels))


def _without_words_of(channel: Channel, user: UserId) -> Channel:
    messages = channel.messages
    for each in [each for each in messages.values() if each.sender == user and not each.deleted]:
        messages = messages.set(each.id, replace(each, text="", edited_at=None, deleted=True, reactions={}))
    return Channel(messages, tuple(each for each in channel.pins if each.sender != user))


def apply_locked(chat: Chat, recorded: Recorded) -> Chat:
    assert isinstance(recorded.event, ChatLocked)
    return replace(chat, locked=recorded.event.locked)


def apply_slowed(chat: Chat, recorded: Recorded) -> Chat:
    assert isinstance(recorded.event, ChatSlowed)
    return replace(chat, slow_seconds=recorded.event.seconds)


def _held(chat: Chat, event: AboutMessage) -> Message | None:
    channel = chat.channels.get(channel_of(event.sender, event.to, event.room))
    return channel.messages.get(event.message_id) if channel is not None else None


def _change(chat: Chat, event: AboutMessage, **fields: Any) -> Chat:
    message = _held(chat, event)
    if message is None:
        return chat
    channel = chat.channels[message.channel]
    channel = replace(channel, messages=channel.messages.set(message.id, replace(message, **fields)))
    return replace(chat, channels=chat.channels.set(message.channel, channel))


def _with_row(chat: Chat, event: AboutMessage, seq: int) -> Chat:
    """The event's row holds words of the message too."""
    ledger = chat.ledger
    place = ledger.places.get(event.message_id) if ledger is not None else None
    if ledger is None or place is None:
        return chat
    places = ledger.places.set(event.message_id, replace(place, rows=(*place.rows, seq)))
    return replace(chat, ledger=replace(ledger, places=places))


def _pins(chat: Chat, key: str) -> tuple[Pin, ...]:
    return chat.channels[key].pins if key in chat.channels else ()


def _with_pins(chat: Chat, key: str, pins: tuple[Pin, ...]) -> Chat:
    if pins == _pins(chat, key):
        return chat
    channel = chat.channels.get(key, NO_MESSAGES)
    return replace(chat, channels=chat.channels.set(key, replace(channel, pins=pins)))


def _unpinned(chat: Chat, event: AboutMessage) -> Chat:
    key = channel_of(event.sender, event.to, event.room)
    return _with_pins(chat, key, tuple(each for each in _pins(chat, key) if each.message_id != event.message_id))


# -- What others see, what is forgotten --


def view(chat: Chat, standing: Standing) -> Chat | None:
    if not standing.admitted:
        return None
    channels = BucketMap((key, channel) for key, channel in chat.channels.items() if reads(standing, key))
    return replace(chat, channels=channels, ledger=None)


def window(chat: Chat) -> Chat:
    return replace(chat, channels=BucketMap((key, _latest(key, each)) for key, each in chat.channels.items()))


def _latest(key: str, channel: Channel) -> Channel:
    count = WINDOW_DIRECT_MESSAGES if is_direct(key) else WINDOW_MESSAGES
    return replace(channel, messages=channel.messages.latest(count))


def listed(chat: Chat) -> Sequence[Message]:
    """All channels of a view together, oldest first."""
    return list(merge(*(each.messages.values() for each in chat.channels.values()), key=lambda message: message.seq))


def visible(recorded: Recorded, standing: Standing) -> Recorded | None:
    channel = _channel(recorded)
    seen = standing.admitted if channel is None else reads(standing, channel)
    return recorded if seen else None


def parties(recorded: Recorded) -> frozenset[UserId]:
    channel = _channel(recorded)
    return frozenset(map(UserId, channel.split(":"))) if channel is not None and is_direct(channel) else frozenset()


def _channel(recorded: Recorded) -> str | None:
    match recorded.event:
        case MessageSent(to=to, room=room):
            return channel_of(recorded.actor, to, room)
        case AboutMessage(sender=sender, to=to, room=room):
            return channel_of(sender, to, room)
        case _:
            return None


def effects(room: "RoomState", recorded: Recorded) -> tuple[Effect, ...]:
    event = recorded.event
    assert isinstance(event, MessageDeleted)
    return (Blank(event.seqs),) if event.seqs else ()


def blank(event: Event) -> Event:
    return event.model_copy(update={"text": ""}) if "text" in type(event).model_fields else event


def forget(recorded: Recorded, user: UserId) -> Event:
    """A pin holds the words of another than who pinned."""
    event = recorded.event
    return blank(event) if (event.sender if isinstance(event, AboutMessage) else recorded.actor) == user else event


FEATURE = Feature(
    name="chat",
    start=Chat(),
    decide={
        SendMessage: decide_send,
        EditMessage: decide_edit,
        DeleteMessage: decide_delete,
        React: decide_react,
        PinMessage: decide_pin,
        LockChat: decide_lock,
        SlowChat: decide_slow,
    },
    apply={
        MessageSent: apply_sent,
        MessageEdited: apply_edited,
        MessageDeleted: apply_deleted,
        MessageReacted: apply_reacted,
        MessagePinned: apply_pinned,
        MessageUnpinned: apply_unpinned,
        ChatLocked: apply_locked,
        ChatSlowed: apply_slowed,
        PersonErased: apply_erased,
    },
    own_events=EVENTS,
    view=view,
    window=window,
    visible=visible,
    parties=parties,
    effects={MessageDeleted: effects},
    blank=blank,
    forget=forget,
    listed=listed,
    signals=SIGNALS,
)
