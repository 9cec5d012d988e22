"""The store in a bucket, against a real S3 server (seaweedfs) on this machine."""

import json
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep
from urllib.request import urlopen

import pytest
from miniopy_async.api import Minio

from media.bucket import Bucket
from media.s3_store import S3Store
from media.store import StoreFailed
from tests.conftest import find_free_port
from tests.media.store_contract import StoreContract

KEY, SECRET = "atelier", "a secret/with%signs"
STARTED_WITHIN_S = 60.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`host:port` of a server that knows one key."""
    folder = tmp_path_factory.mktemp("seaweedfs")
    (folder / "data").mkdir()
    identity = {
        "name": "atelier",
        "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    ports = {name: find_free_port() for name in ("master", "volume", "filer", "s3")}
    grpc = {f"{name}.port.grpc": find_free_port() for name in ports}
    options = {f"{name}.port": port for name, port in ports.items()} | grpc
    weed = shutil.which("weed", path=str(Path(sys.executable).parent))
    assert weed is not None
    command = [weed, "server", f"-dir={folder / 'data'}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3", "-filer"]
    command += [f"-s3.config={folder / 's3.json'}", "-master.volumeSizeLimitMB=64", "-volume.max=20"]
    command += [f"-{name}={value}" for name, value in options.items()]
    with (folder / "log").open("wb") as log:
        child = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    try:
        _wait_for(f"http://127.0.0.1:{ports['s3']}/status", child, folder / "log")
        yield f"127.0.0.1:{ports['s3']}"
    finally:
        child.kill()
        child.wait()


def _wait_for(url: str, child: subprocess.Popen[bytes], log: Path) -> None:
    until = monotonic() + STARTED_WITHIN_S
    while monotonic() < until:
        assert child.poll() is None, log.read_text()[-2_000:]
        try:
            with urlopen(url, timeout=1):
                return
        except OSError:
            sleep(0.2)
    raise AssertionError(log.read_text()[-2_000:])


@pytest.fixture
async def bucket(server: str) -> Bucket:
    bucket = Bucket(server, "workshops", "atelier/", KEY, SECRET, tls=False)
    async with Minio(server, KEY, SECRET, secure=False, region="us-east-1") as client:
        if not await client.bucket_exists(bucket.name):
            await client.make_bucket(bucket.name)
    return bucket


@pytest.fixture
async def store(bucket: Bucket) -> AsyncIterator[S3Store]:
    store = S3Store(bucket)
    yield store
    await store.close()


class TestAsAStore(StoreContract):
    pass


async def test_everything_lies_below_the_prefix(store: S3Store, bucket: Bucket) -> None:
    await store.put("pictures/mine/one", b"one")
    async with Minio(bucket.endpoint, KEY, SECRET, secure=False, region="us-east-1") as client:
        names = [each.object_name async for each in client.list_objects(bucket.name, recursive=True)]
    assert "atelier/pictures/mine/one" in names
    assert all(name.startswith("atelier/") for name in names)


async def test_a_wrong_secret_or_no_server_is_a_failure_and_names_no_secret(bucket: Bucket) -> None:
    for wrong in (replace(bucket, secret_key="wrong"), replace(bucket, endpoint=f"127.0.0.1:{find_free_port()}")):
        store = S3Store(wrong)
        for attempt in (
            store.put("a/b", b"x"),
            store.read("a/b"),
            store.size("a/b"),
            store.list("a"),
            store.delete("a/b"),
        ):
            with pytest.raises(StoreFailed) as failed:
                await attempt
            assert "wrong" not in str(failed.value)
        await store.close()


def test_a_url_names_the_bucket() -> None:
    assert Bucket.of("s3://AK%2F1:se%2Fcret@objects.example.org:9000/bucket/deep/down?region=eu-1&tls=no") == Bucket(
        "objects.example.org:9000", "bucket", "deep/down/", "AK/1", "se/cret", "eu-1", tls=False
    )
    assert Bucket.of("s3://a:b@example.org/bucket").prefix == ""
    assert "secret" not in repr(Bucket.of("s3://a:secret@example.org/bucket")).replace("secret_key", "")


@pytest.mark.parametrize(
    "url",
    ["s3://example.org/bucket", "s3://a:secret@example.org", "s3://a:secret@example.org/b?what=ever", "s3:bucket"],
)
def test_a_url_that_names_none_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ValueError, match=r"^(must be|takes)") as refused:
        Bucket.of(url)
    assert "secret" not in str(refused.value).replace("KEY:SECRET", "")
