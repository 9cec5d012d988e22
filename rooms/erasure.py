"""Somebody is erased from a session (domain.md 4.6): their words go, their acts stay under an id that names nobody any more.

Here is only what is asked and what is said of it. Each feature listens to `person.erased` and takes its own words out, of its slice by
`apply` and of the log's rows by `forget`, so that the log without the words folds to the same state.
"""

from typing import TYPE_CHECKING, ClassVar, Literal

from rooms.feature import Command, Context, Event
from rooms.ids import UserIdField
from rooms.people import PersonErased
from rooms.questions import blanked_questions

if TYPE_CHECKING:
    from rooms.room import RoomState


class ErasePerson(Command):
    """Also long after the end. Asked twice it takes out what was said meanwhile."""

    internal: ClassVar[bool] = True
    type: Literal["person.erase"] = "person.erase"
    user_id: UserIdField


def decide_erase(room: "RoomState", command: ErasePerson, context: Context) -> list[Event]:
    return [PersonErased(user_id=command.user_id), *blanked_questions(room, command.user_id)]
