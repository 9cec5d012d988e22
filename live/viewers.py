"""Who watches a session, connection by connection, and where each client stands. Knows nothing of what is sent.

Most of a group stand at one place of the log, and nothing waits for them: they are `together`, and a frame goes to all of them in one
sweep over their sockets, with nothing to look up or to write down for each.
"""

from collections.abc import Iterator
from typing import Protocol

from live.byes import Bye
from live.outbox import Outbox
from rooms.feature import Standing
from rooms.ids import UserId


class Sink(Protocol):
    """What delivery knows of a connection. `outbox`: where it may be written to directly, None if only by `push`."""

    def push(self, data: bytes, events: int = 0) -> None: ...

    def push_if_idle(self, data: bytes) -> None: ...

    def part(self, bye: Bye) -> None: ...

    @property
    def outbox(self) -> Outbox | None: ...

    @property
    def waiting_bytes(self) -> int: ...

    @property
    def closing_down(self) -> bool: ...


class Viewer:
    """One connection in a session. `position`: where their client stands; `known`: the people whose names it was told, as bits of
    the audience's order. Both are the company's while they are together with others."""

    __slots__ = ("_known", "_position", "company", "sink", "standing", "user")

    def __init__(self, user: UserId, sink: Sink, standing: Standing, position: int, known: int = 0) -> None:
        self.user = user
        self.sink = sink
        self.standing = standing
        self.company: Company | None = None
        self._position = position
        self._known = known

    @property
    def position(self) -> int:
        return self._position if self.company is None else self.company.position

    @property
    def known(self) -> int:
        return self._known if self.company is None else self.company.known

    def stand(self, position: int, known: int) -> None:
        """Alone, from now on."""
        self.set_apart()
        self._position, self._known = position, known

    def set_apart(self) -> None:
        company = self.company
        if company is not None:
            self._position, self._known = company.position, company.known
            del company.together[self]
            company.apart.add(self)
            self.company = None


class Company:
    """The viewers of one group: `together` with their outboxes, or `apart`, each by themselves."""

    __slots__ = ("apart", "known", "position", "together")

    def __init__(self) -> None:
        self.together: dict[Viewer, Outbox] = {}
        self.apart: set[Viewer] = set()
        self.position = 0
        self.known = 0

    def __len__(self) -> int:
        return len(self.together) + len(self.apart)

    def __iter__(self) -> Iterator[Viewer]:
        yield from self.together
        yield from self.apart

    def remove(self, viewer: Viewer) -> None:
        viewer.set_apart()
        self.apart.discard(viewer)

    def join(self, viewer: Viewer) -> None:
        """If they stand where the others stand, and nothing waits for them. A name that one of them was not told counts as untold:
        it is told again."""
        outbox = viewer.sink.outbox
        if outbox is None or not outbox.is_idle:
            return
        if not self.together:
            self.position, self.known = viewer.position, viewer.known
        elif viewer.position != self.position:
            return
        self.known &= viewer.known
        self.apart.discard(viewer)
        self.together[viewer] = outbox
        viewer.company = self

    def push(self, data: bytes, events: int, upto: int, known: int) -> None:
        """One frame to all who are together, who then stand at `upto`. Every delivery of a full room passes this loop: it does nothing
        but send. Whoever's kernel did not take all of it is set apart."""
        size, slow = len(data), []
        for viewer, outbox in self.together.items():
            try:
                sent = outbox.straight(data)
            except BlockingIOError:
                sent = 0
            except OSError:  # broken: its transport hears of it
                continue
            if sent != size:
                slow.append((viewer, outbox, sent))
        self.position, self.known = upto, self.known | known
        for viewer, outbox, sent in slow:
            viewer.set_apart()
            outbox.push_rest(data, sent, events)
