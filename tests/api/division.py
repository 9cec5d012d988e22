"""A running session divided into two breakout rooms, for everything that is asked over REST about rooms one is in or not."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from rooms.roles import Role

if TYPE_CHECKING:
    from tests.api.conftest import Api, Caller


@dataclass
class Divided:
    """Ana is in the first room, Ben in the second, Otto in the main room; Mara and Theo are staff."""

    api: "Api"
    session: str
    set_id: str
    rooms: tuple[str, str]
    mara: "Caller"
    theo: "Caller"
    ana: "Caller"
    ben: "Caller"
    otto: "Caller"

    @property
    def path(self) -> str:
        return f"/live-sessions/{self.session}"

    @property
    def everybody(self) -> "tuple[Caller, ...]":
        return (self.mara, self.theo, self.ana, self.ben, self.otto)

    async def does(self, caller: "Caller", kind: str, **fields: Any) -> None:
        done = await caller.command(self.session, kind, **fields)
        assert done.status == 200, done

    async def moved(self, caller: "Caller", room: str | None) -> None:
        where = {} if room is None else {"roomId": room}
        await self.does(self.mara, "breakout.move", userIds=[caller.user], **where)

    async def closed(self) -> None:
        await self.does(self.mara, "breakout.close", seconds=0)

    async def results(self, caller: "Caller") -> dict[str, Any] | None:
        answer = await caller.get(f"{self.path}/breakouts/{self.set_id}/results")
        if answer.status == 404:
            return None
        assert answer.status == 200, answer
        rooms: dict[str, Any] = {each["name"]: each for each in answer.json["rooms"]}
        return rooms


async def gathered(api: "Api") -> tuple[str, "list[Caller]"]:
    session = await api.workshop()
    roles = {"Theo": Role.ASSISTANT, "Ana": Role.PARTICIPANT, "Ben": Role.PARTICIPANT, "Otto": Role.OBSERVER}
    people = [await api.invited(session, name, role) for name, role in roles.items()]
    await api.runs(session)
    for person, role in zip(people, roles.values(), strict=True):
        await api.enters(session, person, role)
    return session, people


@pytest.fixture
async def divided(api: "Api") -> Divided:
    session, (theo, ana, ben, otto) = await gathered(api)
    mara = await api.mara()
    rooms = [{"name": "Ink", "members": [ana.email]}, {"name": "Clay", "members": [ben.user]}]
    made = await mara.post(f"/live-sessions/{session}/breakouts", {"rooms": rooms})
    assert made.status == 201, made
    held = made.json["set"]
    place = Divided(
        api, session, held["id"], (held["rooms"][0]["id"], held["rooms"][1]["id"]), mara, theo, ana, ben, otto
    )
    await place.does(mara, "breakout.open", setId=place.set_id)
    return place
