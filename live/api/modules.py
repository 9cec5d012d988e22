"""Workshop modules, to read: published ones for everybody with workshop access, drafts for instructors (domain.md 4.2)."""

from live.api.call import Call
from live.api.route import Family, IdPath, Listing, Who
from live.problems import Problem, not_found
from persistence.models.module import WorkshopModule
from persistence.modules import Modules

family = Family("modules", "Workshop modules.")


@family.get("/modules", Who.ACCOUNT, etag=True, refuses=("no_workshop_access",))
async def list_modules(call: Call) -> Listing[WorkshopModule]:
    """In their order."""
    _require_access(call)
    return Listing(items=await Modules(call.database).list(call.user, drafts=call.sender.schedules))


@family.get("/modules/{module_id}", Who.ACCOUNT, etag=True, refuses=("no_workshop_access",))
async def read_module(call: Call, module_id: IdPath) -> WorkshopModule:
    """One module with its lessons."""
    _require_access(call)
    found = await Modules(call.database).get(module_id, call.user, drafts=call.sender.schedules)
    if found is None:
        raise not_found()
    return found


def _require_access(call: Call) -> None:
    """W007."""
    if not call.sender.workshop_access:
        raise Problem("no_workshop_access")
