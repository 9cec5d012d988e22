"""What the demo tells of itself (design.md 4), and that a real server has no such thing."""

import pytest

from live.keys import DEMO
from tests.api.conftest import Api, Caller, Options


class TestDemo:
    @pytest.fixture
    def options(self) -> Options:
        return Options(demo=True)

    async def test_the_cast_comes_with_tokens_and_the_running_session_first(self, api: Api) -> None:
        assert (await api.nobody.get("/readyz")).status == 503, "not before it is seeded"
        await api.app[DEMO].seed()
        assert (await api.nobody.get("/readyz")).status == 200
        demo = (await api.nobody.get("/demo")).json
        assert [(each["name"], each["role"]) for each in demo["cast"]] == [
            ("Mara", "instructor"),
            ("Theo", "assistant"),
            ("Ana", "participant"),
            ("Ben", "participant"),
            ("Otto", "observer"),
        ]
        first = demo["sessions"][0]
        assert first["status"] == "active"
        for member in demo["cast"]:
            caller = Caller(api, member["name"], member["userId"], member["token"])
            assert (await caller.get("/me")).json["fullName"] == member["name"]
            assert (await caller.get(f"/live-sessions/{first['id']}")).json["title"] == first["title"]
        mara = Caller(api, "Mara", demo["cast"][0]["userId"], demo["cast"][0]["token"])
        assert (await mara.get(f"/live-sessions/{first['id']}/chat")).json["items"]


async def test_a_real_server_has_no_demo(api: Api) -> None:
    assert (await api.nobody.get("/demo")).code == "not_found"
    assert (await api.nobody.get("/healthz")).status == 200
