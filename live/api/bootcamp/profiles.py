"""Profiles of learners: where their work is, what they can do, want to learn and when they have time (B020-B032)."""

from live.api.bootcamp.opening import open_bootcamp
from live.api.call import Call
from live.api.resource import Resource, by_caller
from live.api.route import Family, Paging, Who
from persistence.entities import Entity, made_of
from persistence.models.bootcamp.person import LearningStyle, NewProfile, Profile
from rooms.ids import UserIdField

family = Family("bootcamp profiles", "Profiles of learners, for themselves and for whoever teaches them.")
PROFILES = Resource(family, "/bootcamp/profiles", "profile", Entity("bootcamp.user_profiles", Profile))


class ProfileFilter(Paging):
    user_id: UserIdField | None = None
    preferred_learning_style: LearningStyle | None = None
    mentorship_availability: bool | None = None


PROFILES.listed("One's own and those of whom one teaches.", ProfileFilter)
PROFILES.read("One profile.")


@family.post("/bootcamp/profiles", Who.ACCOUNT, status=201, etag=True, refuses=("conflict",))
async def create_profile(call: Call, body: NewProfile) -> Profile:
    """Makes one's profile; there is one per person."""
    row_id = call.new_id()
    async with call.writing() as connection:
        await open_bootcamp(connection, call.user)
        values = made_of(body) | by_caller(call, body)
        row = await PROFILES.entity.add(connection, call.database.keys, row_id, values)
    call.location = f"/bootcamp/profiles/{row_id}"
    return row


PROFILES.changed("Changes what is given.", NewProfile)
PROFILES.removed("Deletes one's profile.")
