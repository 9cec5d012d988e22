"""Discussions, replies, votes and solutions (B178-B203): written by whoever is of the course or project, kept in order by those
who teach it, and in general ones by everybody.
"""

from typing import Annotated

from pydantic import Field

from live.api.bootcamp.opening import Opened, open_bootcamp
from live.api.call import Call
from live.api.resource import Resource
from live.api.route import Family, IdPath, Paging, Who
from live.problems import Problem
from persistence.connection import Connection
from persistence.models.bootcamp.discussion import (
    Discussion,
    DiscussionChange,
    DiscussionType,
    NewDiscussion,
    NewReply,
    Reply,
    ReplyChange,
)
from rooms.ids import AnyId, UserIdField

family = Family("discussions", "Discussions of courses and projects, and replies to them.")
QUERY_CHARACTERS_MAX = 200


def _by_author(call: Call, _body: object) -> dict[str, str]:
    return {"author_id": call.user}


class DiscussionFilter(Paging):
    """`q`: words in title or content. `general`: those of no course and no project."""

    course_id: AnyId | None = None
    module_id: AnyId | None = None
    lesson_id: AnyId | None = None
    project_id: AnyId | None = None
    author_id: UserIdField | None = None
    discussion_type: DiscussionType | None = None
    is_pinned: bool | None = None
    is_resolved: bool | None = None
    general: bool | None = None
    q: Annotated[str, Field(min_length=1, max_length=QUERY_CHARACTERS_MAX)] | None = None


DISCUSSIONS = Resource(
    family,
    "/bootcamp/discussions",
    "discussion",
    Opened(
        "bootcamp.discussions",
        Discussion,
        soft=True,
        by="author_id",
        conditions={
            "q": "search_vector @@ websearch_to_tsquery('pg_catalog.english', {})",
            "general": "(num_nonnulls(course_id, project_id) = 0) = {}",
        },
    ),
)
DISCUSSIONS.listed("Discussions, latest first.", DiscussionFilter)
DISCUSSIONS.read("One discussion.")
DISCUSSIONS.made("Begins a discussion.", NewDiscussion, given=_by_author)
DISCUSSIONS.changed("Changes what is given.", DiscussionChange)
DISCUSSIONS.removed("Removes a discussion: one's own, or one that one keeps in order.")


@family.post("/bootcamp/discussions/{discussion_id}/view", Who.ACCOUNT)
async def view_discussion(call: Call, discussion_id: IdPath) -> None:
    """One has looked at it: counted once a day (B191)."""
    async with call.writing() as connection:
        await DISCUSSIONS.found(call, connection, discussion_id)
        await open_bootcamp(connection, call.user)
        await connection.execute("SELECT bootcamp.count_view($1)", discussion_id)


class ReplyFilter(Paging):
    discussion_id: AnyId | None = None
    parent_reply_id: AnyId | None = None
    author_id: UserIdField | None = None
    is_solution: bool | None = None


REPLIES = Resource(
    family,
    "/bootcamp/replies",
    "reply",
    Opened("bootcamp.discussion_replies", Reply, order=("created_at", "asc"), soft=True, by="author_id"),
    plural="replies",
)
REPLIES.listed("Replies, oldest first.", ReplyFilter)
REPLIES.read("One reply.")
REPLIES.made("Replies.", NewReply, given=_by_author)
REPLIES.changed("Changes one's own words.", ReplyChange)
REPLIES.removed("Removes a reply: one's own, or one that one keeps in order.")


@family.put("/bootcamp/replies/{reply_id}/vote", Who.ACCOUNT)
async def vote_for_reply(call: Call, reply_id: IdPath) -> Reply:
    """It helped. Everybody once, and not oneself."""
    async with call.writing() as connection:
        reply = await REPLIES.found(call, connection, reply_id)
        if reply.author_id == call.user:
            raise Problem("forbidden", "nobody votes for what they wrote themselves")
        await open_bootcamp(connection, call.user)
        await connection.execute(
            "INSERT INTO bootcamp.discussion_reply_votes (reply_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            reply_id,
            call.user,
        )
        return await REPLIES.found(call, connection, reply_id)


@family.delete("/bootcamp/replies/{reply_id}/vote", Who.ACCOUNT)
async def take_back_vote(call: Call, reply_id: IdPath) -> None:
    """As if one had not voted."""
    async with call.writing() as connection:
        await REPLIES.found(call, connection, reply_id)
        await connection.execute(
            "DELETE FROM bootcamp.discussion_reply_votes WHERE reply_id = $1 AND user_id = $2", reply_id, call.user
        )


@family.put("/bootcamp/replies/{reply_id}/solution", Who.ACCOUNT)
async def mark_solution(call: Call, reply_id: IdPath) -> Reply:
    """This solves it: for who began the discussion, and for who keeps order in it. The one before is none any more."""
    async with call.writing() as connection:
        return await _marked(call, connection, reply_id, True)


@family.delete("/bootcamp/replies/{reply_id}/solution", Who.ACCOUNT)
async def unmark_solution(call: Call, reply_id: IdPath) -> None:
    """It was none; the discussion is open again."""
    async with call.writing() as connection:
        await _marked(call, connection, reply_id, False)


async def _marked(call: Call, connection: Connection, reply_id: str, marked: bool) -> Reply:
    await REPLIES.found(call, connection, reply_id)
    await connection.execute("SELECT bootcamp.mark_solution($1, $2)", reply_id, marked)
    return await REPLIES.found(call, connection, reply_id)
