"""Which STUN and TURN servers a browser may ask on its way to the sound of a session. Passes for a relay are made for one person
and end by themselves (attack 63).
"""

from time import time
from typing import Annotated

from pydantic import Field

from live.api.call import Call
from live.api.route import Family, SessionPath, Who
from live.ice import ice_of
from live.problems import not_found
from live.worker import transcriber_setting
from media.ice import ice_servers
from rooms.feature import Wire

family = Family("sound", "The way to the sound of a session. The sound itself is offered and answered over the socket.")


class IceServerEntry(Wire):
    """An RTCIceServer (W3C WebRTC 4.2.4)."""

    urls: tuple[str, ...]
    username: str | None = None
    credential: str | None = None


class IceServers(Wire):
    ice_servers: Annotated[tuple[IceServerEntry, ...], Field(description="for RTCPeerConnection; empty asks nobody")]
    captions: Annotated[bool, Field(description="whether this server can write captions while people speak")]


@family.get("/live-sessions/{session_id}/ice", Who.MEMBER)
async def read_ice_servers(call: Call, session_id: SessionPath) -> IceServers:
    """For whoever was let in. Ask again before each offer: passes end after an hour."""
    if not (await call.standing(session_id)).admitted:
        raise not_found()
    entries = ice_servers(ice_of(call.settings), call.user, time())
    return IceServers(
        ice_servers=tuple(IceServerEntry.model_validate(each) for each in entries),
        captions=transcriber_setting(call.settings) != "none",
    )
