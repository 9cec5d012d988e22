"""Opens the store that the settings name, and other places like it: a folder of this machine, or a bucket."""

from pathlib import Path

from live.settings import Settings
from media.bucket import Bucket
from media.local_store import LocalStore
from media.store import Store


def open_store(settings: Settings) -> Store:
    """In a running loop; its connections belong to it."""
    return open_place(settings.recordings_bucket or settings.store_dir)


def open_place(place: Path | Bucket) -> Store:
    if isinstance(place, Path):
        return LocalStore(place)
    from media.s3_store import S3Store  # its client takes a third of a second to import, and few have a bucket

    return S3Store(place)
