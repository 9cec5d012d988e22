"""Pictures on boards over REST: who brings one, who is shown one (attacks 19, 52), and what an answer says about itself."""

import asyncio
from io import BytesIO
from uuid import uuid4

import pytest

from live.keys import SETTINGS, STORE
from media.local_store import LocalStore
from media.store import StoreFailed
from rooms.roles import Role
from tests.api.conftest import Answer, Api, Caller, Options
from tests.api.division import Divided
from tests.media.paint import looked_at, painted

PNG = {"Content-Type": "image/png"}


async def bring(caller: Caller, session: str, data: bytes | None = None, query: str = "", **headers: str) -> Answer:
    sent = {**PNG, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return await caller.send(
        "POST", f"/live-sessions/{session}/images{query}", data=painted() if data is None else data, headers=sent
    )


async def send_large(caller: Caller, session: str) -> tuple[int, str]:
    url = f"{caller.api.url}/api/v1/live-sessions/{session}/images"
    headers = {**PNG, "Authorization": f"Bearer {caller.token}"}
    async with caller.api.http.post(url, data=BytesIO(painted() + bytes(10_000_000)), headers=headers) as answer:
        return answer.status, (await answer.json(content_type=None))["code"]


def stored(api: Api, session: str) -> list[str]:
    folder = api.app[SETTINGS].store_dir / "images" / session
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


@pytest.fixture
async def session(api: Api) -> str:
    """Running, with Ana and Otto in it."""
    session = await api.workshop()
    await api.invited(session, "Ana")
    await api.invited(session, "Otto", "observer")
    await api.runs(session)
    await api.enters(session, await api.person("Ana"), Role.PARTICIPANT)
    await api.enters(session, await api.person("Otto"), Role.OBSERVER)
    return session


async def test_a_picture_is_brought_and_read_by_everybody_in_the_room(api: Api, session: str) -> None:
    mara, ana = await api.mara(), await api.person("Ana")
    brought = await bring(mara, session)
    assert brought.status == 201
    told = brought.json
    assert (told["width"], told["height"], told["mimeType"]) == (12, 8, "image/png")
    assert brought.headers["Location"] == told["url"] == f"/api/v1/live-sessions/{session}/images/{told['imageId']}"
    read = await ana.get(told["url"])
    assert (read.status, read.headers["Content-Type"], len(read.body)) == (200, "image/png", told["bytes"])
    assert looked_at(read.body).size == (12, 8)
    [event] = (await ana.get(f"/live-sessions/{session}/events?type=board.imageAdded")).json["items"]
    assert (event["actor"], event["imageId"], event["bytes"]) == (mara.user, told["imageId"], told["bytes"])
    added = await mara.command(session, "board.addPage", imageId=told["imageId"])
    assert added.status == 200, added


async def test_what_an_answer_says_keeps_it_a_picture(api: Api, session: str) -> None:
    mara = await api.mara()
    url = (await bring(mara, session)).json["url"]
    read = await mara.get(url)
    expected = {
        "Cache-Control": "private, max-age=31536000, immutable",
        "Content-Disposition": "inline",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    assert expected.items() <= dict(read.headers).items()
    assert "sandbox" in read.headers["Content-Security-Policy"]
    assert "default-src 'none'" in read.headers["Content-Security-Policy"]
    assert (await mara.get(url, headers={"If-None-Match": read.headers["ETag"]})).status == 304
    head = await mara.send("HEAD", url)
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", str(len(read.body)))


async def test_only_who_may_draw_brings_one_and_is_told_before_the_bytes_are_taken(api: Api, session: str) -> None:
    mara, ana, otto = await api.mara(), await api.person("Ana"), await api.person("Otto")
    for caller in (ana, otto):
        assert (await bring(caller, session)).code == "forbidden"
        assert (await bring(caller, session, b"no picture")).code == "forbidden"
    granted = await mara.command(session, "permission.grant", userId=ana.user, permission="can_use_whiteboard")
    assert granted.status == 200
    assert (await bring(ana, session)).status == 201
    assert (await mara.command(session, "board.lock", boardId="main")).status == 200
    assert (await bring(ana, session)).code == "board.locked"
    assert (await bring(mara, session)).status == 201
    assert (await bring(mara, session, query=f"?boardId={uuid4()}")).code == "not_found"
    assert (await bring(mara, session, query="?boardId=%2e%2e%2fx")).code == "not_found"
    assert len(stored(api, session)) == 2


async def test_attack_52_only_pictures_are_taken(api: Api, session: str) -> None:
    mara = await api.mara()
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    for kind in ("image/svg+xml", "image/gif", "text/html", "application/json", "application/octet-stream"):
        assert (await bring(mara, session, svg, Content_Type=kind)).code == "unsupported_media_type"
    for data in (svg, b"", painted()[:40], painted("GIF"), b"GIF89a<script>"):
        refused = await bring(mara, session, data)
        assert (refused.status, refused.code) == (422, "bad_request"), data[:20]
        assert b"<" not in refused.body
    assert (await bring(mara, session, painted("image/jpeg"))).status == 422, "it is not what it says"
    assert (await send_large(mara, session)) == (413, "too_large")
    assert (await bring(mara, session, painted(width=9_000, height=5_000, mode="1"))).code == "too_large"
    assert stored(api, session) == []


async def test_the_same_key_brings_it_once(api: Api, session: str) -> None:
    mara = await api.mara()
    first = await bring(mara, session, Idempotency_Key="a slide")
    again = await bring(mara, session, Idempotency_Key="a slide")
    assert (again.json, again.headers["Idempotent-Replayed"]) == (first.json, "true")
    other = await bring(mara, session, painted(width=20), Idempotency_Key="a slide")
    assert (other.status, other.code) == (422, "id_reused")
    assert stored(api, session) == [first.json["imageId"]]


async def test_what_the_rules_refuse_afterwards_leaves_no_file(
    api: Api, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The board was locked while the bytes were on their way."""
    mara, ana = await api.mara(), await api.person("Ana")
    await mara.command(session, "permission.grant", userId=ana.user, permission="can_use_whiteboard")
    put = LocalStore.put

    async def locked_meanwhile(store: LocalStore, name: str, data: bytes) -> None:
        await put(store, name, data)
        assert (await mara.command(session, "board.lock", boardId="main")).status == 200

    monkeypatch.setattr(LocalStore, "put", locked_meanwhile)
    assert (await bring(ana, session)).code == "board.locked"
    assert stored(api, session) == []


async def test_a_disk_that_refuses_is_a_problem_and_no_event(
    api: Api, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_anything: object) -> None:
        raise StoreFailed("No space left on device")

    monkeypatch.setattr(LocalStore, "put", full)
    refused = await bring(await api.mara(), session)
    assert (refused.status, refused.code) == (503, "unavailable")
    assert b"device" not in refused.body
    assert (await (await api.mara()).get(f"/live-sessions/{session}/events?type=board.")).json["items"] == []


async def test_a_file_that_is_gone_is_not_found(api: Api, session: str) -> None:
    mara = await api.mara()
    told = (await bring(mara, session)).json
    assert await api.app[STORE].delete(f"images/{session}/{told['imageId']}")
    assert (await mara.get(told["url"])).code == "not_found"


async def test_attack_54_names_of_people_reach_no_path(api: Api, session: str) -> None:
    mara = await api.mara()
    brought = await bring(mara, session, Content_Disposition='attachment; filename="../../secret.key"')
    assert stored(api, session) == [brought.json["imageId"]]
    for name in (
        "../../secret.key",
        "..%2f..%2fsecret.key",
        "x%00",
        "CON",
        "%2e%2e",
        brought.json["imageId"] + "%2f..",
    ):
        assert (await mara.get(f"/live-sessions/{session}/images/{name}")).status == 404, name
    picture = api.app[SETTINGS].store_dir / "images" / session / brought.json["imageId"]
    picture.unlink()
    picture.symlink_to("/etc/passwd")
    assert (await mara.get(brought.json["url"])).status == 404


class TestFloods:
    @pytest.fixture
    def options(self) -> Options:
        return Options(limits_factor=1.0)

    async def test_attack_38_one_person_brings_only_so_many_at_once(self, api: Api, session: str) -> None:
        mara = await api.mara()
        slow = [asyncio.create_task(self._begin(mara, session)) for _ in range(6)]
        done, _waiting = await asyncio.wait(slow, timeout=2)
        codes = [task.result() for task in done]
        assert codes == ["rate_limited"] * 2, "four are being read, the others are refused before a byte of theirs"
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
        async with asyncio.timeout(5):
            while (await bring(mara, session)).status != 201:
                continue

    async def _begin(self, caller: Caller, session: str) -> str:
        """Announces a picture and does not send it."""

        async def nothing() -> object:
            yield b"\x89PNG"
            await asyncio.sleep(60)

        headers = {**PNG, "Authorization": f"Bearer {caller.token}"}
        url = f"{caller.api.url}/api/v1/live-sessions/{session}/images"
        async with caller.api.http.post(url, data=nothing(), headers=headers) as response:
            return str((await response.json(content_type=None))["code"])


class TestRooms:
    """Attack 19: a picture is for who was in its room when it came, or later."""

    async def test_who_was_never_there_finds_nothing(self, divided: Divided) -> None:
        one, _two = divided.rooms
        inside = await bring(divided.mara, divided.session, query=f"?boardId={one}")
        assert inside.status == 201
        [event] = (await divided.ana.get(f"/live-sessions/{divided.session}/events?type=board.imageAdded")).json[
            "items"
        ]
        assert event["room"] == one
        url = inside.json["url"]
        seen = {each.name: (await each.get(url)).status for each in divided.everybody}
        assert seen == {"Mara": 200, "Theo": 200, "Ana": 200, "Ben": 404, "Otto": 404}
        unknown = await divided.ben.get(f"/live-sessions/{divided.session}/images/{uuid4()}")
        assert (await divided.ben.get(url)).body == unknown.body

    async def test_who_comes_later_sees_it_and_keeps_it(self, divided: Divided) -> None:
        one, two = divided.rooms
        url = (await bring(divided.mara, divided.session, query=f"?boardId={one}")).json["url"]
        await divided.moved(divided.ben, one)
        assert (await divided.ben.get(url)).status == 200
        await divided.moved(divided.ben, two)
        assert (await divided.ben.get(url)).status == 200, "they saw it"

    async def test_who_left_before_sees_nothing_of_it(self, divided: Divided) -> None:
        one, two = divided.rooms
        await divided.moved(divided.ana, two)
        url = (await bring(divided.mara, divided.session, query=f"?boardId={one}")).json["url"]
        assert (await divided.ana.get(url)).status == 404

    async def test_a_room_draws_on_its_own_board(self, divided: Divided) -> None:
        _one, two = divided.rooms
        told = (await bring(divided.ana, divided.session)).json
        assert (await divided.ben.get(told["url"])).status == 404, "without a boardId it is for the room one is in"
        assert (await bring(divided.ana, divided.session, query=f"?boardId={two}")).code == "not_found"
        assert (await bring(divided.ana, divided.session, query="?boardId=main")).code == "not_found"

    async def test_results_show_their_pictures(self, divided: Divided) -> None:
        url = (await bring(divided.ana, divided.session)).json["url"]
        await divided.closed()
        assert {(await each.get(url)).status for each in divided.everybody} == {200}
