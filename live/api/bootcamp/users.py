"""People of the bootcamp: oneself, and for staff those whom they teach (B001-B019)."""

from live.api.bootcamp.opening import open_bootcamp
from live.api.call import Call
from live.api.resource import Resource
from live.api.route import Audited, Family, Paging, Who
from live.problems import Problem
from persistence.entities import Entity, given_in
from persistence.models.bootcamp.person import BootcampUser, BootcampUserChange, DesignExperience

family = Family("bootcamp users", "Who somebody is as a learner. Names are in `people`, addresses nowhere.")
USERS = Resource(
    family, "/bootcamp/users", "bootcamp_user", Entity("bootcamp.users", BootcampUser, soft=True), who=Who.ACCOUNT
)


class BootcampUserFilter(Paging):
    design_experience_level: DesignExperience | None = None


PERSON = Audited("bootcamp.users", "id")
USERS.listed("Oneself and whom one teaches; for administrators everybody.", BootcampUserFilter, audited=PERSON)
USERS.read("One person.", audited=PERSON)


@family.post("/bootcamp/users", Who.ACCOUNT, status=201, etag=True, refuses=("conflict",))
async def create_bootcamp_user(call: Call, body: BootcampUserChange) -> BootcampUser:
    """Opens the bootcamp to oneself; enrolling does so, too."""
    async with call.writing() as connection:
        if await USERS.entity.get(connection, call.database.keys, call.user) is not None:
            raise Problem("conflict", "it is open to you already")
        await open_bootcamp(connection, call.user)
        row = await USERS.entity.change(connection, call.database.keys, call.user, given_in(body))
        assert row is not None
    call.location = f"/bootcamp/users/{call.user}"
    return row


USERS.changed("Changes what is given of oneself.", BootcampUserChange)
