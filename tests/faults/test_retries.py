"""A command sent again after the server was killed is told its first result, also where it would be refused by now."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.databases import SECRET_KEY
from tests.faults.crowd import Member, Person
from tests.faults.server import Server
from tests.faults.staging import stage


class Workshop:
    """One session on a server that can be killed; its people know the ids of what they sent."""

    def __init__(self, server: Server, cast: list[Member], folder: Path) -> None:
        self.server = server
        people = {member.name: member.user for member in cast}
        self.people = {
            member.name: Person(member, [server.url], folder, random.Random(member.name), people) for member in cast
        }

    async def open(self) -> None:
        self.server.start()
        await self.server.listening()
        for name in self.people:
            await self.people[name].come()
            if name == "Mara":
                await self.ok("Mara", type="session.start")
                await self.ok("Mara", type="session.activate")

    async def send(self, name: str, command_id: str = "", **command: Any) -> dict[str, Any]:
        return await self.people[name].client.submit(command, command_id or str(uuid4()))

    async def ok(self, name: str, command_id: str = "", **command: Any) -> int:
        ack = await self.send(name, command_id, **command)
        assert ack["ok"], ack
        return int(ack["seq"])

    async def first(self, name: str, what: str) -> str:
        """The id of the first one that somebody sees of `messages` or `polls`: an answer may come before its event."""
        async with asyncio.timeout(10):
            while not (seen := getattr(self.people[name].world, what)):  # noqa: ASYNC110 - set by the messages
                await asyncio.sleep(0.01)
        return str(next(iter(seen)))

    async def restart(self) -> None:
        """Returns when everybody is back by themselves."""
        for person in self.people.values():
            person.joined.clear()
        self.server.kill()
        self.server.start()
        await self.server.listening()
        while not all(person.joined for person in self.people.values()):  # noqa: ASYNC110 - set by the clients' messages
            await asyncio.sleep(0.01)

    async def close(self) -> None:
        await asyncio.gather(*(person.leave() for person in self.people.values()))


@pytest.fixture
def server(dsn: str, tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path, dsn, SECRET_KEY, worker=False)
    yield server
    server.stop()


@pytest.fixture
async def workshop(dsn: str, server: Server, tmp_path: Path) -> AsyncIterator[Workshop]:
    workshop = Workshop(server, (await stage(dsn, SECRET_KEY, 1))[0], tmp_path)
    await workshop.open()
    yield workshop
    await workshop.close()


async def test_a_retry_is_told_the_first_result(workshop: Workshop) -> None:
    ids = [str(uuid4()) for _ in range(7)]
    said = await workshop.ok("Ana", ids[0], type="chat.send", text="Shall we begin?")
    message = await workshop.first("Ana", "messages")
    liked = await workshop.ok("Ben", ids[1], type="chat.react", messageId=message, emoji="👍")
    asked = await workshop.ok("Ana", ids[2], type="hand.raise")
    lowered = await workshop.ok("Ben", ids[3], type="hand.lower")  # without effect
    await workshop.ok("Mara", ids[4], type="poll.quick", template="yesno")
    poll = await workshop.first("Mara", "polls")
    voted = await workshop.ok("Ben", ids[5], type="poll.vote", pollId=poll, choices=[1])
    again = await workshop.ok("Ben", ids[6], type="poll.vote", pollId=poll, choices=[1])  # without effect
    # from now on most of this would be refused
    await workshop.ok("Ana", type="chat.delete", messageId=message)
    await workshop.ok("Mara", type="poll.close", pollId=poll)
    await workshop.ok("Mara", type="session.pause")

    for killed in (False, True):  # from memory, then from the table of commands
        if killed:
            await workshop.restart()
        assert await workshop.ok("Ana", ids[0], type="chat.send", text="Shall we begin?") == said
        assert await workshop.ok("Ben", ids[1], type="chat.react", messageId=message, emoji="👍") == liked
        assert await workshop.ok("Ana", ids[2], type="hand.raise") == asked
        assert await workshop.ok("Ben", ids[3], type="hand.lower") == lowered
        assert await workshop.ok("Ben", ids[5], type="poll.vote", pollId=poll, choices=[1]) == voted
        assert await workshop.ok("Ben", ids[6], type="poll.vote", pollId=poll, choices=[1]) == again


async def test_another_content_under_a_known_id_is_refused(workshop: Workshop) -> None:
    raised, voted = str(uuid4()), str(uuid4())
    await workshop.ok("Ana", raised, type="hand.raise")
    await workshop.ok("Mara", type="poll.quick", template="yesno")
    poll = await workshop.first("Mara", "polls")
    await workshop.ok("Ben", voted, type="poll.vote", pollId=poll, choices=[1])
    for killed in (False, True):
        if killed:
            await workshop.restart()
        assert (await workshop.send("Ana", raised, type="hand.lower"))["code"] == "id_reused"
        assert (await workshop.send("Ana", raised, type="session.end"))["code"] == "id_reused"
        assert (await workshop.send("Ben", voted, type="poll.vote", pollId=poll, choices=[0]))["code"] == "id_reused"


async def test_a_refused_id_is_free(workshop: Workshop) -> None:
    """What was refused is not recorded: the same command may succeed later."""
    said = str(uuid4())
    await workshop.ok("Mara", type="session.pause")
    assert (await workshop.send("Ana", said, type="hand.raise"))["code"] == "session.paused"
    await workshop.restart()
    await workshop.ok("Mara", type="session.resume")
    assert await workshop.ok("Ana", said, type="hand.raise") > 0
