"""Notes: one's own, and those that others share with whoever has the same module (W137-W166, domain.md 4.2)."""

from typing import Annotated

from pydantic import Field

from live.api.call import Call
from live.api.resource import Resource, by_caller
from live.api.route import Audited, Family, Listing, Paging, Who
from persistence.entities import Entity
from persistence.models.note import CONTENT_BYTES_MAX, NewNote, Note, NoteChange, Tag
from persistence.search import QUERY_CHARACTERS_MAX
from rooms.ids import AnyId, UserIdField

family = Family("notes", "Notes beside modules, recordings and live sessions.")
BODY_BYTES_MAX = 4 * CONTENT_BYTES_MAX  # a letter may be escaped in JSON


class NoteFilter(Paging):
    """One's own; with `shared` those that anybody shares with whoever has the same module; with `userId` one person's, as far as one
    may read them. `q`: words in title or content. `linkedTo`: that link to this note."""

    shared: bool = False
    user_id: UserIdField | None = None
    module_id: AnyId | None = None
    lesson_id: Annotated[str, Field(max_length=50)] | None = None
    audio_recording_id: AnyId | None = None
    session_id: AnyId | None = None
    tag: Tag | None = None
    is_pinned: bool | None = None
    linked_to: AnyId | None = None
    q: Annotated[str, Field(min_length=1, max_length=QUERY_CHARACTERS_MAX)] | None = None


NOTES = Resource(
    family,
    "/notes",
    "note",
    Entity(
        "workbook.workbook_notes",
        Note,
        soft=True,
        conditions={
            "shared": "NOT is_private AND module_id = ANY ((SELECT app.my_modules())::uuid[]) AND {}::boolean",
            "tag": "tags ? {}",
            "linked_to": "metadata -> 'linkedNotes' ? {}",
            "q": "search_vector @@ websearch_to_tsquery('pg_catalog.english', {})",
        },
    ),
)


@family.get("/notes", Who.ACCOUNT, audited=Audited("workbook.workbook_notes", "user_id"))
async def list_notes(call: Call, query: NoteFilter) -> Listing[Note]:
    """Notes, latest first."""
    wanted = query.model_dump(exclude={"limit", "cursor"}, exclude_none=True, exclude_defaults=True)
    if not query.shared:
        wanted.setdefault("user_id", call.user)  # P4
    async with call.reading() as connection:
        page = await NOTES.entity.page(connection, call.database.keys, wanted, query.limit, query.cursor)
    return await call.listing(page)


NOTES.read("One note.")
NOTES.made("Writes a note.", NewNote, given=by_caller, bytes_max=BODY_BYTES_MAX)
NOTES.changed("Changes what is given.", NoteChange, bytes_max=BODY_BYTES_MAX)
NOTES.removed("Deletes a note; after 30 days it is gone for good.")
