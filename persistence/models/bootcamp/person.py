"""User and UserProfile of the bootcamp (B001-B032): who somebody is as a learner. E-mail and name are the account's; what else
identifies a person is encrypted at rest."""

from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema

from persistence.entities import SEALED
from persistence.models.bootcamp.words import Https, Inside, Lines, Text
from rooms.feature import Flag, Line, Plain, Wire
from rooms.ids import AnyId, UserIdField

HOURS = 24
TOOLS_MAX = 50


class DesignExperience(StrEnum):
    BEGINNER = "beginner"
    INTERMEDIATE = "intermediate"
    ADVANCED = "advanced"
    EXPERT = "expert"


class LearningStyle(StrEnum):
    VISUAL = "visual"
    AUDITORY = "auditory"
    KINESTHETIC = "kinesthetic"
    READING = "reading"


class Weekday(StrEnum):
    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


class Location(Inside):
    country: Line | None = None
    region: Line | None = None
    city: Line | None = None


class ProfessionalBackground(Inside):
    current_role: Line | None = None
    experience_years: Annotated[float, Field(strict=True, ge=0, le=100)] | None = None
    industry: Line | None = None


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("is not a time zone of the IANA database")
    return name


def _as_windows(hours: Any) -> Any:
    """D80: the document writes one window as [9, 17]; several are a list of such."""
    single = isinstance(hours, list) and len(hours) == 2 and not any(isinstance(each, list) for each in hours)
    return [hours] if single else hours


def _apart(windows: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    in_order = tuple(sorted(windows))
    if any(start >= end for start, end in in_order):
        raise ValueError("a window ends after it has begun")
    if any(before[1] > after[0] for before, after in pairwise(in_order)):
        raise ValueError("two windows overlap")
    return in_order


Zone = Annotated[str, StringConstraints(max_length=50), AfterValidator(_known_zone)]
Hour = Annotated[float, Field(strict=True, ge=0, le=HOURS)]
PAIR = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
Windows = Annotated[
    tuple[tuple[Hour, Hour], ...],
    Field(max_length=HOURS),
    BeforeValidator(_as_windows),
    AfterValidator(_apart),
    WithJsonSchema({"anyOf": [PAIR, {"type": "array", "items": PAIR, "maxItems": HOURS}]}),
]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")]
Skill = Annotated[int, Field(strict=True, ge=0, le=10)]


class BootcampUserChange(Wire):
    avatar_url: Https | None = None
    bio: Text | None = None
    location: Location | None = None
    professional_background: ProfessionalBackground | None = None
    design_experience_level: DesignExperience | None = None
    agricultural_experience: Plain | None = None
    language_preferences: Annotated[tuple[Language, ...], Field(max_length=20)] = ()
    timezone: Zone = "UTC"


class BootcampUser(Wire):
    id: UserIdField
    fataplus_user_id: AnyId
    avatar_url: Annotated[str | None, SEALED]
    bio: Annotated[str | None, SEALED]
    location: Annotated[Location | None, SEALED]
    professional_background: Annotated[ProfessionalBackground | None, SEALED]
    design_experience_level: DesignExperience | None
    agricultural_experience: Annotated[Plain | None, SEALED]
    language_preferences: tuple[str, ...]
    timezone: str
    is_active: bool
    last_login_at: datetime | None
    created_at: datetime
    updated_at: datetime


class NewProfile(Wire):
    """`designToolsProficiency`: 0 to 10 by tool. `availabilityHours`: windows by weekday, in the person's own time zone."""

    portfolio_url: Https | None = None
    linkedin_url: Https | None = None
    github_url: Https | None = None
    design_tools_proficiency: Annotated[
        dict[Annotated[Line, StringConstraints(max_length=50)], Skill], Field(max_length=TOOLS_MAX)
    ] = Field(default_factory=dict)
    agricultural_domains: Annotated[
        dict[Annotated[Line, StringConstraints(max_length=50)], Flag], Field(max_length=TOOLS_MAX)
    ] = Field(default_factory=dict)
    learning_goals: Lines = ()
    preferred_learning_style: LearningStyle | None = None
    availability_hours: dict[Weekday, Windows] = Field(default_factory=dict)
    mentorship_availability: Flag = False


class Profile(Wire):
    id: AnyId
    user_id: UserIdField
    portfolio_url: Annotated[str | None, SEALED]
    linkedin_url: Annotated[str | None, SEALED]
    github_url: Annotated[str | None, SEALED]
    design_tools_proficiency: dict[str, int]
    agricultural_domains: dict[str, bool]
    learning_goals: tuple[str, ...]
    preferred_learning_style: LearningStyle | None
    availability_hours: dict[Weekday, tuple[tuple[float, float], ...]]
    mentorship_availability: bool
    created_at: datetime
    updated_at: datetime
