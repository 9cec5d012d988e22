"""What the demo shows of itself. There is no such route on a real server."""

from typing import Any

from live.api.call import Call
from live.api.route import Family, Who
from live.keys import DEMO
from live.problems import not_found

family = Family("demo", "Only with `run.py demo`.")


@family.get("/demo", Who.ANYONE, refuses=("not_found",))
async def read_demo(call: Call) -> dict[str, Any]:
    """The cast with their tokens, and the sessions, the running one first."""
    demo = call.request.app.get(DEMO)
    if demo is None:
        raise not_found()
    return await demo.document()
