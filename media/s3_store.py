"""The store as objects of an S3 bucket, over miniopy-async. The bucket is the operator's and exists; nothing here makes or empties
one. What is put is whole or not there by S3's own promise. Knows no key of a voice: what it is given is sealed already.
"""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, TypeAlias

from aiohttp import ClientError, ClientSession, ClientTimeout
from miniopy_async.api import Minio
from miniopy_async.deleteobjects import DeleteObject
from miniopy_async.error import MinioException, S3Error

from media.bucket import Bucket
from media.store import StoreFailed, segments_of

WITHIN_S = 300.0  # of one object, which has at most 100 MB
CONNECT_WITHIN_S = 5.0
NOT_THERE = frozenset({"NoSuchKey", "NoSuchBucket", "NoSuchObject"})
Names: TypeAlias = list[str]  # `list` is a name of the protocol


class S3Store:
    """A Store. Its connections are opened with the first request, in the loop that makes it."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._client: Minio | None = None
        self._session: ClientSession | None = None

    async def put(self, name: str, data: bytes) -> None:
        await self._send(name, io.BytesIO(data))

    async def put_file(self, name: str, path: Path) -> None:
        file = await asyncio.to_thread(path.open, "rb")
        try:
            await self._send(name, file)
        finally:
            await asyncio.to_thread(file.close)

    async def read(self, name: str) -> bytes | None:
        return await self._fetch(self._key(name), 0, 0)

    async def read_range(self, name: str, start: int, stop: int) -> bytes | None:
        key = self._key(name)
        return await self._fetch(key, start, stop - start) if stop > start else b""

    async def size(self, name: str) -> int | None:
        key = self._key(name)
        async with self._asking() as client:
            try:
                return int((await client.stat_object(self._bucket.name, key)).size or 0)
            except S3Error as error:
                if error.code in NOT_THERE:
                    return None
                raise

    async def list(self, folder: str) -> Names:
        below = f"{self._bucket.prefix}{'/'.join(segments_of(folder, least=1))}/"
        async with self._asking() as client:
            found = client.list_objects(self._bucket.name, prefix=below, recursive=True)
            return sorted([str(each.object_name).removeprefix(self._bucket.prefix) async for each in found])

    async def delete(self, name: str) -> bool:
        if await self.size(name) is None:
            return False
        async with self._asking() as client:
            await client.remove_object(self._bucket.name, self._key(name))
        return True

    async def delete_tree(self, folder: str) -> int:
        names = await self.list(folder)
        async with self._asking() as client:
            gone = [DeleteObject(self._bucket.prefix + each) for each in names]
            async for error in client.remove_objects(self._bucket.name, gone):
                raise StoreFailed(str(error.code))
        return len(names)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    # -- requests -------------------------------------------------------------------------------------------------------

    async def _send(self, name: str, data: BinaryIO) -> None:
        """Through a signed address and not the client's own method, which would hold all of it in one piece on the loop."""
        key = self._key(name)
        async with self._asking() as client:
            url = await client.presigned_put_object(self._bucket.name, key, timedelta(seconds=WITHIN_S))
            assert self._session is not None
            async with self._session.put(url, data=data) as answer:
                if answer.status != 200:
                    raise StoreFailed(f"the bucket answered {answer.status}")

    async def _fetch(self, key: str, offset: int, length: int) -> bytes | None:
        async with self._asking() as client:
            try:
                answer = await client.get_object(self._bucket.name, key, offset=offset, length=length)
            except S3Error as error:
                if error.code == "InvalidRange":  # behind the end
                    return b""
                if error.code in NOT_THERE:
                    return None
                raise
            try:
                return bytes(await answer.read())
            finally:
                answer.release()

    def _key(self, name: str) -> str:
        return self._bucket.prefix + "/".join(segments_of(name))

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[Minio]:
        try:
            yield self._connected()
        except (MinioException, ClientError, OSError) as error:
            raise StoreFailed(getattr(error, "code", None) or "the bucket cannot be reached") from error

    def _connected(self) -> Minio:
        """With a session of our own, which is closed for certain and gives up in time."""
        if self._client is None:
            timeout = ClientTimeout(total=WITHIN_S, sock_connect=CONNECT_WITHIN_S)
            self._session = ClientSession(timeout=timeout)
            self._client = Minio(
                self._bucket.endpoint,
                access_key=self._bucket.access_key,
                secret_key=self._bucket.secret_key,
                secure=self._bucket.tls,
                region=self._bucket.region or "us-east-1",
                session=self._session,
            )
        return self._client
