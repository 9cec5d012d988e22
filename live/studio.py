"""Where pictures are made fit to be kept (media/pictures.py): in threads of their own, a few at a time, so that neither the loop
nor the memory of the process depends on how many people bring one.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from live.limits import PICTURES_AT_ONCE
from media.pictures import Picture, cleaned


class Studio:
    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(PICTURES_AT_ONCE, thread_name_prefix="studio")

    async def clean(self, data: bytes, mime_type: str) -> Picture:
        """Raises Unfit of media/pictures.py."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, cleaned, data, mime_type)

    def close(self) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)
