"""How somebody comes into the bootcamp, and what a caller is to what they ask for. Both are asked of the database, the second once
per request."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID, uuid5

from aiohttp import web
from pydantic import BaseModel

from live.api.call import Call
from live.problems import Fault, Problem, invalid
from persistence.connection import Connection
from persistence.encryption import Keys
from persistence.entities import Entity

M = TypeVar("M", bound=BaseModel)

FATAPLUS = UUID("0d3c6d0e-6f0a-5d5e-9a0b-3f1d2c4b5a69")
"""Namespace of the ids that stand for a Fataplus user until an account is linked to a real one (D60)."""

ASKED = web.RequestKey("asked", dict[tuple[str, str], Any])


async def open_bootcamp(connection: Connection, user: str) -> None:
    """They have a row of bootcamp.users from now on; without effect the second time. Forbidden for others than oneself, but to
    instructors."""
    await connection.execute("SELECT bootcamp.open_to($1, $2)", user, str(uuid5(FATAPLUS, user)))


@dataclass(frozen=True)
class Opened(Entity[M]):
    """An entity that people come into the bootcamp by: whoever writes their first row there has a row of bootcamp.users with it.
    `by`: the column with whoever makes a row.
    """

    by: str = "user_id"

    async def add(self, connection: Connection, keys: Keys, row_id: str, given: Mapping[str, Any]) -> M:
        await open_bootcamp(connection, given[self.by])
        return await super().add(connection, keys, row_id, given)


async def once(call: Call, connection: Connection, question: str, about: str) -> Any:
    """The value that `question`, a statement of one argument, has for this caller."""
    answers = call.request.setdefault(ASKED, {})
    if (question, about) not in answers:
        answers[question, about] = await connection.fetchval(question, about)
    return answers[question, about]


def unknown(pointer: str) -> Problem:
    """What a body names is not there, or not for this caller to know of."""
    return invalid([Fault("there is nothing with this id that you may name", pointer=pointer)])
