"""How far one is with the workbook; for staff, how far those are whom they teach (W052-W075)."""

from typing import Annotated

from pydantic import Field

from live.api.call import Call
from live.api.route import Family, IdPath, Listing, Who
from live.problems import Problem, not_found
from persistence.models.module import ItemId
from persistence.models.progress import NewProgress, Progress, ProgressStatus
from persistence.modules import Modules
from persistence.progress import list_progress, record_progress
from rooms.feature import Wire
from rooms.ids import UserIdField

family = Family("progress", "Progress through workshop modules and their lessons.")
LessonPath = Annotated[ItemId, Field(description="A lesson of that module")]


class ProgressFilter(Wire):
    user_id: UserIdField | None = None


@family.get("/progress", Who.ACCOUNT)
async def list_all_progress(call: Call, query: ProgressFilter) -> Listing[Progress]:
    """One's own, or that of somebody one teaches."""
    async with call.reading() as connection:
        return Listing(items=await list_progress(connection, query.user_id or call.user))


@family.get("/progress/{module_id}", Who.ACCOUNT, etag=True)
async def read_progress(call: Call, module_id: IdPath) -> Listing[Progress]:
    """One's own, with a module and its lessons."""
    async with call.reading() as connection:
        return Listing(items=await list_progress(connection, call.user, module_id))


@family.put("/progress/{module_id}", Who.ACCOUNT, refuses=("progress.locked", "no_workshop_access"))
async def record_module(call: Call, module_id: IdPath, body: NewProgress) -> Progress:
    """How far one is with a module. It begins locked until the modules before it are completed."""
    return await _recorded(call, module_id, None, body)


@family.put("/progress/{module_id}/{lesson_id}", Who.ACCOUNT, refuses=("progress.locked", "no_workshop_access"))
async def record_lesson(call: Call, module_id: IdPath, lesson_id: LessonPath, body: NewProgress) -> Progress:
    """How far one is with a lesson; its module follows."""
    return await _recorded(call, module_id, lesson_id, body)


async def _recorded(call: Call, module: str, lesson: str | None, body: NewProgress) -> Progress:
    call.require_workshop_access()
    found = await Modules(call.database, call.cache).get(module, call.user)
    if found is None or (lesson is not None and lesson not in {each.id for each in found.content.lessons}):
        raise not_found()
    async with call.writing() as connection:
        recorded = await record_progress(connection, call.user, module, lesson, body)
    if recorded.status is ProgressStatus.LOCKED:  # which is written down, and opens by itself (D15)
        raise Problem("progress.locked", "the modules before it come first")
    return recorded
