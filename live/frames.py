"""What an event looks like outside, on the socket and over REST, and whom it names. Filters nothing: that is visibility's."""

from collections.abc import Iterable
from typing import Any

from rooms.feature import Recorded

ID_LENGTH = 36


def event_item(recorded: Recorded) -> dict[str, Any]:
    """`{seq, at, actor?, command?, type, …}`; `recorded` is what `visible` returned."""
    item: dict[str, Any] = {"seq": recorded.seq, "at": recorded.at.isoformat().replace("+00:00", "Z")}
    if recorded.actor is not None:
        item["actor"] = recorded.actor
    if recorded.command is not None:
        item["command"] = recorded.command
    item.update(recorded.event.model_dump(mode="json", by_alias=True, exclude_none=True))
    return item


def ids_in(value: Any) -> Iterable[str]:
    """Every string of a document that has the shape of an id, also as a key: some of them are people."""
    if isinstance(value, str):
        if len(value) == ID_LENGTH and value[8] == value[13] == value[18] == value[23] == "-":
            yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from ids_in(key)
            yield from ids_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from ids_in(each)
