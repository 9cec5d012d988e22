"""Workshop modules (W017-W051): published ones for everybody with workshop access, once what comes before them is completed; all of
them, and changing them, for instructors and administrators (domain.md 4.2)."""

from live.api.call import Call
from live.api.resource import Resource
from live.api.route import Family, IdPath, Listing, Who
from live.problems import Problem, not_found
from persistence.entities import Entity, given_in, made_of
from persistence.models.module import (
    ItemId,
    ModuleChange,
    ModuleStanding,
    NewModule,
    Place,
    WorkshopLesson,
    WorkshopModule,
)
from persistence.models.progress import ProgressStatus
from persistence.modules import Modules, alone, place, told_why
from rooms.feature import Wire

family = Family("modules", "Workshop modules.")
MODULE_BYTES_MAX = 1_000_000
MODULES = Resource(
    family,
    "/modules",
    "module",
    Entity("workbook.workshop_modules", WorkshopModule, order=("module_order", "asc"), soft=True),
)


class NewPlace(Wire):
    module_order: Place


@family.get("/modules", Who.ACCOUNT, etag=True, refuses=("no_workshop_access",))
async def list_modules(call: Call) -> Listing[ModuleStanding]:
    """In their order, with how far one is."""
    call.require_workshop_access()
    return Listing(items=await Modules(call.database, call.cache).list(call.user, drafts=call.sender.schedules))


@family.get("/modules/{module_id}", Who.ACCOUNT, etag=True, refuses=("no_workshop_access", "progress.locked"))
async def read_module(call: Call, module_id: IdPath) -> WorkshopModule:
    """One module with its lessons."""
    return await _readable(call, module_id)


@family.get(
    "/modules/{module_id}/lessons/{lesson_id}",
    Who.ACCOUNT,
    etag=True,
    refuses=("no_workshop_access", "progress.locked"),
)
async def read_lesson(call: Call, module_id: IdPath, lesson_id: ItemId) -> WorkshopLesson:
    """One lesson of a module."""
    module = await _readable(call, module_id)
    for lesson in module.content.lessons:
        if lesson.id == lesson_id:
            return lesson
    raise not_found()


@family.post(
    "/modules", Who.INSTRUCTOR, status=201, etag=True, refuses=("module.place_taken",), bytes_max=MODULE_BYTES_MAX
)
async def create_module(call: Call, body: NewModule) -> WorkshopModule:
    """A draft, unless it is published at once."""
    module = call.new_id()
    async with told_why(), call.writing() as connection:
        made = await MODULES.entity.add(connection, call.database.keys, module, made_of(body))
    call.location = f"/modules/{module}"
    return made


@family.patch(
    "/modules/{module_id}", Who.INSTRUCTOR, etag=True, matches=read_module, holds=True, bytes_max=MODULE_BYTES_MAX
)
async def change_module(call: Call, module_id: IdPath, body: ModuleChange) -> WorkshopModule:
    """Changes what is given."""
    async with told_why(), call.writing() as connection:
        await alone(connection)
        await MODULES.held(call, connection, module_id)
        return _there(await MODULES.entity.change(connection, call.database.keys, module_id, given_in(body)))


@family.post("/modules/{module_id}/publish", Who.INSTRUCTOR, etag=True)
async def publish_module(call: Call, module_id: IdPath) -> WorkshopModule:
    """Everybody with workshop access finds it now."""
    return await _published(call, module_id, True)


@family.post("/modules/{module_id}/unpublish", Who.INSTRUCTOR, etag=True)
async def unpublish_module(call: Call, module_id: IdPath) -> WorkshopModule:
    """Instructors alone find it. How far people were with it is kept."""
    return await _published(call, module_id, False)


@family.put("/modules/{module_id}/order", Who.INSTRUCTOR, etag=True)
async def place_module(call: Call, module_id: IdPath, body: NewPlace) -> WorkshopModule:
    """Puts it at a place from 1 to 6. Where another one is, the two swap."""
    async with told_why(), call.writing() as connection:
        await alone(connection)
        module = await MODULES.held(call, connection, module_id)
        await place(connection, module, body.module_order)
        return await MODULES.found(call, connection, module_id)


@family.delete("/modules/{module_id}", Who.INSTRUCTOR, refuses=("module.is_prerequisite",))
async def delete_module(call: Call, module_id: IdPath) -> None:
    """Hides it from everybody, and frees its place. One that another needs before it stays."""
    async with told_why(), call.writing() as connection:
        await alone(connection)
        await MODULES.held(call, connection, module_id)
        await MODULES.entity.remove(connection, module_id)


async def _readable(call: Call, module_id: str) -> WorkshopModule:
    """What is locked is read by staff alone."""
    call.require_workshop_access()
    modules, staff = Modules(call.database, call.cache), call.sender.schedules
    standing = await modules.standing(module_id, call.user, drafts=staff)
    if standing is None:
        raise not_found()
    if standing.progress_status is ProgressStatus.LOCKED and not call.sender.reads_ahead:
        raise Problem("progress.locked", "the modules before it come first")
    return _there(await modules.get(module_id, call.user, drafts=staff))


async def _published(call: Call, module_id: str, published: bool) -> WorkshopModule:
    async with call.writing() as connection:
        await alone(connection)
        await MODULES.held(call, connection, module_id)
        given = {"is_published": published}
        return _there(await MODULES.entity.change(connection, call.database.keys, module_id, given))


def _there(module: WorkshopModule | None) -> WorkshopModule:
    if module is None:
        raise not_found()
    return module
