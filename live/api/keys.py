"""The data keys of this installation (domain.md 2.9): how old they are, and their exchange for new ones. Of keys nothing is told but
that they are there."""

from typing import Annotated, Literal

from pydantic import Field

from live.api.call import Call
from live.api.route import Family, Who
from persistence.keys import Rotation
from rooms.feature import Moment, Wire

family = Family("keys", "The keys under which personal data lies in the database.")


class DataKey(Wire):
    """`coming`: made, and used once every process knows it; `leaving`: rows are taken from under it; `retired`: no row is under it, and
    it is kept for what comes back out of a backup. `resealed`: how many rows came under it out of others."""

    id: int
    purpose: Literal["row", "index", "invitations", "badges"]
    state: Literal["coming", "active", "leaving", "retired"]
    created_at: Moment
    activated_at: Moment | None
    retired_at: Moment | None
    resealed: Annotated[int, Field(ge=0)]


class DataKeys(Wire):
    """`rotating`: a rotation is under way."""

    rotating: bool
    keys: tuple[DataKey, ...]


@family.get("/admin/keys", Who.ADMIN)
async def read_keys(call: Call) -> DataKeys:
    """The keys, and how far a rotation is."""
    return await _told(call)


@family.post("/admin/keys/rotate", Who.ADMIN, status=202)
async def rotate_keys(call: Call) -> DataKeys:
    """Begins to exchange the keys for new ones, which a worker carries out while everything goes on. While one is under way, nothing
    begins; one that died is gone on with."""
    await Rotation(call.database).begin()
    return await _told(call)


async def _told(call: Call) -> DataKeys:
    states = await Rotation(call.database).state()
    return DataKeys(
        rotating=any(each.under_way for each in states),
        keys=tuple(
            DataKey(
                id=each.id,
                purpose=each.purpose,
                state=each.state,
                created_at=each.created_at,
                activated_at=each.activated_at,
                retired_at=each.retired_at,
                resealed=each.resealed,
            )
            for each in states
        ),
    )
