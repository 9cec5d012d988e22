"""Where signals go: to the people of a session who are connected here, and over the neighbours to those who are connected elsewhere.
Every process asks its own audience who is in a place; whether a sender may send was asked where they are connected.
"""

from collections.abc import Sequence

from live.delivery import Passing
from live.host import Host
from live.hosts import Hosts
from live.neighbours import Neighbours
from rooms.ids import SessionId, UserId

SIGNALS, TOLD = "signals", "told"


class SignalLane:
    def __init__(self, neighbours: Neighbours) -> None:
        self._neighbours = neighbours

    def begin(self, hosts: Hosts) -> None:
        """From now on what others say is passed on to the people of these."""

        def signalled(_process: bytes, session: str, passing: list[tuple[str, str | None, bytes]]) -> None:
            host = hosts.watched(SessionId(session))
            if host is not None:
                host.audience.signal([Passing(UserId(sender), place, frame) for sender, place, frame in passing])

        def told(_process: bytes, session: str, place: str | None, frame: bytes) -> None:
            host = hosts.watched(SessionId(session))
            if host is not None:
                host.audience.tell(place, frame)

        self._neighbours.on(SIGNALS, signalled)
        self._neighbours.on(TOLD, told)

    def signal(self, host: Host, passing: Sequence[Passing]) -> None:
        """To everybody but their senders who is where they are heard."""
        host.audience.signal(passing)
        self._neighbours.say(SIGNALS, host.session, [[each.sender, each.place, each.frame] for each in passing])

    def tell(self, host: Host, place: str | None, frame: bytes) -> None:
        """To whoever is in that place themselves, staff or not."""
        host.audience.tell(place, frame)
        self._neighbours.say(TOLD, host.session, place, frame)
