"""What an event looks like outside, on the socket and over REST, and whom it names. Filters nothing: that is visibility's."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from rooms.feature import Recorded

ID_LENGTH = 36
_TIME = TypeAdapter(datetime).serializer  # RFC 3339 with Z, in a quarter of the time of `isoformat`


def event_item(recorded: Recorded) -> dict[str, Any]:
    """`{seq, at, actor?, command?, type, …}`; `recorded` is what `visible` returned."""
    item: dict[str, Any] = {"seq": recorded.seq, "at": _TIME.to_python(recorded.at, mode="json")}
    if recorded.actor is not None:
        item["actor"] = recorded.actor
    if recorded.command is not None:
        item["command"] = recorded.command
    event = recorded.event
    item.update(event.__pydantic_serializer__.to_python(event, mode="json", by_alias=True, exclude_none=True))
    return item


def ids_in(value: Any) -> Iterable[str]:
    """Every string of a document that has the shape of an id, also as a key: some of them are people. Without recursion, and by
    exact types, because every event is asked."""
    found: list[str] = []
    documents = [value]
    for each in documents:
        kind = type(each)
        if kind is str:
            if len(each) == ID_LENGTH and each[8] == each[13] == each[18] == each[23] == "-":
                found.append(each)
        elif kind is dict:
            documents += each
            documents += each.values()
        elif kind is list or kind is tuple:
            documents += each
    return found
