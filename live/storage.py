"""Opens the store that the settings name: a folder of this machine, or a bucket."""

from live.settings import Settings
from media.local_store import LocalStore
from media.s3_store import S3Store
from media.store import Store


def open_store(settings: Settings) -> Store:
    """In a running loop; its connections belong to it."""
    if settings.recordings_bucket is not None:
        return S3Store(settings.recordings_bucket)
    return LocalStore(settings.store_dir)
