"""Course, its staff and its modules (B033-B065)."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import StringConstraints

from persistence.models.bootcamp.words import Count, Lines, Name, Tags, Text
from rooms.feature import Flag, Line, Wire
from rooms.ids import AnyId, UserIdField


class Difficulty(StrEnum):
    BEGINNER = "beginner"
    INTERMEDIATE = "intermediate"
    ADVANCED = "advanced"


class CourseType(StrEnum):
    CORE = "core"
    ELECTIVE = "elective"
    WORKSHOP = "workshop"
    CAPSTONE = "capstone"


class ModuleType(StrEnum):
    LECTURE = "lecture"
    WORKSHOP = "workshop"
    PROJECT = "project"
    ASSESSMENT = "assessment"
    DISCUSSION = "discussion"


class CourseRole(StrEnum):
    INSTRUCTOR = "instructor"
    ASSISTANT = "assistant"


Slug = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Summary = Annotated[Line, StringConstraints(max_length=500)]
Category = Annotated[Line, StringConstraints(max_length=100)]


class NewCourse(Wire):
    title: Name
    slug: Slug
    description: Text
    short_description: Summary | None = None
    learning_outcomes: Lines = ()
    prerequisites: Lines = ()
    difficulty_level: Difficulty = Difficulty.BEGINNER
    estimated_duration_hours: Count
    course_type: CourseType = CourseType.CORE
    category: Category | None = None
    tags: Tags = ()
    featured: Flag = False


class CourseChange(NewCourse):
    """`slug`: until the course is published for the first time."""

    title: Name = ""
    slug: Slug = ""
    description: Text = ""
    estimated_duration_hours: Count = 1


class Course(Wire):
    id: AnyId
    title: str
    slug: str
    description: str
    short_description: str | None
    learning_outcomes: tuple[str, ...]
    prerequisites: tuple[str, ...]
    difficulty_level: Difficulty
    estimated_duration_hours: int
    course_type: CourseType
    category: str | None
    tags: tuple[str, ...]
    featured: bool
    published: bool
    published_at: datetime | None
    created_by: UserIdField | None
    created_at: datetime
    updated_at: datetime


class NewCourseStaff(Wire):
    user_id: UserIdField
    role: CourseRole = CourseRole.ASSISTANT


class CourseStaff(Wire):
    course_id: AnyId
    user_id: UserIdField
    role: CourseRole
    created_at: datetime


class CourseModuleChange(Wire):
    title: Name = ""
    description: Text | None = None
    module_order: Count = 1
    estimated_duration_hours: Count | None = None
    learning_objectives: Lines = ()
    module_type: ModuleType = ModuleType.LECTURE
    is_required: Flag = True


class NewCourseModule(CourseModuleChange):
    course_id: AnyId
    title: Name
    module_order: Count


class CourseModule(Wire):
    id: AnyId
    course_id: AnyId
    title: str
    description: str | None
    module_order: int
    estimated_duration_hours: int | None
    learning_objectives: tuple[str, ...]
    module_type: ModuleType
    is_required: bool
    created_at: datetime
    updated_at: datetime
