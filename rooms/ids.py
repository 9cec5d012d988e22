"""Names for the identifiers that travel through a session: all are UUIDs written in lower case."""

from typing import Annotated, NewType

from pydantic import Field

SessionId = NewType("SessionId", str)
UserId = NewType("UserId", str)

UUID_PATTERN = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"

# For fields of commands and events.
AnyId = Annotated[str, Field(pattern=UUID_PATTERN)]
UserIdField = Annotated[UserId, Field(pattern=UUID_PATTERN)]
