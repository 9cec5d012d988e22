"""The stage: what the host features for all, from which anybody may look away (pages.md).

Holds what is shown and since when, never the thing itself: its feature keeps that. A poll that staff open takes the
stage by itself; what everybody cannot know is never shown there. Whatever learns to be shown later adds itself to SHOWABLE.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from rooms.feature import Command, Context, Event, Feature, Recorded
from rooms.ids import AnyId
from rooms.lifecycle import require_running
from rooms.people import require_moderator
from rooms.poll_book import PollOpened, PollStatus
from rooms.questions import SHOWN, QuestionDismissed, QuestionMerged, QuestionVanished, QuestionWithdrawn
from rooms.refusal import Refused

if TYPE_CHECKING:
    from rooms.room import RoomState

Kind = Literal["nothing", "poll", "question"]


@dataclass(frozen=True, slots=True)
class Stage:
    """`target` is the id of the thing, None for nothing."""

    kind: Kind = "nothing"
    target: str | None = None
    since: datetime | None = None


class ShowOnStage(Command):
    type: Literal["stage.show"] = "stage.show"
    kind: Kind
    target: AnyId | None = None


class StageShown(Event):
    type: Literal["stage.shown"] = "stage.shown"
    kind: Kind
    target: AnyId | None = None


COMMANDS = (ShowOnStage,)
EVENTS: tuple[type[Event], ...] = (StageShown,)


def _poll_is_known(room: "RoomState", poll_id: str) -> bool:
    poll = room.polls.polls.get(poll_id) if room.polls is not None else None
    return poll is not None and poll.status is not PollStatus.DRAFT


def _question_is_known(room: "RoomState", question_id: str) -> bool:
    question = room.questions.questions.get(question_id) if room.questions is not None else None
    return question is not None and question.state in SHOWN


# Whether everybody in the room knows the thing of this id.
SHOWABLE: Mapping[str, Callable[["RoomState", str], bool]] = {"poll": _poll_is_known, "question": _question_is_known}


def decide_show(room: "RoomState", command: ShowOnStage, context: Context) -> list[Event]:
    require_moderator(room, context)
    require_running(room, moderator=True)
    if (command.target is None) != (command.kind == "nothing"):
        raise Refused("bad_request", "name the thing to show, or show nothing")
    if command.target is not None and not SHOWABLE[command.kind](room, command.target):
        raise Refused("not_found", f"there is no such {command.kind} that everybody may see")
    assert room.stage is not None
    if (room.stage.kind, room.stage.target) == (command.kind, command.target):
        return []
    return [StageShown(kind=command.kind, target=command.target)]


def apply_shown(stage: Stage, recorded: Recorded) -> Stage:
    event = recorded.event
    assert isinstance(event, StageShown)
    return Stage(event.kind, event.target, recorded.at)


def apply_opened(stage: Stage, recorded: Recorded) -> Stage:
    event = recorded.event
    assert isinstance(event, PollOpened)
    return Stage("poll", event.poll_id, recorded.at) if event.show else stage


def apply_gone(stage: Stage, recorded: Recorded) -> Stage:
    """A question that peers no longer have leaves the stage; to them it vanishes by another name."""
    event = recorded.event
    assert isinstance(event, QuestionDismissed | QuestionMerged | QuestionWithdrawn | QuestionVanished)
    gone = (stage.kind, stage.target) == ("question", event.question_id)
    return Stage(since=recorded.at) if gone else stage


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
    },
    own_events=EVENTS,
    view=lambda stage, standing: stage if standing.admitted else None,
)
