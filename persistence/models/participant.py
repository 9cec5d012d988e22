"""SessionParticipant (W201-W223): who really took part, as projected from the log. Nobody writes one directly, so there is no
model of input."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from rooms.feature import Wire
from rooms.ids import AnyId, UserIdField
from rooms.roles import Permission, Role


class ParticipantMetadata(Wire):
    """W216-W220; the four counters are there from the start (D41). Later releases may add keys."""

    model_config = ConfigDict(extra="allow")

    total_time_minutes: Annotated[float, Field(ge=0)] = 0
    interaction_count: Annotated[int, Field(ge=0)] = 0
    questions_asked: Annotated[int, Field(ge=0)] = 0
    polls_answered: Annotated[int, Field(ge=0)] = 0
    connection_quality: Literal["good", "fair", "poor"] | None = None


class SessionParticipant(Wire):
    id: AnyId
    session_id: AnyId
    user_id: UserIdField
    joined_at: datetime  # first join
    left_at: datetime | None  # last leave; None while present
    role: Role
    permissions: tuple[Permission, ...]
    participation_score: Annotated[int, Field(ge=0, le=100)]
    metadata: ParticipantMetadata
    created_at: datetime
    updated_at: datetime
