"""A board over REST: whole, compressed, with the seq that changed it last as its entity tag, encoded once for all who ask."""

import asyncio
import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

from live.api import slices
from rooms.roles import Role
from tests.api.conftest import Api
from tests.rooms.drawing import stroke

RAW = {"Accept-Encoding": "gzip"}


@pytest.fixture
async def session(api: Api) -> str:
    session = await api.workshop()
    ana = await api.invited(session, "Ana")
    await api.runs(session)
    await api.enters(session, ana, Role.PARTICIPANT)
    drawn = await (await api.mara()).command(
        session, "board.change", boardId="main", elements=[stroke("one"), stroke("two")]
    )
    assert drawn.status == 200, drawn
    return session


async def test_a_board_is_read_as_it_stands_at_its_seq(api: Api, session: str) -> None:
    mara, ana = await api.mara(), await api.person("Ana")
    path = f"/live-sessions/{session}/boards/main"
    board = await ana.get(path)
    assert board.status == 200
    assert [each["id"] for each in board.json["elements"]] == ["one", "two"]
    assert board.json["creators"] == [mara.user, mara.user]
    assert board.headers["ETag"] == f'"{board.json["seq"]}"'
    assert (await ana.get(path, headers={"If-None-Match": board.headers["ETag"]})).status == 304
    await mara.command(session, "chat.send", text="hello")
    assert (await ana.get(path, headers={"If-None-Match": board.headers["ETag"]})).status == 304, "it did not change"
    gone = await mara.command(
        session, "board.change", boardId="main", elements=[{**stroke("one"), "version": 2, "isDeleted": True}]
    )
    changed = await ana.get(path, headers={"If-None-Match": board.headers["ETag"]})
    assert (changed.status, changed.json["seq"]) == (200, gone.json["seq"])
    assert [each["id"] for each in changed.json["elements"]] == ["two"]


async def test_it_travels_compressed_to_who_takes_that(api: Api, session: str) -> None:
    ana = await api.person("Ana")
    url = f"{api.url}/api/v1/live-sessions/{session}/boards/main"
    headers = {"Authorization": f"Bearer {ana.token}"}

    async def read(accepted: str) -> tuple[str | None, bytes]:
        async with api.http.get(url, headers={**headers, "Accept-Encoding": accepted}, auto_decompress=False) as answer:
            assert answer.status == 200
            assert answer.headers["Vary"] == "Accept-Encoding"
            body = await answer.read()
            assert len(body) == int(answer.headers["Content-Length"])
            return answer.headers.get("Content-Encoding"), body

    coding, packed = await read("br, gzip;q=0.8")
    assert coding == "gzip"
    plain = gzip.decompress(packed)
    assert len(packed) < len(plain)
    for refused in ("identity", "gzip;q=0", "br"):
        assert await read(refused) == (None, plain)
    assert json.loads(plain)["id"] == "main"


async def test_opening_transfers_about_its_gzip_size(api: Api, session: str) -> None:
    mara = await api.mara()
    for act in range(8):
        elements = [stroke(f"{act}-{each}") | {"x": 31 * each, "y": 17 * act} for each in range(100)]
        assert (await mara.command(session, "board.change", boardId="main", elements=elements)).status == 200
    url = f"{api.url}/api/v1/live-sessions/{session}/boards/main"
    headers = {"Authorization": f"Bearer {mara.token}", "Accept-Encoding": "gzip"}
    async with api.http.get(url, headers=headers, auto_decompress=False) as answer:
        packed = await answer.read()
    plain = gzip.decompress(packed)
    assert len(json.loads(plain)["elements"]) == 802
    assert len(packed) <= 1.1 * len(gzip.compress(plain))
    print(f"802 elements: {len(plain)} bytes, {len(packed)} on the wire")


async def test_a_hundred_readers_cost_one_encoding(api: Api, session: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ana, made = await api.person("Ana"), list[int]()
    packed: Callable[..., bytes] = slices._packed

    def counted(seq: int, make: Callable[[], dict[str, Any]]) -> bytes:
        made.append(seq)
        return packed(seq, make)

    monkeypatch.setattr(slices, "_packed", counted)
    path = f"/live-sessions/{session}/boards/main"
    lanes = asyncio.Semaphore(8)  # each asks the database who it is

    async def read() -> tuple[int, bytes]:
        async with lanes:
            answer = await ana.get(path)
            return answer.status, answer.body

    [(status, _body)] = set(await asyncio.gather(*(read() for _ in range(100))))
    assert status == 200
    assert len(made) == 1


async def test_what_is_no_board_is_not_found(api: Api, session: str) -> None:
    ana = await api.person("Ana")
    for name in ("other", "%2e%2e", "x" * 65, "main%00", "MAIN", "4b9d8c52-0c3f-4f0e-9a51-6d1f3f6c7a11"):
        assert (await ana.get(f"/live-sessions/{session}/boards/{name}")).status == 404, name


async def test_pages_are_listed_without_what_is_on_them(api: Api, session: str) -> None:
    [page] = (await (await api.person("Ana")).get(f"/live-sessions/{session}/boards")).json["items"]
    assert (page["id"], page["live"]) == ("main", 2)
    assert "elements" not in page


async def test_the_history_of_a_board_is_read_by_its_type(api: Api, session: str) -> None:
    mara, ana = await api.mara(), await api.person("Ana")
    await mara.command(session, "chat.send", text="between")
    await mara.command(session, "board.lock", boardId="main")
    await mara.command(session, "chat.send", text="after")
    path = f"/live-sessions/{session}/events"
    page = (await ana.get(f"{path}?type=board.")).json
    assert [each["type"] for each in page["items"]] == ["board.changed", "board.locked"]
    assert (page["nextCursor"], page["upto"]) == (None, (await ana.get(path)).json["upto"])
    first = (await ana.get(f"{path}?type=board.&limit=1")).json
    assert [each["type"] for each in first["items"]] == ["board.changed"]
    second = (await ana.get(f"{path}?type=board.&limit=1&cursor={first['nextCursor']}")).json
    assert [each["type"] for each in second["items"]] == ["board.locked"]
    last = (await ana.get(f"{path}?type=board.&limit=1&cursor={second['nextCursor']}")).json
    assert (last["items"], last["nextCursor"]) == ([], None)
    exact = (await ana.get(f"{path}?type=board.locked")).json
    assert [each["type"] for each in exact["items"]] == ["board.locked"]
    for refused in ("board", "nothing.", "board.nothing", "%25", "board._", "Board."):
        assert (await ana.get(f"{path}?type={refused}")).status == 422, refused
