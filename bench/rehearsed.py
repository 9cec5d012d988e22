"""A session that has been held, made faster than real time: everything was decided by the rules and committed to the log through hosts
on a clock of their own that lies in the past, and everybody's voice was taken by the recorder itself. The session still runs, its
recording too: whoever starts a server on it may end it. Knows nothing of servers and pages.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

from live.ends import Ends
from live.failpoints import Failpoints
from live.heads import Heads
from live.hosts import Hosts
from live.kept_going import end, kept_going
from live.replica import Parts
from live.scheduling import scheduled
from media.opus import FRAME, RATE, Encoder
from media.recorder import MIX, Recording
from persistence.committer import Committer
from persistence.connection import Connection
from persistence.database import Database
from persistence.directory import Directory
from persistence.event_log import EventLog
from persistence.models.session import LiveSession, NewSession
from persistence.models.user import NewUser, PlatformRole
from persistence.recordings import Recordings
from persistence.registrations import Registrations
from persistence.sessions import Sessions
from persistence.snapshots import Snapshots
from rooms import gates, room
from rooms.feature import Command, Recorded
from rooms.ids import SessionId, UserId
from rooms.participants import Join
from rooms.poll_book import PollStatus
from rooms.protocol import COMMANDS
from rooms.recording import current
from rooms.roles import Role
from tests.live.recorded import sentence_48k
from tests.media.speech import spoken

TITLE = "A garden on paper"
EMAIL, PASSWORD = "mara@example.org", "correct horse battery"
NAMES = [
    "Mara",
    "Theo",
    "Ana",
    "Ben",
    "Cleo",
    "Dora",
    "Emil",
    "Fynn",
    "Gita",
    "Hugo",
    "Ida",
    "Jan",
    "Kim",
    "Lea",
    "Mio",
    "Nia",
    "Pia",
    "Quin",
    "Rae",
    "Sven",
]
VOICES = ("mara", "ana", "ben")
BEGINS_S = 3.0
TAKEN_AT_ONCE = 5_000
LINES = (
    "Shall we start with the garden?",
    "I like the **second** sketch.",
    "Where does the water go?",
    "The corn stands too close to the wall.",
    "Could you draw that once more?",
)


@dataclass(frozen=True)
class Measure:
    """How much happens. `pause_s`: between two sentences; somebody always has the word."""

    minutes: float
    people: int
    events: int
    pause_s: float


@dataclass(frozen=True)
class Held:
    session: SessionId
    events: int
    spoken_s: float
    speakers: int


@dataclass
class Clock:
    at: datetime

    def __call__(self) -> datetime:
        return self.at


async def hold(database_url: str, secret_key: str, capture: Path, measure: Measure) -> Held:
    """Mara (EMAIL, PASSWORD) instructs. It ends where the present begins."""
    clock = Clock(datetime.now(UTC) - timedelta(minutes=measure.minutes))
    async with _hosts(database_url, secret_key, clock) as (database, hosts):
        held = await _begin(database, hosts, clock, measure.people)
        spoken_s = await held.speak(capture, measure)
        await held.work(measure)
        state = await hosts.read(held.session)
        return Held(held.session, state.seq, spoken_s, len(held.people))


@asynccontextmanager
async def _hosts(url: str, secret_key: str, clock: Clock) -> AsyncIterator[tuple[Database, Hosts]]:
    async with AsyncExitStack() as parts:
        database = await Database.open(url, secret_key, connections=4)
        parts.push_async_callback(database.close)
        event_log = EventLog(database)
        committer = Committer(database, event_log)
        hosts = Hosts(
            Parts(
                event_log=event_log,
                committer=committer,
                heads=Heads(event_log),
                ends=Ends(database, event_log),
                snapshots=Snapshots(database),
                directory=Directory(database),
                failpoints=Failpoints(),
                returned=lambda _host, _user: None,
                clock=clock,
            )
        )
        for each in (committer.run, hosts.keep_order):
            parts.push_async_callback(end, asyncio.create_task(kept_going(each)))
        parts.push_async_callback(hosts.close)
        parts.push_async_callback(committer.close)
        parts.push_async_callback(hosts.settle)
        yield database, hosts


async def _begin(database: Database, hosts: Hosts, clock: Clock, people: int) -> "_Held":
    directory = Directory(database)
    users = [await directory.create_user(_person(name)) for name in NAMES[:people]]
    event_log, mara = EventLog(database), users[0]
    new = NewSession(
        title=TITLE,
        scheduled_start=clock(),
        scheduled_end=clock() + timedelta(hours=1),
        lobby=False,
        max_participants=50,
    )

    async def first_event(connection: Connection, session: LiveSession) -> None:
        first = Recorded(1, clock(), mara, None, scheduled(new, mara))
        after = room.replay([first])
        changed = gates.gates(room.RoomState(), after)
        await event_log.first_event(
            connection, SessionId(session.id), first, changed, tuple(room.effects(after, first))
        )

    made = await Sessions(database).create(new, mara, first_event, None)
    held = _Held(SessionId(made.id), users, database, hosts, clock)
    await held.do(mara, {"type": "session.start"})
    for user in users:
        role = {0: Role.INSTRUCTOR, 1: Role.ASSISTANT}.get(users.index(user), Role.PARTICIPANT)
        if user != mara:
            await Registrations(database).invite(held.session, user, role)
        await held.submit(user, Join(role=role))
    await held.do(mara, {"type": "session.activate"})
    return held


def _person(name: str) -> NewUser:
    mara = name == NAMES[0]
    return NewUser(
        email=f"{name.lower()}@example.org",
        first_name=name,
        last_name="Example",
        full_name=name,
        password=PASSWORD if mara else None,
        roles=(PlatformRole.INSTRUCTOR,) if mara else (PlatformRole.LEARNER,),
    )


class _Held:
    """The session while it is made."""

    def __init__(
        self, session: SessionId, people: list[UserId], database: Database, hosts: Hosts, clock: Clock
    ) -> None:
        self.session, self.people = session, people
        self._database, self._hosts, self._clock = database, hosts, clock
        self._begun = clock()
        self._dice = Random(1)
        self._drawn = 0
        self._raised: set[UserId] = set()

    async def submit(self, user: UserId, command: Command) -> None:
        ack = await self._hosts.submit(self.session, user, command, str(uuid4()))
        if not ack.ok:
            raise RuntimeError(f"{command.type}: {ack}")

    async def do(self, user: UserId, given: dict[str, Any]) -> None:
        await self.submit(user, COMMANDS.validate_python(given))

    # -- what is said ---------------------------------------------------------------------------------------------------

    async def speak(self, capture: Path, measure: Measure) -> float:
        """One after the other, until the end; how many seconds in all. The log does not go on meanwhile."""
        for user in self.people:
            await self.do(user, {"type": "recording.consent", "given": True})
        await self.do(self.people[0], {"type": "recording.start"})
        run = current((await self._hosts.read(self.session)).recording)
        assert run is not None
        rows = Recordings(self._database)
        keys = {track: await rows.begin(self.session, run.id, track, run.started_at) for track in (MIX, *self.people)}
        length_s = measure.minutes * 60
        ends_at = run.started_at + timedelta(seconds=length_s)
        taking = Recording(capture, run.id, 1, run.started_at, keys.__getitem__, clock=lambda: ends_at)
        slots = await self._take(taking, int(length_s * RATE / FRAME), measure.pause_s)
        await taking.close()
        if taking.incomplete:
            raise RuntimeError(taking.incomplete)
        return slots * FRAME / RATE

    async def _take(self, taking: Recording, length: int, pause_s: float) -> int:
        """A voice alone is its own mix."""
        at, taken = int(BEGINS_S * RATE / FRAME), 0
        while True:
            user = self._dice.choice(self.people)
            voice = VOICES[self.people.index(user) % len(VOICES)]
            packets = sentence(voice, self._dice.randrange(len(spoken(voice))))
            if at + len(packets) >= length:
                return taken
            for slot, packet in enumerate(packets, at):
                taking.hear(user, packet, slot * FRAME + 4_711, (slot + 1) * FRAME / RATE)
                taking.mix(slot, packet)
            before, taken = taken, taken + len(packets)
            at += len(packets) + int(pause_s * RATE / FRAME)
            if before // TAKEN_AT_ONCE != taken // TAKEN_AT_ONCE:
                await asyncio.sleep(0.2)  # its queue holds so much and no more

    # -- what is done ---------------------------------------------------------------------------------------------------

    async def work(self, measure: Measure) -> None:
        """Second by second."""
        await self._show_board()
        done = (await self._hosts.read(self.session)).seq
        seconds = int(measure.minutes * 60)
        for second in range(1, seconds):
            self._clock.at = self._begun + timedelta(seconds=second)
            due = int((measure.events - done) * second / seconds) - int(
                (measure.events - done) * (second - 1) / seconds
            )
            if second % max(60, seconds // 12) == 1:
                await self._ask_all()
            poll = await self._open_poll()
            await asyncio.gather(*(self._act(poll) for _ in range(due)))

    async def _ask_all(self) -> None:
        if poll := await self._open_poll():
            await self.do(self.people[0], {"type": "poll.close", "pollId": poll})
        asked = {"question": f"Question {self._drawn} of the day?", "kind": "single", "options": ["Yes", "No", "Both"]}
        await self.do(self.people[0], {"type": "poll.create", **asked, "results": "live"})
        polls = (await self._hosts.read(self.session)).polls
        assert polls is not None
        latest = polls.in_order()[-1]
        await self.do(self.people[0], {"type": "poll.open", "pollId": latest.id})
        await self._show_board()

    async def _show_board(self) -> None:
        """The costliest thing there is to show."""
        await self.do(self.people[0], {"type": "stage.show", "kind": "board", "target": "main"})

    async def _open_poll(self) -> str | None:
        polls = (await self._hosts.read(self.session)).polls
        return next((each.id for each in polls.in_order() if each.status is PollStatus.OPEN), None) if polls else None

    async def _act(self, poll: str | None) -> None:
        dice, user = self._dice, self._dice.choice(self.people[2:])
        what = dice.randrange(100)
        if what < 20:
            await self.do(self.people[0], self._drawing())
        elif what < 40 and poll:
            await self.do(user, {"type": "poll.vote", "pollId": poll, "choices": [dice.randrange(3)]})
        elif what < 44:
            await self.do(user, {"type": "question.ask", "text": dice.choice(LINES)})
        elif what < 50:
            self._raised ^= {user}
            await self.do(user, {"type": "hand.raise" if user in self._raised else "hand.lower"})
        else:
            await self.do(user, {"type": "chat.send", "text": dice.choice(LINES)})

    def _drawing(self) -> dict[str, Any]:
        self._drawn += 1
        n, dice = self._drawn, self._dice
        shape = {
            "type": dice.choice(("rectangle", "ellipse", "diamond")),
            "x": dice.randrange(3_000),
            "y": dice.randrange(1_600),
            "width": dice.randrange(40, 200),
            "height": dice.randrange(40, 120),
            "strokeColor": dice.choice(("#1e1e1e", "#e03131", "#2f9e44", "#1971c2")),
        }
        element = {"id": f"shape{n}", "version": 1, "versionNonce": n, "index": f"a{n:05}", **shape}
        return {"type": "board.change", "boardId": "main", "elements": [element]}


@cache
def sentence(voice: str, number: int) -> Sequence[bytes]:
    """As packets of 20 ms."""
    encoder, pcm = Encoder(), sentence_48k(voice, number)
    return tuple(encoder.encode(pcm[at : at + FRAME]) for at in range(0, len(pcm) // FRAME * FRAME, FRAME))
