"""The keys under which personal data lies in the database (domain.md 2.9): what a dump shows, and their exchange for new ones while
people go on."""

import asyncio
import base64
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from live import worker as worker_module
from live.keys import DATABASE, SETTINGS
from live.settings import Settings
from persistence import database as database_module
from persistence.database import Database
from persistence.embedded import find_binaries
from persistence.encryption import key_id
from persistence.keys import Rotation
from tests.api.bootcamp import make
from tests.api.conftest import PASSWORD, Api, Caller
from tests.api.recorded import worker_of
from tests.bootcamp import open_course
from tests.databases import SECRET_KEY

SEALED = {
    "identity.accounts": ["email_enc", "full_name_enc", "given_name_enc", "family_name_enc"],
    "bootcamp.users": [
        "avatar_url_enc",
        "bio_enc",
        "location_enc",
        "professional_background_enc",
        "agricultural_experience_enc",
    ],
    "bootcamp.user_profiles": ["portfolio_url_enc", "linkedin_url_enc", "github_url_enc"],
    "bootcamp.lesson_progress": ["notes_enc"],
    "bootcamp.certificates": ["holder_name_enc"],
    "bootcamp.fataplus_integration": ["access_token_enc", "refresh_token_enc"],
    "bootcamp.external_service_tokens": ["access_token_enc", "refresh_token_enc", "service_user_id_enc"],
}
"""By table, from domain.md 2.9."""


@dataclass
class Ana:
    """Who has told something in every column that is sealed; `marks` by column."""

    caller: Caller
    marks: dict[str, str]
    progress: str
    certificate: str

    async def reads_all_of_it(self) -> None:
        shown = {
            f"/bootcamp/users/{self.caller.user}": ("avatar_url", "bio", "location", "background", "experience"),
            f"/bootcamp/lesson-progress/{self.progress}": ("notes",),
            f"/bootcamp/certificates/{self.certificate}": ("full",),
            "/bootcamp/profiles": ("portfolio", "linkedin", "github"),
            "/me": ("email", "full", "given", "family"),
        }
        for path, names in shown.items():
            answer = await self.caller.get(path)
            assert answer.status == 200, answer
            for name in names:
                assert self.marks[name].encode() in answer.body, (path, name)


async def ana_tells(api: Api) -> Ana:
    names = (
        *("email", "full", "given", "family", "avatar_url", "bio", "location", "background", "experience", "portfolio"),
        *("linkedin", "github", "notes", "access", "refresh", "other_access", "other_refresh", "account"),
    )
    marks = {name: f"mark{name.replace('_', '')}{uuid4().hex[:12]}" for name in names}
    ada, mara = await api.ada(), await api.mara()
    made = await ada.post(
        "/users",
        {
            "email": f"{marks['email']}@example.org",
            "firstName": marks["given"],
            "lastName": marks["family"],
            "fullName": marks["full"],
            "password": PASSWORD,
            "roles": ["learner"],
        },
    )
    assert made.status == 201, made
    signed = await api.nobody.post("/auth/token", {"email": f"{marks['email']}@example.org", "password": PASSWORD})
    assert signed.status in (200, 201), signed
    ana = Caller(api, "Ana", made.json["id"], signed.json["accessToken"])
    course = await open_course(api.app[DATABASE], mara.user, ana.user)
    await ana.change(
        f"/bootcamp/users/{ana.user}",
        {
            "avatarUrl": f"https://example.org/{marks['avatar_url']}",
            "bio": marks["bio"],
            "location": {"city": marks["location"]},
            "professionalBackground": {"industry": marks["background"]},
            "agriculturalExperience": {"farm": marks["experience"]},
        },
    )
    sites = {f"{site}Url": f"https://example.org/{marks[site]}" for site in ("portfolio", "linkedin", "github")}
    await make(ana, "/bootcamp/profiles", **sites)
    enrolled = (await ana.get("/bootcamp/enrollments")).json["items"][0]["id"]
    begun = await make(
        ana, "/bootcamp/lesson-progress", enrollmentId=enrolled, lessonId=course.lesson, notes=marks["notes"]
    )
    await make(
        ana,
        "/bootcamp/integrations",
        fataplusUserId=str(uuid4()),
        accessToken=marks["access"],
        refreshToken=marks["refresh"],
    )
    await make(
        ana,
        "/bootcamp/service-tokens",
        serviceName="figma",
        accessToken=marks["other_access"],
        refreshToken=marks["other_refresh"],
        serviceUserId=marks["account"],
    )
    await course.complete(ana.user)
    certificate = await make(mara, "/bootcamp/certificates", courseId=course.id, userId=ana.user)
    return Ana(ana, marks, begun["id"], certificate["id"])


def dump_of(dsn: str) -> str:
    return subprocess.run([find_binaries() / "pg_dump", dsn], capture_output=True, text=True, check=True).stdout


async def under(database: Database, table: str, columns: list[str]) -> set[int]:
    """The keys of all values there, of which there must be one in each column."""
    async with database.connection() as connection:
        rows = await connection.fetch(f"SELECT {', '.join(columns)} FROM {table}")
    for column in columns:
        assert any(row[column] for row in rows), f"{table}.{column}"
    return {key_id(row[column]) for row in rows for column in columns if row[column] is not None}


@asynccontextmanager
async def another_process(api: Api) -> AsyncIterator[Database]:
    settings: Settings = api.app[SETTINGS]
    database = await Database.open(settings.database_url, SECRET_KEY, connections=3)
    try:
        yield database
    finally:
        await database.close()


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> float:
    """Every process looks for keys more often than in life; how long it then takes until all know of one."""
    monkeypatch.setattr(database_module, "KEYS_KEPT_S", 0.2)
    return 0.6


@pytest.mark.requirement(
    *("W004", "W005", "B005", "B006", "B007", "B008", "B010", "B022", "B023", "B024", "B106", "B293"),
    *("B317", "B318", "B319", "D51", "D79"),
)
async def test_attack_71_a_dump_holds_none_of_what_people_told(api: Api) -> None:
    ana = await ana_tells(api)
    await ana.reads_all_of_it()
    dump = await asyncio.to_thread(dump_of, api.app[SETTINGS].database_url)
    assert ana.caller.user in dump
    for name, mark in ana.marks.items():
        for written in (mark, mark.encode().hex(), base64.b64encode(mark.encode()).decode().rstrip("=")[:-1]):
            assert written not in dump, name


async def test_what_is_sealed_opens_at_its_place_only(api: Api) -> None:
    """A value that somebody moves within the database is refused, not shown as somebody else's."""
    ana, ben = await ana_tells(api), await api.person("Ben")
    await make(ben, "/bootcamp/users", bio="Digs.")
    connection = await asyncpg.connect(api.app[SETTINGS].database_url)
    await connection.execute(
        "UPDATE bootcamp.users SET bio_enc = (SELECT bio_enc FROM bootcamp.users WHERE id = $1) WHERE id = $2",
        UUID(ana.caller.user),
        UUID(ben.user),
    )
    assert (await ben.get(f"/bootcamp/users/{ben.user}")).status == 500
    await connection.execute(
        "UPDATE bootcamp.users SET bio_enc = NULL, avatar_url_enc = bio_enc WHERE id = $1", UUID(ana.caller.user)
    )
    answer = await ana.caller.get(f"/bootcamp/users/{ana.caller.user}")
    assert (answer.status, ana.marks["bio"].encode() in answer.body) == (500, False)
    await connection.close()


class Visitors:
    """Read, write, sign in and repeat themselves, all the time."""

    def __init__(self, api: Api, ana: Ana) -> None:
        self._api, self._ana = api, ana
        self._stopping = asyncio.Event()
        self.rounds = 0

    async def go_on(self) -> None:
        again = {"Idempotency-Key": str(uuid4())}
        profile = (await self._ana.caller.get("/bootcamp/profiles")).json["items"][0]["id"]
        before = (await self._ana.caller.get(f"/bootcamp/profiles/{profile}")).headers["ETag"]
        first = await self._ana.caller.post("/notes", {"title": "Clay", "content": "Wet."}, headers=again)
        assert first.status == 201, first
        while not self._stopping.is_set():
            await self._ana.reads_all_of_it()
            assert (await self._ana.caller.get(f"/bootcamp/profiles/{profile}")).headers["ETag"] == before
            repeated = await self._ana.caller.post("/notes", {"title": "Clay", "content": "Wet."}, headers=again)
            assert (repeated.status, repeated.body) == (201, first.body)
            changed = await self._ana.caller.change("/me", {"fullName": self._ana.marks["full"]})
            assert changed.status == 200, changed
            address = f"{self._ana.marks['email']}@example.org"
            signed = await self._api.nobody.post("/auth/token", {"email": address, "password": PASSWORD})
            assert signed.status in (200, 201), signed
            newcomer = {"firstName": "Nora", "lastName": "New", "password": PASSWORD, "roles": ["learner"]}
            ada = await self._api.ada()
            assert (await ada.post("/users", {"email": address, **newcomer})).code == "address_taken"
            made = await ada.post("/users", {"email": f"nora{self.rounds}@example.org", **newcomer})
            assert made.status == 201, made
            self.rounds += 1

    async def stop(self) -> None:
        self._stopping.set()


@pytest.mark.requirement("B320")
async def test_a_rotation_seals_everything_anew_while_people_go_on(api: Api, quickly: float) -> None:
    ana, ada = await ana_tells(api), await api.ada()
    before = {key for table, columns in SEALED.items() for key in await under(api.app[DATABASE], table, columns)}
    epoch, noted = await epochs(api), await changes_of_certificates(api)
    visitors = Visitors(api, ana)
    async with another_process(api) as elsewhere, asyncio.TaskGroup() as tasks:
        tasks.create_task(visitors.go_on())
        asked = await ada.post("/admin/keys/rotate")
        assert (asked.status, asked.json["rotating"]) == (202, True)
        assert (await ada.post("/admin/keys/rotate")).json["keys"] == asked.json["keys"]
        await Rotation(elsewhere, spread_s=quickly).carry_out()
        rounds = visitors.rounds
        while visitors.rounds < rounds + 2:  # noqa: ASYNC110 - they tell nobody
            await asyncio.sleep(0.05)
        await visitors.stop()
    told = (await ada.get("/admin/keys")).json
    assert told["rotating"] is False
    (active,) = (each["id"] for each in told["keys"] if (each["purpose"], each["state"]) == ("row", "active"))
    assert {each["state"] for each in told["keys"] if each["id"] in before} == {"retired"}
    for table, columns in SEALED.items():
        assert await under(api.app[DATABASE], table, columns) == {active}, table
    async with api.app[DATABASE].connection() as connection:
        answers = await connection.fetch("SELECT response FROM ops.idempotency_keys WHERE status IS NOT NULL")
        indexed = await connection.fetch("SELECT DISTINCT bidx_key_id FROM identity.accounts")
    assert {key_id(base64.b64decode(row["response"])) for row in answers} == {active}
    (index,) = (each["id"] for each in told["keys"] if (each["purpose"], each["state"]) == ("index", "active"))
    assert [row["bidx_key_id"] for row in indexed] == [index]
    assert (await epochs(api), await changes_of_certificates(api)) == (epoch, noted)


async def changes_of_certificates(api: Api) -> int:
    """As the audit log has them: nobody changed any."""
    connection = await asyncpg.connect(api.app[SETTINGS].database_url)
    found: int = await connection.fetchval(
        "SELECT count(*) FROM audit.log WHERE entity = 'bootcamp.certificates' AND action = 'update'"
    )
    await connection.close()
    return found


async def epochs(api: Api) -> list[Any]:
    async with api.app[DATABASE].connection() as connection:
        return [row["epoch"] for row in await connection.fetch("SELECT epoch FROM live.session_heads ORDER BY 1")]


CHILD = """
import asyncio, sys
from persistence import keys
from persistence.database import Database
keys.BATCH = 2
async def main():
    database = await Database.open(sys.argv[1], sys.argv[2], connections=2)
    rotation, renew = keys.Rotation(database, spread_s=0), keys.Rotation._renew
    async def slowly(*given):
        found = await renew(*given)
        await asyncio.sleep(0.02 if found else 0)
        return found
    keys.Rotation._renew = slowly
    await rotation.carry_out()
asyncio.run(main())
"""


async def test_a_rotation_killed_in_the_middle_is_gone_on_with(api: Api, quickly: float) -> None:
    ana, ada = await ana_tells(api), await api.ada()
    for number in range(30):
        await api.person(f"Guest{number}")
    database = api.app[DATABASE]
    assert (await ada.post("/admin/keys/rotate")).status == 202
    await asyncio.sleep(quickly)
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CHILD, api.app[SETTINGS].database_url, SECRET_KEY
    )
    async with asyncio.timeout(60):
        while len(await under(database, "identity.accounts", SEALED["identity.accounts"])) < 2:  # noqa: ASYNC110 - a child tells nobody
            await asyncio.sleep(0.01)
    child.kill()
    await child.wait()
    assert len(await under(database, "identity.accounts", SEALED["identity.accounts"])) == 2, (
        "it came to its end before"
    )
    await ana.reads_all_of_it()
    async with another_process(api) as elsewhere:
        await Rotation(elsewhere, spread_s=quickly).carry_out()
    states = await Rotation(database).state()
    assert not any(each.under_way for each in states)
    (active,) = (each.id for each in states if each.active and each.purpose == "row")
    for table, columns in SEALED.items():
        assert await under(database, table, columns) == {active}, table
    await ana.reads_all_of_it()


async def test_a_worker_carries_out_what_an_administrator_asked_for(
    api: Api, quickly: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "Rotation", partial(Rotation, spread_s=quickly))
    ada = await api.ada()
    assert (await ada.post("/admin/keys/rotate")).status == 202
    working = asyncio.create_task(worker_of(api).run())
    async with asyncio.timeout(60):
        while (told := (await ada.get("/admin/keys")).json)["rotating"]:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.1)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    assert sorted((each["purpose"], each["state"]) for each in told["keys"]) == [
        *(("badges", "active"), ("index", "active"), ("index", "retired"), ("invitations", "active")),
        *(("row", "active"), ("row", "retired")),
    ]


async def test_keys_are_the_business_of_administrators(api: Api) -> None:
    for caller in (await api.mara(), await api.person("Ana")):
        assert (await caller.get("/admin/keys")).code == "forbidden"
        assert (await caller.post("/admin/keys/rotate")).code == "forbidden"
    assert (await api.nobody.get("/admin/keys")).code == "unauthenticated"
    told = await (await api.ada()).get("/admin/keys")
    assert {each["state"] for each in told.json["keys"]} == {"active"}
