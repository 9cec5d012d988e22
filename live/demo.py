"""A workshop for visitors: a cast of five with accounts, a session that runs, one that will come and one that is over, and what
there is to learn (demo_learning.py). Made through the same doors as everybody's; made once, and found again after every restart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from live.demo_sketch import SKETCH
from live.hosts import Hosts
from live.presence import submit_join
from live.scheduling import schedule
from live.tokens import AccessTokens
from persistence.database import Database
from persistence.directory import Directory
from persistence.event_log import EventLog
from persistence.models.session import LiveSession, NewSession
from persistence.models.user import NewUser, PlatformRole
from persistence.registrations import Registrations
from persistence.sessions import Filter, Sessions
from persistence.tokens import TokenKind, Tokens
from rooms.ids import SessionId, UserId
from rooms.lifecycle import Status
from rooms.protocol import COMMANDS
from rooms.roles import Role

RUNS_FOR = timedelta(days=8)
SIGNED_IN_FOR = timedelta(days=365)
TOKEN_LIFETIME_S = 24 * 3_600.0  # the demo's page has no way to renew by itself
BOT_NAMES = ("Kim", "Lea", "Noor", "Sam", "Ida", "Jun", "Pia", "Raj", "Eva", "Tom", "Zoe", "Leo")
POLLS = """
How is the pace so far? [rating 5, anonymous]

Which of these is a bleed edge? [quiz]
- The space between two columns
* Ink printed beyond the trim
- A line that does not end

What should we practise next? [single]
- Perspective
- Light and shadow
- Portraits

One word for today [text]
"""


@dataclass(frozen=True)
class Member:
    name: str
    role: Role
    platform_role: PlatformRole = PlatformRole.LEARNER

    @property
    def email(self) -> str:
        return f"{self.name.lower()}@demo.example.org"


CAST = (
    Member("Mara", Role.INSTRUCTOR, PlatformRole.INSTRUCTOR),
    Member("Theo", Role.ASSISTANT),
    Member("Ana", Role.PARTICIPANT),
    Member("Ben", Role.PARTICIPANT),
    Member("Otto", Role.OBSERVER),
)
CONVERSATION: Sequence[tuple[str, Mapping[str, Any]]] = (
    ("Mara", {"type": "chat.send", "text": "Welcome! Today we draw **the same cup** in three ways."}),
    ("Theo", {"type": "chat.send", "text": "Materials are on page 2 of the handout. Shout if a link does not open."}),
    ("Ana", {"type": "chat.send", "text": "Hi all! Is a soft pencil fine, or better ink?"}),
    ("Mara", {"type": "chat.send", "text": "Soft pencil first, ink from the second sketch on."}),
    ("Ben", {"type": "chat.send", "text": "My cup has two handles. It is a *trophy*, sorry."}),
    ("Ana", {"type": "question.ask", "text": "How do I keep the ellipse of the rim from looking tilted?"}),
    ("Ben", {"type": "question.ask", "text": "Will there be a recording?"}),
    ("Ana", {"type": "reaction.send", "emoji": "👏"}),
)
DRAWING: Sequence[tuple[str, Mapping[str, Any]]] = (
    ("Mara", {"type": "board.change", "boardId": "main", "elements": SKETCH[:6]}),
    ("Mara", {"type": "board.change", "boardId": "main", "elements": SKETCH[6:]}),
)
PAIRS: Mapping[str, Any] = {
    "type": "breakout.create",
    "name": "Two cups",
    "rooms": ["Pencil", "Ink"],
    "assignment": "random",
    "mayReturn": True,
}
START: Sequence[tuple[str, Mapping[str, Any]]] = (
    ("Mara", {"type": "session.start"}),
    ("Mara", {"type": "session.activate"}),
)


class Demo:
    """`seed` makes what is missing; until it is done the server says it is not ready."""

    def __init__(
        self, database: Database, directory: Directory, tokens: Tokens, access_tokens: AccessTokens, hosts: Hosts
    ) -> None:
        self._database = database
        self._directory = directory
        self._tokens = tokens
        self._access_tokens = access_tokens
        self._hosts = hosts
        self._sessions = Sessions(database)
        self._registrations = Registrations(database)
        self._event_log = EventLog(database)
        self._people: dict[str, UserId] = {}
        self._families: dict[str, str] = {}
        self._main: SessionId | None = None
        self.ready = False

    async def seed(self, bots: int = 0) -> None:
        for member in CAST:
            await self._settle(member)
        running = [each for each in await self._all() if each.status in (Status.ACTIVE, Status.PAUSED)]
        if running:
            self._main = SessionId(running[0].id)
        else:
            self._main = await self._open_workshop()
        from live.demo_learning import Learning  # late: it needs the routes, these the keys, and the keys this file

        past = [each.id for each in await self._all() if each.status is Status.ENDED]
        await Learning(self._database, self._people).seed(past[-1] if past else None)
        for name in BOT_NAMES[:bots]:
            user = await self._settle(Member(name, Role.PARTICIPANT))
            await self._registrations.invite(self._main, user, Role.PARTICIPANT)
        self.ready = True

    async def document(self) -> dict[str, Any]:
        """`{cast: [{name, role, userId, token}], sessions: [{id, title, status}]}`, the running session first."""
        sessions = sorted(await self._all(), key=lambda each: each.id != self._main)
        return {
            "cast": [
                {
                    "name": each.name,
                    "role": each.role.value,
                    "userId": self._people[each.name],
                    "token": self._token(each.name),
                }
                for each in CAST
                if each.name in self._people
            ],
            "sessions": [{"id": each.id, "title": each.title, "status": each.status.value} for each in sessions],
        }

    def errand_of(self, names: Sequence[str]) -> dict[str, Any]:
        """What the bots are told: as strangers they get a token each and the session, nothing else."""
        return {
            "sessionId": self._main,
            "people": [{"userId": self._people[name], "token": self._token(name)} for name in names],
        }

    def _token(self, name: str) -> str:
        return self._access_tokens.issue(self._people[name], self._families[name], lifetime_s=TOKEN_LIFETIME_S)

    # -- people ---------------------------------------------------------------------------------------------------------

    async def _settle(self, member: Member) -> UserId:
        """Their account and a sign-in for this life of the server; those of earlier lives stay good."""
        user = await self._directory.find(member.email)
        if user is None:
            new = NewUser(
                email=member.email,
                first_name=member.name,
                last_name="Demo",
                full_name=member.name,
                roles=(member.platform_role,),
            )
            user = await self._directory.create_user(new)
        issued = await self._tokens.issue(user, TokenKind.REFRESH, label="demo", lifetime=SIGNED_IN_FOR)
        self._people[member.name], self._families[member.name] = user, issued.family
        return user

    # -- sessions -------------------------------------------------------------------------------------------------------

    async def _all(self) -> list[LiveSession]:
        if "Mara" not in self._people:
            return []
        page = await self._sessions.list(self._people["Mara"], Filter(latest_first=True), limit=20)
        return list(page.items)

    async def _open_workshop(self) -> SessionId:
        """The first of a demo's life, or the next when the last one is over."""
        now = datetime.now(UTC)
        if not await self._all():
            await self._hold_past(now)
            await self._schedule("Letterforms: a second look", now + timedelta(days=2), timedelta(hours=2), lobby=True)
        session = await self._schedule("Sketching together", now, RUNS_FOR, lobby=False)
        await self._run(session, START)
        await self._bring(session)
        await self._run(session, (("Mara", {"type": "poll.import", "text": POLLS}), *CONVERSATION))
        await self._run(session, (*DRAWING, ("Mara", PAIRS)))
        return session

    async def _hold_past(self, now: datetime) -> None:
        session = await self._schedule("Lines and edges", now - timedelta(minutes=50), timedelta(hours=1), lobby=False)
        await self._run(session, START)
        await self._bring(session)
        await self._run(session, (*CONVERSATION[:6], *DRAWING, ("Mara", {"type": "session.end"})))

    async def _schedule(self, title: str, start: datetime, length: timedelta, *, lobby: bool) -> SessionId:
        mara = self._people["Mara"]
        new = NewSession(
            title=title,
            description="A pencil, some paper and a cup is all you need.",
            scheduled_start=start,
            scheduled_end=start + length,
            lobby=lobby,
        )
        made = await schedule(self._sessions, self._event_log, new, mara, mara, str(uuid4()))
        session = SessionId(made.id)
        for member in CAST:
            if member.role is not Role.INSTRUCTOR:
                await self._registrations.invite(session, self._people[member.name], member.role)
        return session

    async def _bring(self, session: SessionId) -> None:
        """As if they had been there a moment ago; presence notices that they are not."""
        host = await self._hosts.get(session)
        for member in CAST:
            await submit_join(host, self._people[member.name], member.role)

    async def _run(self, session: SessionId, script: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        for name, fields in script:
            command = COMMANDS.validate_python(dict(fields))
            ack = await self._hosts.submit(session, self._people[name], command, str(uuid4()))
            if not ack.ok:
                raise RuntimeError(f"the demo cannot be seeded: {fields['type']} got {ack.code} ({ack.detail})")
