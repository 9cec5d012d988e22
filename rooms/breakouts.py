"""Breakout rooms: sets of rooms, who is in which, and how they open and close (field.md F)."""

from dataclasses import dataclass, field

from rooms.bucket_map import BucketMap


@dataclass(frozen=True, slots=True)
class Breakouts:
    """`places`: user to the id of the open room they are in; whoever is not there is in the main room."""

    places: BucketMap[str] = field(default_factory=BucketMap)
