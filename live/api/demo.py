"""What the demo shows of itself. There is no such route on a real server."""

from pydantic import Field

from live.api.call import Call
from live.api.route import Family, Who
from live.keys import DEMO
from live.problems import not_found
from rooms.feature import Wire
from rooms.ids import SessionId, UserId
from rooms.lifecycle import Status
from rooms.roles import Role

family = Family("demo", "Only with `run.py demo`.")


class Member(Wire):
    name: str
    role: Role
    user_id: UserId
    token: str = Field(repr=False)


class Offer(Wire):
    id: SessionId
    title: str
    status: Status


class Demonstration(Wire):
    cast: tuple[Member, ...]
    sessions: tuple[Offer, ...]


@family.get("/demo", Who.ANYONE, refuses=("not_found",))
async def read_demo(call: Call) -> Demonstration:
    """The cast with their tokens, and the sessions, the running one first."""
    demo = call.request.app.get(DEMO)
    if demo is None:
        raise not_found()
    return Demonstration.model_validate(await demo.document())
