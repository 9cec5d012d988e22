"""Carries out what people ask about their own data, as jobs of the worker: an export as one sealed file in the store, an erasure, and
that exports are destroyed when their time is over. What is in an export is export.py's, what an erasure does erasure.py's.
"""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import structlog

from live.failpoints import Failpoints
from live.finalising import NotYet
from live.sealed import find_sealed
from media.store import PIECE_BYTES, Store, StoreFailed
from media.vault import Unsealable, seal_records
from persistence.certificates import CERTIFICATES, TEMPLATES
from persistence.database import Database, Unavailable
from persistence.erasure import erase
from persistence.export import Media, documents, media_of
from persistence.jobs import Job
from persistence.pages import LIMIT_MAX
from persistence.privacy import PrivacyRequests
from persistence.recording_keys import RecordingKeys
from rooms.feature import Enqueue
from rooms.ids import UserId

log = structlog.get_logger("privacy")
TRACK = "export"  # of its key
HOSTING_RETRY_S = 3_600.0
SWEEP_EVERY_S = 3_600.0


def place_of(request: str) -> str:
    return f"exports/{request}/data.sealed"


class Privacy:
    """`work`: where a file lies for as long as a job lasts."""

    def __init__(self, database: Database, store: Store, failpoints: Failpoints, work: Path) -> None:
        self._database = database
        self._store = store
        self._failpoints = failpoints
        self._work = work
        self._requests = PrivacyRequests(database)
        self._keys = RecordingKeys(database)

    async def erase(self, job: Job) -> tuple[Enqueue, ...]:
        """Raises NotYet while they host a session: it is handed over first."""
        request = str(job.payload["requestId"])
        person = await self._requests.begin(request)
        if person is None:
            return ()
        if await self._requests.must_wait(request, person):
            raise NotYet(HOSTING_RETRY_S)
        try:
            async with self._database.connection() as connection:
                await erase(connection, self._store, person)
        except (StoreFailed, ValueError, LookupError) as error:
            await self._requests.failed(request, type(error).__name__)
            raise
        await self._failpoints.reach("worker_erased")
        await self._requests.completed(request)
        return ()

    async def export(self, job: Job) -> tuple[Enqueue, ...]:
        request = str(job.payload["requestId"])
        person = await self._requests.begin(request)
        if person is None:
            return ()
        try:
            size = await self._write(request, person)
        except (StoreFailed, Unsealable, ValueError, LookupError) as error:
            await self._requests.failed(request, type(error).__name__)
            raise
        await self._requests.completed(request, size)
        return ()

    # -- an export --

    async def _write(self, request: str, person: UserId) -> int:
        """Its size. In the clear it lies in a file without a name only."""
        key, name = await self._keys.make(None, request, TRACK), place_of(request)
        self._work.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=self._work) as clear, tempfile.NamedTemporaryFile(dir=self._work) as sealed:
            with ZipFile(clear, "w", ZIP_DEFLATED) as archive:
                async for file, document in documents(self._database, person):
                    text = json.dumps(document, ensure_ascii=False, indent=1)
                    await asyncio.to_thread(archive.writestr, f"{file}.json", text)
                async for certificate, page in self._certificates(person):
                    archive.writestr(f"certificates/{certificate}.pdf", page)
                for media in await media_of(self._database, person):
                    await self._add(archive, media)
            size = clear.tell()
            await asyncio.to_thread(_seal, clear, sealed, key, name)
            await self._store.put_file(name, Path(sealed.name))
        return size

    async def _certificates(self, person: UserId) -> AsyncIterator[tuple[str, bytes]]:
        """By number, as they are printed."""
        from live.certificates.page import Look, Undrawable, draw  # takes long to import, and few have one

        keys, wanted = self._database.keys, {"user_id": person, "is_revoked": False}
        async with self._database.connection() as connection:
            held = await CERTIFICATES.page(connection, keys, wanted, LIMIT_MAX, None)
            looks = {
                each.template_id: await TEMPLATES.get(connection, keys, each.template_id)
                for each in held.items
                if each.template_id is not None
            }
        for each in held.items:
            with suppress(Undrawable):
                look = Look.of(looks.get(each.template_id) if each.template_id else None)
                yield each.certificate_number, await asyncio.to_thread(draw, each, each.holder_name or "", look)

    async def _add(self, archive: ZipFile, media: Media) -> None:
        """One's own sound, opened. What is gone or damaged is left out: the rest is theirs all the same."""
        key = await self._keys.get(*media.key_place)
        try:
            sound = None if key is None else await find_sealed(self._store, media.stored, key)
            data = None if sound is None else await sound.read_all()
        except Unsealable:
            log.warning("a file does not open and is not exported", name=media.stored)
            return
        if data is not None:
            await asyncio.to_thread(archive.writestr, f"media/{media.name}", data, ZIP_STORED)


async def sweep_exports(database: Database, store: Store) -> None:
    """Until cancelled: what is older than a week goes, the key first."""
    requests, keys = PrivacyRequests(database), RecordingKeys(database)
    while True:
        with suppress(Unavailable, StoreFailed):
            for request in await requests.expired():
                await keys.shred(request, TRACK)
                await store.delete_tree(f"exports/{request}")
                await requests.forgotten(request)
        await asyncio.sleep(SWEEP_EVERY_S)


def _seal(clear: IO[bytes], sealed: IO[bytes], key: bytes, name: str) -> None:
    clear.seek(0)
    for piece in seal_records(_pieces(clear), key, name):
        sealed.write(piece)
    sealed.flush()


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(PIECE_BYTES):
        yield piece
