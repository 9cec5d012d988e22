"""Raised hands in their order, and reactions that pass by (field.md B, 20).

A hand is raised "to this point" or for something new, seen wherever people are. The state keeps the order of raising; those
to the point are shown first. A reaction is seen where it was sent.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from rooms.admission import ParticipantBanned, ParticipantRemoved
from rooms.feature import Command, Context, Event, Feature, Flag, InRoom, Recorded, Standing
from rooms.ids import UserId, UserIdField
from rooms.lifecycle import require_running
from rooms.participants import ParticipantLeft
from rooms.people import moderates, require_member, require_moderator
from rooms.places import place_of

if TYPE_CHECKING:
    from rooms.room import RoomState

Emoji = Literal["👍", "👏", "❤️", "😂", "😮", "🎉", "🤔", "✅", "❌"]


@dataclass(frozen=True, slots=True)
class Hand:
    user: UserId
    to_point: bool
    since: datetime


@dataclass(frozen=True, slots=True)
class Hands:
    raised: tuple[Hand, ...] = ()

    def get(self, user: UserId) -> Hand | None:
        return next((each for each in self.raised if each.user == user), None)


class RaiseHand(Command):
    type: Literal["hand.raise"] = "hand.raise"
    to_point: Flag = False


class LowerHand(Command):
    """One's own, or as a moderator anybody's."""

    type: Literal["hand.lower"] = "hand.lower"
    user_id: UserIdField | None = None


class SendReaction(Command):
    type: Literal["reaction.send"] = "reaction.send"
    emoji: Emoji


class HandRaised(Event):
    type: Literal["hand.raised"] = "hand.raised"
    user_id: UserIdField
    to_point: bool


class HandLowered(Event):
    type: Literal["hand.lowered"] = "hand.lowered"
    user_id: UserIdField


class ReactionSent(InRoom):
    type: Literal["reaction.sent"] = "reaction.sent"
    emoji: str


COMMANDS = (RaiseHand, LowerHand, SendReaction)
EVENTS: tuple[type[Event], ...] = (HandRaised, HandLowered, ReactionSent)


def decide_raise(room: "RoomState", command: RaiseHand, context: Context) -> list[Event]:
    user = require_member(room, context)
    require_running(room, moderator=moderates(room, context))
    assert room.hands is not None
    held = room.hands.get(user)
    if held is not None and held.to_point == command.to_point:
        return []
    return [HandRaised(user_id=user, to_point=command.to_point)]


def decide_lower(room: "RoomState", command: LowerHand, context: Context) -> list[Event]:
    assert room.hands is not None
    whose = command.user_id or context.actor
    if whose != context.actor:
        require_moderator(room, context)
    else:
        whose = require_member(room, context)
    require_running(room, moderator=True)
    return [HandLowered(user_id=whose)] if whose is not None and room.hands.get(whose) else []


def decide_reaction(room: "RoomState", command: SendReaction, context: Context) -> list[Event]:
    require_member(room, context)
    require_running(room, moderator=moderates(room, context))
    return [ReactionSent(room=place_of(room, context), emoji=command.emoji)]


def apply_raised(hands: Hands, recorded: Recorded) -> Hands:
    event = recorded.event
    assert isinstance(event, HandRaised)
    others = tuple(each for each in hands.raised if each.user != event.user_id)
    return replace(hands, raised=(*others, Hand(event.user_id, event.to_point, recorded.at)))


def apply_lowered(hands: Hands, recorded: Recorded) -> Hands:
    """Also when its owner leaves or is removed."""
    user = getattr(recorded.event, "user_id", None)
    return replace(hands, raised=tuple(each for each in hands.raised if each.user != user))


def view(hands: Hands, standing: Standing) -> Hands | None:
    return hands if standing.admitted else None


FEATURE = Feature(
    name="hands",
    start=Hands(),
    decide={RaiseHand: decide_raise, LowerHand: decide_lower, SendReaction: decide_reaction},
    apply={
        HandRaised: apply_raised,
        HandLowered: apply_lowered,
        ParticipantLeft: apply_lowered,
        ParticipantRemoved: apply_lowered,
        ParticipantBanned: apply_lowered,
    },
    own_events=EVENTS,
    view=view,
)
