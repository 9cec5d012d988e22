"""Design projects, their teams and their files (B137-B177). Whoever made a project or teaches its course says who works on it;
the team works on it and on its files (domain.md 4.2).
"""

from live.api.bootcamp.opening import Opened
from live.api.resource import Resource
from live.api.route import Family, Paging
from persistence.entities import Entity
from persistence.models.bootcamp.project import (
    Asset,
    AssetChange,
    AssetType,
    NewAsset,
    NewProject,
    NewTeamMember,
    Project,
    ProjectChange,
    ProjectStatus,
    TeamMember,
    TeamMemberChange,
)
from rooms.ids import AnyId, UserIdField

family = Family("projects", "Design projects of the bootcamp, who works on them, and their files.")


class ProjectFilter(Paging):
    course_id: AnyId | None = None
    module_id: AnyId | None = None
    status: ProjectStatus | None = None
    created_by: UserIdField | None = None


PROJECTS = Resource(
    family, "/bootcamp/projects", "project", Opened("bootcamp.design_projects", Project, soft=True, by="created_by")
)
PROJECTS.listed("Projects one made, works on or teaches, latest first.", ProjectFilter)
PROJECTS.read("One project.")
PROJECTS.made(
    "Begins a project; with a course, of one that one takes or teaches.",
    NewProject,
    given=lambda call, _body: {"created_by": call.user},
)
PROJECTS.changed(
    "Changes what is given; its state moves as projects do.", ProjectChange, refuses=("illegal_transition", "conflict")
)
PROJECTS.removed("Puts a project away; not for those who only work on it.")


class MemberFilter(Paging):
    project_id: AnyId | None = None
    user_id: UserIdField | None = None
    is_active: bool | None = None


MEMBERS = Resource(
    family,
    "/bootcamp/teams",
    "member",
    Entity("bootcamp.project_teams", TeamMember, order=("joined_at", "asc")),
)
MEMBERS.listed("Who works on the projects one knows of.", MemberFilter)
MEMBERS.read("One member of a team.")
MEMBERS.made(
    "Takes somebody into a team. A full team is a conflict; whoever is not of the project's course is not valid.",
    NewTeamMember,
    refuses=("conflict",),
)
MEMBERS.changed(
    "Changes what is given. Of one's own membership only that it ends, unless one leads the project.",
    TeamMemberChange,
    refuses=("conflict",),
)
MEMBERS.removed("Removes somebody who never worked on it; who did is better set inactive.")


class AssetFilter(Paging):
    project_id: AnyId | None = None
    asset_type: AssetType | None = None
    file_name: str | None = None
    is_final: bool | None = None
    tag: str | None = None


ASSETS = Resource(
    family,
    "/bootcamp/assets",
    "asset",
    Entity("bootcamp.design_assets", Asset, soft=True, conditions={"tag": "{} = ANY (tags)"}),
)
ASSETS.listed("Files of the projects one works on or leads, latest first.", AssetFilter)
ASSETS.read("One version of a file.")
ASSETS.made("Adds a file, or the next version of it.", NewAsset, given=lambda call, _body: {"uploaded_by": call.user})
ASSETS.changed("Changes what is given.", AssetChange)
ASSETS.removed("Puts a version away.")
