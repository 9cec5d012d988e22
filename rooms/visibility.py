"""Who sees what of a session: one rule for live delivery, resume, REST, exports and replay (design.md 2.7).

The law: while a standing lasts, the view at s plus the visible events of (s, t] is the view at t. So a view is the state
itself with the hidden taken out, and `room.apply` folds it on; an event looks at nothing but itself and the reader.
"""

from functools import cache

from rooms.feature import Event, InRoom, Recorded, Standing
from rooms.ids import UserId
from rooms.room import FEATURES, OWNER, STATE, RoomState
from rooms.values import replace


def visible(recorded: Recorded, standing: Standing) -> Recorded | None:
    """The event as this standing may have it: whole, redacted, or nothing."""
    owner = OWNER.get(type(recorded.event))
    if owner is None:  # Unfoldable
        return None
    if _has_place(type(recorded.event)) and not standing.is_in(recorded.event.room):  # type: ignore[attr-defined]
        return None
    return owner.visible(recorded, standing)


@cache
def _has_place(kind: type[Event]) -> bool:
    """Asked of every event for every standing; of a model Python asks the model's own class, which takes long."""
    return issubclass(kind, InRoom)


def view(room: RoomState, standing: Standing) -> RoomState:
    """The state as this standing sees it. `standings` is never shown."""
    shown = {feature.name: feature.view(getattr(room, feature.name), standing) for feature in FEATURES}
    return replace(room, standings=None, **shown)


def window(seen: RoomState) -> RoomState:
    """A view trimmed for the wire: long lists to their latest part, the rest is paged over REST."""
    trimmed = {
        feature.name: feature.window(held) for feature in FEATURES if (held := getattr(seen, feature.name)) is not None
    }
    return replace(seen, **trimmed)


def parties(recorded: Recorded) -> frozenset[UserId]:
    """Those who may see this event differently from others of their standing."""
    owner = OWNER.get(type(recorded.event))
    return frozenset() if owner is None else owner.parties(recorded)  # None: Unfoldable


def encoded_view(room: RoomState, standing: Standing) -> bytes:
    """JSON of the windowed view, as `snapshot` frames and join acks carry it."""
    return STATE.dump_json(window(view(room, standing)), by_alias=True, exclude_none=True)
