"""The stage: what the host features for all in a place, from which anybody may look away (pages.md).

The main room has one and so has every breakout room. Holds what is shown and since when, never the thing itself: its
feature keeps that. A poll that staff open takes the stage of its place by itself; what not everybody there can know is
never shown. Whatever learns to be shown later adds itself to SHOWABLE.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from rooms.board_book import BoardId, PageRemoved
from rooms.feature import Command, Context, Event, Feature, InRoom, Recorded, Standing
from rooms.ids import AnyId
from rooms.lifecycle import FeatureType, require_feature, require_running
from rooms.people import require_moderator
from rooms.places import PlaceName, place_of
from rooms.poll_book import PollOpened, PollStatus
from rooms.questions import SHOWN, QuestionDismissed, QuestionMerged, QuestionVanished, QuestionWithdrawn
from rooms.refusal import Refused

if TYPE_CHECKING:
    from rooms.room import RoomState

Kind = Literal["nothing", "poll", "question", "board", "breakouts"]
Target = BoardId | AnyId


@dataclass(frozen=True, slots=True)
class Shown:
    """`target` is the id of the thing, None for nothing and for all breakout rooms together."""

    kind: Kind = "nothing"
    target: str | None = None
    since: datetime | None = None


NOTHING = Shown()


@dataclass(frozen=True, slots=True)
class Stage:
    """`kind`, `target` and `since` are the main room's; `rooms` the stages of breakout rooms that ever showed something."""

    kind: Kind = "nothing"
    target: str | None = None
    since: datetime | None = None
    rooms: Mapping[str, Shown] = field(default_factory=dict)

    def of(self, place: str | None) -> Shown:
        return Shown(self.kind, self.target, self.since) if place is None else self.rooms.get(place, NOTHING)

    def turned(self, place: str | None, shown: Shown) -> "Stage":
        if place is None:
            return Stage(shown.kind, shown.target, shown.since, self.rooms)
        return replace(self, rooms={**self.rooms, place: shown})


class ShowOnStage(Command):
    """On the stage of one's own place, or of the one named."""

    type: Literal["stage.show"] = "stage.show"
    kind: Kind
    target: Target | None = None
    room: PlaceName | None = None


class StageShown(InRoom):
    type: Literal["stage.shown"] = "stage.shown"
    kind: Kind
    target: Target | None = None


COMMANDS = (ShowOnStage,)
EVENTS: tuple[type[Event], ...] = (StageShown,)


def _poll_is_known(room: "RoomState", poll_id: str, place: str | None) -> bool:
    poll = room.polls.polls.get(poll_id) if room.polls is not None else None
    return poll is not None and poll.room == place and poll.status is not PollStatus.DRAFT


def _question_is_known(room: "RoomState", question_id: str, place: str | None) -> bool:
    question = room.questions.questions.get(question_id) if room.questions is not None else None
    return question is not None and question.room == place and question.state in SHOWN


def _board_is_known(room: "RoomState", board_id: str, place: str | None) -> bool:
    page = room.boards.pages.get(board_id) if room.boards is not None else None
    return page is not None and page.room == place


def _set_is_known(room: "RoomState", set_id: str, place: str | None) -> bool:
    made = room.breakouts.sets.get(set_id) if room.breakouts is not None else None
    return made is not None and made.status != "planned"


# Whether everybody in a place knows the thing of this id.
SHOWABLE: Mapping[str, Callable[["RoomState", str, str | None], bool]] = {
    "poll": _poll_is_known,
    "question": _question_is_known,
    "board": _board_is_known,
    "breakouts": _set_is_known,
}
NEEDS: Mapping[str, FeatureType] = {"board": FeatureType.WHITEBOARD, "breakouts": FeatureType.BREAKOUT}


def decide_show(room: "RoomState", command: ShowOnStage, context: Context) -> list[Event]:
    require_moderator(room, context)
    require_running(room, moderator=True)
    if command.kind in NEEDS:
        require_feature(room, NEEDS[command.kind])
    place = place_of(room, context, command.room)
    _require_showable(room, command, place)
    assert room.stage is not None
    now = room.stage.of(place)
    if (now.kind, now.target) == (command.kind, command.target):
        return []
    return [StageShown(room=place, kind=command.kind, target=command.target)]


def _require_showable(room: "RoomState", command: ShowOnStage, place: str | None) -> None:
    """All breakout rooms together need no name."""
    if command.target is None:
        if command.kind not in ("nothing", "breakouts"):
            raise Refused("bad_request", "name the thing to show, or show nothing")
    elif command.kind == "nothing":
        raise Refused("bad_request", "name the thing to show, or show nothing")
    elif not SHOWABLE[command.kind](room, command.target, place):
        raise Refused("not_found", f"there is no such {command.kind} that everybody there may see")


def apply_shown(stage: Stage, recorded: Recorded) -> Stage:
    event = recorded.event
    assert isinstance(event, StageShown)
    return stage.turned(event.room, Shown(event.kind, event.target, recorded.at))


def apply_opened(stage: Stage, recorded: Recorded) -> Stage:
    event = recorded.event
    assert isinstance(event, PollOpened)
    return stage.turned(event.room, Shown("poll", event.poll_id, recorded.at)) if event.show else stage


def apply_gone(stage: Stage, recorded: Recorded) -> Stage:
    """A question that peers no longer have leaves the stage; to them it vanishes by another name."""
    event = recorded.event
    assert isinstance(event, QuestionDismissed | QuestionMerged | QuestionWithdrawn | QuestionVanished)
    return _without(stage, event.room, "question", event.question_id, recorded)


def apply_page_removed(stage: Stage, recorded: Recorded) -> Stage:
    event = recorded.event
    assert isinstance(event, PageRemoved)
    return _without(stage, event.room, "board", event.board_id, recorded)


def _without(stage: Stage, place: str | None, kind: Kind, target: str, recorded: Recorded) -> Stage:
    now = stage.of(place)
    gone = (now.kind, now.target) == (kind, target)
    return stage.turned(place, Shown(since=recorded.at)) if gone else stage


def view(stage: Stage, standing: Standing) -> Stage | None:
    if not standing.admitted:
        return None
    here = {place: shown for place, shown in stage.rooms.items() if standing.is_in(place)}
    return replace(stage if standing.is_in(None) else Stage(), rooms=here)


FEATURE = Feature(
    name="stage",
    start=Stage(),
    decide={ShowOnStage: decide_show},
    apply={
        StageShown: apply_shown,
        PollOpened: apply_opened,
        QuestionDismissed: apply_gone,
        QuestionMerged: apply_gone,
        QuestionWithdrawn: apply_gone,
        QuestionVanished: apply_gone,
        PageRemoved: apply_page_removed,
    },
    own_events=EVENTS,
    view=view,
)
