"""Design projects, who works on them, and their files (B137-B177)."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo, field_validator

from persistence.models.bootcamp.words import Https, Inside, Name, Tag, Tags, Text
from rooms.feature import Flag, Line, Whole, Wire
from rooms.ids import AnyId, UserIdField


class ProjectType(StrEnum):
    INDIVIDUAL = "individual"
    PAIR = "pair"
    TEAM = "team"


class ProjectStatus(StrEnum):
    PLANNING = "planning"
    IN_PROGRESS = "in_progress"
    REVIEW = "review"
    COMPLETED = "completed"
    ARCHIVED = "archived"


class TeamRole(StrEnum):
    LEAD_DESIGNER = "lead_designer"
    UX_RESEARCHER = "ux_researcher"
    VISUAL_DESIGNER = "visual_designer"
    DEVELOPER = "developer"
    RESEARCHER = "researcher"


class AssetType(StrEnum):
    FIGMA_FILE = "figma_file"
    IMAGE = "image"
    DOCUMENT = "document"
    PROTOTYPE = "prototype"
    RESEARCH = "research"
    PRESENTATION = "presentation"


SEATS = {ProjectType.INDIVIDUAL: 1, ProjectType.PAIR: 2}  # D68; a team has as many as it says


def _file_name(name: str) -> str:
    if "/" in name or "\\" in name:
        raise ValueError("must be a name without folders")
    return name


FileName = Annotated[Name, AfterValidator(_file_name)]
Seats = Annotated[Whole, Field(ge=1, le=50)]


class Deliverable(Inside):
    """B148: what is expected, and in which format."""

    name: Annotated[Line, StringConstraints(max_length=200)]
    format: Tag | None = None
    description: Text | None = None
    is_required: Flag = True


Deliverables = Annotated[tuple[Deliverable, ...], Field(max_length=50)]


class NewProject(Wire):
    """`maxTeamSize` is 1 for an individual project and 2 for a pair, whatever is asked for otherwise is refused."""

    title: Name
    description: Text
    project_brief: Text | None = None
    course_id: AnyId | None = None
    module_id: AnyId | None = None
    project_type: ProjectType = ProjectType.TEAM
    max_team_size: Annotated[Seats | None, Field(validate_default=True)] = None
    client_organization: Name | None = None
    project_domain: Annotated[Line, StringConstraints(max_length=100)] | None = None
    technologies: Tags = ()
    deliverables: Deliverables = ()
    timeline_weeks: Annotated[Whole, Field(ge=1, le=520)] | None = None

    @field_validator("max_team_size")
    @classmethod
    def _of_its_type(cls, size: int | None, info: ValidationInfo) -> int:
        fixed = SEATS.get(info.data.get("project_type", ProjectType.TEAM))
        if fixed is not None and size not in (None, fixed):
            raise ValueError(f"is {fixed} for this type of project")
        return fixed or size or 4


class ProjectChange(Wire):
    title: Name = ""
    description: Text = ""
    project_brief: Text | None = None
    module_id: AnyId | None = None
    project_type: ProjectType = ProjectType.TEAM
    max_team_size: Seats = 4
    client_organization: Name | None = None
    project_domain: Annotated[Line, StringConstraints(max_length=100)] | None = None
    technologies: Tags = ()
    deliverables: Deliverables = ()
    timeline_weeks: Annotated[Whole, Field(ge=1, le=520)] | None = None
    status: ProjectStatus = ProjectStatus.PLANNING


class Project(Wire):
    id: AnyId
    title: str
    description: str
    project_brief: str | None
    course_id: AnyId | None
    module_id: AnyId | None
    project_type: ProjectType
    max_team_size: int
    client_organization: str | None
    project_domain: str | None
    technologies: tuple[str, ...]
    deliverables: tuple[Deliverable, ...]
    timeline_weeks: int | None
    status: ProjectStatus
    created_by: UserIdField | None
    created_at: datetime
    updated_at: datetime


class NewTeamMember(Wire):
    project_id: AnyId
    user_id: UserIdField
    role: TeamRole = TeamRole.RESEARCHER


class TeamMemberChange(Wire):
    """`contributionScore`: as the others value what somebody contributed, nobody's own to set. Who leaves is no longer active."""

    role: TeamRole = TeamRole.RESEARCHER
    is_active: Flag = True
    contribution_score: Annotated[float, Field(ge=0, le=5)] | None = None


class TeamMember(Wire):
    id: AnyId
    project_id: AnyId
    user_id: UserIdField
    role: TeamRole
    joined_at: datetime
    is_active: bool
    contribution_score: float | None


class NewAsset(Wire):
    """A file as it lies somewhere on the web. The same name again in one project is its next version."""

    project_id: AnyId
    asset_type: AssetType = AssetType.DOCUMENT
    file_name: FileName
    file_url: Https
    file_size_bytes: Annotated[Whole, Field(ge=0, le=2**53)] | None = None
    mime_type: Annotated[str, StringConstraints(pattern=r"^[a-z0-9.+-]+/[a-z0-9.+-]+$", max_length=100)] | None = None
    is_final: Flag = False
    description: Text | None = None
    tags: Tags = ()
    figma_file_key: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,255}$")] | None = None


class AssetChange(Wire):
    """What a version holds stays; another file is another version. Being final ends that of the version that was."""

    asset_type: AssetType = AssetType.DOCUMENT
    is_final: Flag = False
    description: Text | None = None
    tags: Tags = ()
    figma_file_key: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,255}$")] | None = None


class Asset(Wire):
    id: AnyId
    project_id: AnyId
    uploaded_by: UserIdField
    asset_type: AssetType
    file_name: str
    file_url: str
    file_size_bytes: int | None
    mime_type: str | None
    version: int
    is_final: bool
    description: str | None
    tags: tuple[str, ...]
    figma_file_key: str | None
    created_at: datetime
    updated_at: datetime
