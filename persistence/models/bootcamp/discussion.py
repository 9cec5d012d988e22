"""Discussions of courses, modules, lessons and projects, and the replies to them (B178-B203). Their content is plain text,
shown as it was written."""

from datetime import datetime
from enum import StrEnum

from persistence.models.bootcamp.words import Name, Text
from rooms.feature import Flag, Wire
from rooms.ids import AnyId, UserIdField


class DiscussionType(StrEnum):
    QUESTION = "question"
    CLARIFICATION = "clarification"
    FEEDBACK = "feedback"
    SHOWCASE = "showcase"
    GENERAL = "general"


class NewDiscussion(Wire):
    """Of a course one takes or teaches, or of a project one works on; without either it is for everybody of the bootcamp."""

    course_id: AnyId | None = None
    module_id: AnyId | None = None
    lesson_id: AnyId | None = None
    project_id: AnyId | None = None
    title: Name
    content: Text
    discussion_type: DiscussionType = DiscussionType.GENERAL
    is_pinned: Flag = False


class DiscussionChange(Wire):
    """The words are their author's, the pin is for whoever teaches; both may say that it is resolved."""

    title: Name = ""
    content: Text = ""
    discussion_type: DiscussionType = DiscussionType.GENERAL
    is_pinned: Flag = False
    is_resolved: Flag = False


class Discussion(Wire):
    """`viewCount`: everybody once a day."""

    id: AnyId
    course_id: AnyId | None
    module_id: AnyId | None
    lesson_id: AnyId | None
    project_id: AnyId | None
    author_id: UserIdField
    title: str
    content: str
    discussion_type: DiscussionType
    is_pinned: bool
    is_resolved: bool
    resolved_by: UserIdField | None
    resolved_at: datetime | None
    view_count: int
    reply_count: int
    created_at: datetime
    updated_at: datetime


class NewReply(Wire):
    """`parentReplyId`: a reply to a reply of the same discussion."""

    discussion_id: AnyId
    parent_reply_id: AnyId | None = None
    content: Text


class ReplyChange(Wire):
    content: Text = ""


class Reply(Wire):
    id: AnyId
    discussion_id: AnyId
    author_id: UserIdField
    parent_reply_id: AnyId | None
    content: str
    is_solution: bool
    helpful_votes: int
    created_at: datetime
    updated_at: datetime
