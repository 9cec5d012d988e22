"""Events of older releases lifted to the shape of today, so that every log ever written still folds.

A lift takes the stored fields of one version to those of the next and is kept for ever; `version` of the event class is
raised in the same change. Pure: knows neither rows nor state.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from rooms.feature import Command, Event
from rooms.protocol import EVENT_TYPES

Payload = dict[str, Any]
# From (type, version) to the type and fields of version + 1; None when the event has no meaning any more.
Lift = Callable[[Payload], tuple[str, Payload] | None]

LIFTS: Mapping[tuple[str, int], Lift] = {}


def type_of(kind: type[Event] | type[Command]) -> str:
    return str(kind.model_fields["type"].default)


CURRENT: Mapping[str, int] = {type_of(kind): kind.version for kind in EVENT_TYPES}


class Unliftable(ValueError):
    """Written by a newer release, or of a version nobody lifts: flagged and skipped by the reader (design.md 1)."""


def lift(
    kind: str,
    version: int,
    payload: Mapping[str, Any],
    *,
    current: Mapping[str, int] = CURRENT,
    lifts: Mapping[tuple[str, int], Lift] = LIFTS,
) -> tuple[str, Payload] | None:
    """Type and fields as this release writes them; None when the event has no meaning any more.

    `payload` has no `type`. `current` and `lifts` stand in for this release's own in tests.
    """
    fields = dict(payload)
    while version != current.get(kind):
        step = lifts.get((kind, version))
        if step is None:
            raise Unliftable(f"{kind} of version {version}")
        lifted = step(fields)
        if lifted is None:
            return None
        (kind, fields), version = lifted, version + 1
    return kind, fields


def stored_types(wanted: Collection[str], *, lifts: Mapping[tuple[str, int], Lift] = LIFTS) -> tuple[str, ...]:
    """The types under which events that are of the `wanted` types today may be stored: where a lift leads is only known once it
    was taken, so whatever is lifted counts."""
    return tuple(sorted({*wanted, *(kind for kind, _version in lifts)}))
