"""Who may be heard, and who spoke when (field.md B, attack 64).

Sound itself never comes here: media moves it and keeps to `may_be_heard`. Muting is a state of the session, so that it holds
on every server and over every reconnect; whoever comes back is as they were. Levels are signals, not events. So are captions:
whether there are any is a state, what they say is in no log.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import AwareDatetime, Field

from rooms.bucket_map import BucketMap
from rooms.feature import Command, Context, Event, Feature, Flag, InRoom, Moment, Recorded, Standing
from rooms.ids import AnyId, UserId, UserIdField
from rooms.lifecycle import OVER, require_open
from rooms.people import (
    is_staff,
    permissions_of,
    person_of,
    require_member,
    require_moderator,
    require_permission,
    role_of,
)
from rooms.places import acting_standing
from rooms.refusal import Refused
from rooms.roles import Permission

if TYPE_CHECKING:
    from rooms.room import RoomState

REPORT_MAX = timedelta(seconds=60)
MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Muted:
    """`by` themselves, a moderator, or the server (None)."""

    since: datetime
    by: UserId | None = None


@dataclass(frozen=True, slots=True)
class Spoken:
    """How long somebody has spoken in all, and until when that was told."""

    ms: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Sound:
    """Who is not muted is live as soon as their browser offers sound. `spoken` is for staff; None in anybody else's view.
    `captions`: what is said is written along, for everybody where they are.
    """

    muted: BucketMap[Muted] = field(default_factory=BucketMap)
    spoken: BucketMap[Spoken] | None = None
    captions: bool = False


def may_be_heard(room: "RoomState", user: UserId, at: datetime) -> bool:
    """Asked for everybody after every event, and obeyed from the next 20 ms on. Also in a pause: it is a break, not a silence."""
    sound = room.sound
    if sound is None or user in sound.muted or room.lifecycle.status in OVER:
        return False
    return Permission.SPEAK in permissions_of(room, user, at)


def may_be_captioned(room: "RoomState", user: UserId, at: datetime) -> bool:
    """Whether what somebody said a moment ago may be read now. Muting oneself ends a sentence (whoever holds a key to speak does it
    each time); a mute by somebody else, or a right that is gone, takes back what was not shown yet."""
    sound = room.sound
    if sound is None or not sound.captions or room.lifecycle.status in OVER:
        return False
    muted = sound.muted.get(user)
    return (muted is None or muted.by == user) and Permission.SPEAK in permissions_of(room, user, at)


# -- Commands --


class MuteAudio(Command):
    """Oneself; unmuting needs `can_speak`."""

    type: Literal["audio.mute"] = "audio.mute"
    muted: Flag


class MuteParticipant(Command):
    """One person, or without `userId` everybody in one's own place who is no staff. They may unmute themselves."""

    type: Literal["participant.mute"] = "participant.mute"
    user_id: UserIdField | None = None


class SwitchCaptions(Command):
    """For the whole session, until they are switched off. Nothing of what they say is kept."""

    type: Literal["captions.switch"] = "captions.switch"
    on: Flag


class AudioReport(Command):
    """Somebody was heard from then to then, in the main room or in a breakout room."""

    internal: ClassVar[bool] = True
    type: Literal["audio.report"] = "audio.report"
    user_id: UserIdField
    room: AnyId | None = None
    from_: Moment = Field(alias="from")
    to: Moment


# -- Events --


class AudioMuted(Event):
    type: Literal["audio.muted"] = "audio.muted"
    user_id: UserIdField
    muted: bool


class ParticipantMuted(Event):
    """By a moderator."""

    type: Literal["participant.muted"] = "participant.muted"
    user_ids: tuple[UserIdField, ...]


class CaptionsSwitched(Event):
    type: Literal["captions.switched"] = "captions.switched"
    on: bool


class ParticipantSpoke(InRoom):
    """At most one per speaker and 10 s; to the millisecond."""

    type: Literal["participant.spoke"] = "participant.spoke"
    user_id: UserIdField
    from_: AwareDatetime = Field(alias="from")
    to: AwareDatetime

    @property
    def ms(self) -> int:
        return (self.to - self.from_) // MILLISECOND


COMMANDS = (MuteAudio, MuteParticipant, SwitchCaptions)
INTERNAL = (AudioReport,)
EVENTS: tuple[type[Event], ...] = (AudioMuted, ParticipantMuted, ParticipantSpoke, CaptionsSwitched)


# -- Deciding --


def _sound_of(room: "RoomState") -> Sound:
    assert room.sound is not None
    return room.sound


def decide_mute(room: "RoomState", command: MuteAudio, context: Context) -> list[Event]:
    """Also before the start and in a pause: nobody has to stay live."""
    user = require_member(room, context, observers=True)
    require_open(room)
    if not command.muted:
        require_permission(room, context, Permission.SPEAK)
    if command.muted == (user in _sound_of(room).muted):
        return []
    return [AudioMuted(user_id=user, muted=command.muted)]


def decide_mute_participant(room: "RoomState", command: MuteParticipant, context: Context) -> list[Event]:
    require_moderator(room, context)
    require_open(room)
    if command.user_id is None:
        loud = _everybody_to_mute(room, context)
        return [ParticipantMuted(user_ids=loud)] if loud else []
    if role_of(room, command.user_id) is None:
        raise Refused("not_found", "nobody of this id is in the session")
    if command.user_id in _sound_of(room).muted:
        return []
    return [ParticipantMuted(user_ids=(command.user_id,))]


def _everybody_to_mute(room: "RoomState", context: Context) -> tuple[UserId, ...]:
    """Whoever is there and could speak up. Groups at work elsewhere are not silenced from here."""
    assert room.people is not None and room.breakouts is not None
    place, places = acting_standing(room, context).room, room.breakouts.places
    here = (
        each.user
        for each in room.people.persons.values()
        if each.present and places.get(each.user) == place and not is_staff(room, each.user)
    )
    return tuple(sorted(user for user in here if may_be_heard(room, user, context.at)))


def decide_captions(room: "RoomState", command: SwitchCaptions, context: Context) -> list[Event]:
    """Also before the start. Whether this server has an engine for them is not known here."""
    require_moderator(room, context)
    require_open(room)
    if command.on == _sound_of(room).captions:
        return []
    return [CaptionsSwitched(on=command.on)]


def decide_report(room: "RoomState", command: AudioReport, context: Context) -> list[Event]:
    """What was told already is not told again; nothing is told of the future, nor after the end, when scores stand."""
    if room.lifecycle.status in OVER or person_of(room, command.user_id) is None:
        return []
    spoken = _sound_of(room).spoken
    told = spoken.get(command.user_id) if spoken is not None else None
    start = _to_the_millisecond(max(command.from_, told.until) if told is not None else command.from_)
    end = _to_the_millisecond(min(command.to, context.at))
    start = max(start, end - REPORT_MAX)
    if end <= start:
        return []
    fields = {"room": command.room, "userId": command.user_id, "from": start, "to": end}
    return [ParticipantSpoke.model_validate(fields)]


def _to_the_millisecond(moment: datetime) -> datetime:
    """What every browser can reckon with."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


# -- Applying --


def apply_muted(sound: Sound, recorded: Recorded) -> Sound:
    event = recorded.event
    assert isinstance(event, AudioMuted)
    if not event.muted:
        return replace(sound, muted=sound.muted.drop(event.user_id))
    return replace(sound, muted=sound.muted.set(event.user_id, Muted(recorded.at, recorded.actor)))


def apply_muted_by_moderator(sound: Sound, recorded: Recorded) -> Sound:
    event = recorded.event
    assert isinstance(event, ParticipantMuted)
    muted = Muted(recorded.at, recorded.actor)
    return replace(sound, muted=sound.muted.update(dict.fromkeys(event.user_ids, muted)))


def apply_spoke(sound: Sound, recorded: Recorded) -> Sound:
    event = recorded.event
    assert isinstance(event, ParticipantSpoke)
    if sound.spoken is None:
        return sound
    before = sound.spoken.get(event.user_id)
    spoken = Spoken(event.ms + (before.ms if before is not None else 0), event.to)
    return replace(sound, spoken=sound.spoken.set(event.user_id, spoken))


def apply_captions(sound: Sound, recorded: Recorded) -> Sound:
    event = recorded.event
    assert isinstance(event, CaptionsSwitched)
    return replace(sound, captions=event.on)


# -- What others see: who is muted, and hears what is said where they are; how long each spoke is for staff. --


def view(sound: Sound, standing: Standing) -> Sound | None:
    if not standing.admitted:
        return None
    return sound if standing.staff else replace(sound, spoken=None)


FEATURE = Feature(
    name="sound",
    start=Sound(spoken=BucketMap()),
    decide={
        MuteAudio: decide_mute,
        MuteParticipant: decide_mute_participant,
        SwitchCaptions: decide_captions,
        AudioReport: decide_report,
    },
    apply={
        AudioMuted: apply_muted,
        ParticipantMuted: apply_muted_by_moderator,
        ParticipantSpoke: apply_spoke,
        CaptionsSwitched: apply_captions,
    },
    own_events=EVENTS,
    view=view,
)
