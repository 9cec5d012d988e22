"""Oneself and, for administrators, everybody."""

from tests.api.conftest import PASSWORD, Api


async def test_me_changes_with_the_version_one_read(api: Api) -> None:
    ana = await api.person("Ana")
    read = await ana.get("/me")
    assert read.json["email"] == "ana@example.org"
    assert read.json["roles"] == ["learner"]
    tag = read.headers["ETag"]
    assert (await ana.get("/me", headers={"If-None-Match": f'"x", {tag}'})).status == 304
    assert (await ana.send("PATCH", "/me", {"fullName": "Ana B."})).code == "precondition_required"
    changed = await ana.send("PATCH", "/me", {"fullName": "Ana B."}, headers={"If-Match": tag})
    assert changed.status == 200
    assert changed.json["fullName"] == "Ana B."
    assert changed.headers["ETag"] != tag
    stale = await ana.send("PATCH", "/me", {"fullName": "Ana C."}, headers={"If-Match": tag})
    assert (stale.status, stale.code) == (412, "precondition_failed")
    assert (await ana.get("/me")).headers["ETag"] == changed.headers["ETag"]


async def test_nobody_changes_more_of_themselves(api: Api) -> None:
    """Attack 24."""
    ana = await api.person("Ana")
    before = (await ana.get("/me")).body
    for field in ("roles", "subscriptionTier", "status", "id", "email", "createdAt", "workshopAccessGranted"):
        refused = await ana.change("/me", {"fullName": "Ana B.", field: "admin"})
        assert refused.status == 422
        assert [each["pointer"] for each in refused.json["errors"]] == [f"/{field}"]
    assert (await ana.get("/me")).body == before


async def test_snake_case_is_not_another_name_for_a_field(api: Api) -> None:
    ana = await api.person("Ana")
    assert (await ana.change("/me", {"full_name": "Ana"})).status == 422


async def test_names_that_are_none(api: Api) -> None:
    ana = await api.person("Ana")
    for name in ("", "  ", "x" * 101, "a\u0000b", "a\ud800", "a\u202eb", "two\nlines", 7, ["Ana"]):
        assert (await ana.change("/me", {"fullName": name})).status == 422, name


async def test_an_administrator_makes_and_administrates_accounts(api: Api) -> None:
    ada = await api.ada()
    new = {"email": "Cleo@Example.org", "firstName": "Cleo", "lastName": "Cole", "password": PASSWORD}
    made = await ada.post("/users", new)
    assert made.status == 201
    cleo = made.json["id"]
    assert made.headers["Location"] == f"/api/v1/users/{cleo}"
    assert "password" not in made.body.decode()
    assert (await ada.post("/users", {**new, "email": "cleo@example.ORG"})).code == "address_taken"
    assert (await ada.get(f"/users/{cleo}")).headers["ETag"] == made.headers["ETag"]

    promoted = await ada.change(
        f"/users/{cleo}/roles", {"roles": ["instructor", "learner"]}, method="PUT", read=f"/users/{cleo}"
    )
    assert promoted.json["roles"] == ["instructor", "learner"]
    tier = await ada.change(f"/users/{cleo}", {"subscriptionTier": "vip", "workshopAccessGranted": False})
    assert (tier.json["subscriptionTier"], tier.json["workshopAccessGranted"]) == ("vip", False)
    assert (await ada.change(f"/users/{cleo}", {"status": "erased"})).status == 422
    assert (await ada.change(f"/users/{cleo}", {"status": "suspended"})).json["status"] == "suspended"
    assert (await ada.change(f"/users/{cleo}", {"status": "active"})).json["status"] == "active"


async def test_there_is_always_an_administrator(api: Api) -> None:
    ada = await api.ada()
    path = f"/users/{ada.user}"
    refused = await ada.change(f"{path}/roles", {"roles": ["learner"]}, method="PUT", read=path)
    assert (refused.status, refused.code) == (409, "last_administrator")
    assert (await ada.change(path, {"status": "suspended"})).code == "forbidden", "nobody suspends themselves"


async def test_lists_are_cut_into_pages(api: Api) -> None:
    ada = await api.ada()
    for name in ("Ana", "Ben", "Otto", "Theo"):
        await api.person(name)
    seen, path = [], "/api/v1/users?limit=2"
    for _ in range(3):
        page = await ada.get(path)
        assert page.status == 200
        seen += [each["fullName"] for each in page.json["items"]]
        if page.json["nextCursor"] is None:
            assert "Link" not in page.headers
            break
        link, _semicolon, relation = page.headers["Link"].partition("; ")
        assert relation == 'rel="next"'
        path = link.strip("<>")
    assert seen == ["Theo", "Otto", "Ben", "Ana", "Ada"]


async def test_pages_have_limits(api: Api) -> None:
    """Attack 43."""
    ada = await api.ada()
    for query in (
        "limit=0",
        "limit=201",
        "limit=1e9",
        "limit=1000000000",
        "limit=-1",
        "limit=x",
        "limit=1&limit=2",
        "limit=9" + "9" * 5000,
        "offset=3",
        "cursor=x",
        "cursor=" + "A" * 500,
        "cursor=%00",
        "cursor=W10",
        "cursor=bnVsbA",
    ):
        refused = await ada.get(f"/users?{query}")
        assert (refused.status, refused.code) == (422, "bad_request"), query
        assert refused.json["errors"], query
