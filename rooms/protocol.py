"""The unions: every command somebody may submit, every event a log may hold, every signal that passes beside it. Nothing else."""

from typing import Annotated, Any, Union

from pydantic import Field, TypeAdapter

from rooms import (
    boards,
    breakouts,
    chat,
    hands,
    lifecycle,
    participants,
    polls,
    questions,
    recording,
    rights,
    sound,
    stage,
)
from rooms.feature import Command, Event, Signal

COMMAND_TYPES: tuple[type[Command], ...] = (
    *lifecycle.COMMANDS,
    *participants.COMMANDS,
    *rights.COMMANDS,
    *hands.COMMANDS,
    *polls.COMMANDS,
    *chat.COMMANDS,
    *questions.COMMANDS,
    *stage.COMMANDS,
    *breakouts.COMMANDS,
    *boards.COMMANDS,
    *sound.COMMANDS,
    *recording.COMMANDS,
)
INTERNAL_TYPES: tuple[type[Command], ...] = (
    *lifecycle.INTERNAL,
    *participants.INTERNAL,
    *rights.INTERNAL,
    *polls.INTERNAL,
    *breakouts.INTERNAL,
    *boards.INTERNAL,
    *sound.INTERNAL,
    *recording.INTERNAL,
)
EVENT_TYPES: tuple[type[Event], ...] = (
    *lifecycle.EVENTS,
    *participants.EVENTS,
    *rights.EVENTS,
    *hands.EVENTS,
    *polls.EVENTS,
    *chat.EVENTS,
    *questions.EVENTS,
    *stage.EVENTS,
    *breakouts.EVENTS,
    *boards.EVENTS,
    *sound.EVENTS,
    *recording.EVENTS,
)
SIGNAL_TYPES: tuple[type[Signal], ...] = (
    *chat.SIGNALS,
    *boards.SIGNALS,
)


def _one_of(kinds: tuple[type[Any], ...]) -> TypeAdapter[Any]:
    union: Any = Union[kinds]  # noqa: UP007 - there is no operator for a tuple of types
    return TypeAdapter(Annotated[union, Field(discriminator="type")])


COMMANDS = _one_of(COMMAND_TYPES)
ALL_COMMANDS = _one_of((*COMMAND_TYPES, *INTERNAL_TYPES))
EVENTS = _one_of(EVENT_TYPES)
SIGNALS = _one_of(SIGNAL_TYPES)
