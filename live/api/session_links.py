"""What a live session is part of: a module or lesson of the workbook, courses of the bootcamp and their lessons. Attendance counts
there once the session has ended; links that change afterwards are made up for."""

from live.api.call import Call
from live.api.route import Family, SessionPath, Who
from live.problems import Problem
from persistence.links import NotYours, links_of, lock_links, put_links
from persistence.models.link import Links

family = Family("session links", "What live sessions are part of.")
PATH = "/live-sessions/{session_id}/links"


@family.get(PATH, Who.MEMBER, etag=True)
async def read_session_links(call: Call, session_id: SessionPath) -> Links:
    """What of the workbook and of which courses it is part of."""
    async with call.reading() as connection:
        return await links_of(connection, session_id)


@family.put(PATH, Who.HOST, etag=True, matches=read_session_links, holds=True)
async def put_session_links(call: Call, session_id: SessionPath, body: Links) -> Links:
    """All that it is part of from now on. Whoever runs it names courses that they lead; other links stay as they are."""
    async with call.writing() as connection:
        await lock_links(connection, session_id)
        call.require_version(await links_of(connection, session_id))
        try:
            links = await put_links(connection, session_id, body)
        except NotYours:
            raise Problem("forbidden", "it is part of a course that others lead") from None
    call.forget(session_id)
    return links
