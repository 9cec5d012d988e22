"""Plans at 100,000 notes and as many transcripts, through the application's own login under row-level security (P3, P4): the documented
queries 1 to 3, corrected (domain.md 2.5), and lists of notes find rows by an index, never by reading a whole table."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest

from persistence import database as database_module
from persistence.cache import Cache
from persistence.connection import Connection
from persistence.dashboard import read_dashboard
from persistence.database import Database
from persistence.entities import Entity
from persistence.models.note import Note
from persistence.modules import Modules
from persistence.search import Search
from rooms.ids import UserId
from tests.databases import SECRET_KEY, Cluster
from tests.persistence.workshop import Workshop

ROWS = 100_000
PEOPLE = 200
LARGE = {"workbook_notes", "transcription_records", "audio_recordings", "user_progress"}
# What columns are computed with is made cheaper before, and triggers stay away: what counts is how many rows there are.
PEOPLE_AND_MODULES = f"""
SET session_replication_role = replica;
CREATE OR REPLACE FUNCTION app.english_tsv(content text) RETURNS tsvector LANGUAGE sql IMMUTABLE AS
  $$ SELECT to_tsvector('pg_catalog.english'::regconfig, content) $$;
CREATE OR REPLACE FUNCTION app.word_count(content text) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT 9 $$;
INSERT INTO workbook.workshop_modules (title, module_order, duration_minutes, content, is_published)
  SELECT 'Module ' || n, n, 60, '{{"overview": "", "learningObjectives": [], "resources": [], "lessons": []}}', true
    FROM generate_series(1, 6) n;
CREATE TABLE public.people AS
  SELECT array_agg(id ORDER BY n) AS ids, (SELECT array_agg(m.id) FROM workbook.workshop_modules m) AS modules
    FROM (SELECT 0 AS n, id FROM workbook.workbook_users UNION ALL
          SELECT n, gen_random_uuid() FROM generate_series(1, {PEOPLE}) n) everybody;
"""
NOTES = f"""
SET session_replication_role = replica;
INSERT INTO workbook.workbook_notes (user_id, title, content, module_id, is_private, created_at)
  SELECT ids[1 + n % {PEOPLE}], 'Note', '<p>clay in pot number' || n || ' and word' || n % 1000 || '</p>',
         modules[1 + n % 6], n % 10 > 0, now() - n * interval '1 minute'
    FROM public.people, generate_series(1, {ROWS}) n;
INSERT INTO workbook.user_progress (user_id, module_id, status, progress_percent)
  SELECT ids[n], unnest(modules), 'in_progress', n % 100 FROM public.people, generate_series(1, {PEOPLE}) n;
INSERT INTO workbook.user_progress (user_id, module_id, status, progress_percent)
  SELECT gen_random_uuid(), modules[1], 'in_progress', 1 FROM public.people, generate_series(1, {ROWS} / 6) n;
ANALYZE workbook.workbook_notes, workbook.user_progress, workbook.workshop_modules;
"""
TRANSCRIPTS = f"""
SET session_replication_role = replica;
CREATE TEMPORARY TABLE heard AS SELECT n, app.uuid7(now()) AS id, ids[1 + n % {PEOPLE}] AS user_id
    FROM public.people, generate_series(1, {ROWS}) n;
INSERT INTO workbook.audio_recordings (id, user_id, file_name, file_url, mime_type, duration_seconds, file_size_bytes, is_processed)
  SELECT id, user_id, 'a.webm', 'store://audio/a', 'audio/webm', 60, 1000, true FROM heard;
INSERT INTO workbook.transcription_records
    (audio_recording_id, user_id, text, confidence, language, processing_time, metadata, status, created_at)
  SELECT id, user_id, 'clay in pot number' || n || ' and word' || n % 1000, 1, 'en', 1, '{{"model": "m"}}', 'completed',
         now() - n * interval '1 minute'
    FROM heard;
ANALYZE workbook.audio_recordings, workbook.transcription_records;
"""


@dataclass
class Told:
    """Plans of everything that ran, also within functions, as Postgres's auto_explain tells them."""

    plans: list[dict[str, Any]]

    def hears(self, _connection: Any, message: Any) -> None:
        _head, found, plan = message.message.partition("plan:\n")
        if found:
            self.plans.append(json.loads(plan)["Plan"])

    def nodes(self) -> Iterator[dict[str, Any]]:
        waiting = list(self.plans)
        while waiting:
            node = waiting.pop()
            yield node
            waiting += node.get("Plans", [])

    def read_whole(self) -> set[str]:
        """Large tables, also by their partitions, that were read from beginning to end."""
        return {
            node["Relation Name"]
            for node in self.nodes()
            if node["Node Type"] == "Seq Scan" and node["Relation Name"].startswith(tuple(LARGE)) and not _empty(node)
        }

    def indexes(self) -> set[str]:
        return {node["Index Name"] for node in self.nodes() if "Index Name" in node}


def _empty(node: dict[str, Any]) -> bool:
    """A partition of another month."""
    return bool(node["Plan Rows"] <= 1 and node["Relation Name"] not in LARGE)


class Heard(Database):
    """Whose app login tells how it reads."""

    told: Told

    @asynccontextmanager
    async def as_user(
        self, user: str, request_id: str | None = None, *, writes: bool = False
    ) -> AsyncIterator[Connection]:
        async with super().as_user(user, request_id, writes=writes) as connection:
            connection.add_log_listener(self.told.hears)
            try:
                yield connection
                await connection.execute("SELECT")  # the statement before ends, and is told, when the next one begins
            finally:
                connection.remove_log_listener(self.told.hears)


async def _execute(dsn: str, statements: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(statements)
    await connection.close()


async def _fill(cluster: Cluster) -> tuple[str, str, UserId]:
    name = await cluster.create()
    dsn = cluster.dsn(name)
    database = await Database.open(dsn, SECRET_KEY, connections=2)
    workshop = await Workshop.open(database)
    workshop.directory.passwords.close()
    await database.close()
    connection = await asyncpg.connect(dsn)
    await connection.execute(PEOPLE_AND_MODULES)
    await asyncio.gather(_execute(dsn, NOTES), _execute(dsn, TRANSCRIPTS))
    for setting in (
        *("session_preload_libraries = 'auto_explain'", "auto_explain.log_min_duration = 0"),
        *(
            "auto_explain.log_nested_statements = on",
            "auto_explain.log_format = json",
            "auto_explain.log_level = notice",
        ),
    ):
        await connection.execute(f"ALTER DATABASE {name} SET {setting}")
    await connection.close()
    return name, dsn, workshop.ana


@pytest.fixture(scope="module")
def filled(cluster: Cluster) -> Iterator[tuple[str, UserId]]:
    """With Ana as one of many; one database for all tests of this file, which only read."""
    with ThreadPoolExecutor(1) as outside:
        name, dsn, ana = outside.submit(asyncio.run, _fill(cluster)).result()
        yield dsn, ana
        outside.submit(asyncio.run, cluster.drop(name)).result()


@pytest.fixture
async def heard(filled: tuple[str, UserId], monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Heard]:
    """With more patience than a server has: this is about plans, on a machine that may be busy."""
    monkeypatch.setitem(database_module.OF_LOGIN, "workshop_app", {"statement_timeout": "60000"})
    monkeypatch.setattr(database_module, "COMMAND_TIMEOUT_S", 60.0)
    database = await Heard.open(filled[0], SECRET_KEY, connections=2)
    assert isinstance(database, Heard)
    database.told = Told([])
    yield database
    await database.close()


@pytest.fixture
def ana(filled: tuple[str, UserId]) -> UserId:
    return filled[1]


@pytest.mark.requirement("W234")
async def test_query_1_the_dashboard(heard: Heard, ana: UserId) -> None:
    cache = Cache()
    dashboard = await read_dashboard(heard, cache, ana)
    await cache.close()
    assert (dashboard.notes_count, dashboard.recordings_count) == (ROWS / PEOPLE, ROWS / PEOPLE)
    assert heard.told.read_whole() == set()
    assert {"idx_notes_user"} <= heard.told.indexes()


@pytest.mark.requirement("W235", "W237")
@pytest.mark.parametrize("query", ["number7", "word777", "clay", '"clay in pot" -word7', "nothing"])
async def test_query_2_search(heard: Heard, ana: UserId, query: str) -> None:
    """Of words that few wrote, that all wrote, and that nobody did."""
    found = await Search(heard).find(ana, query)
    assert len(found.items) == (0 if query in ("nothing", "number7") else 20 if "clay" in query else len(found.items))
    assert heard.told.read_whole() == set()
    assert {"idx_notes_search", "idx_notes_user"} & heard.told.indexes()
    assert {"idx_transcriptions_search", "idx_transcriptions_user"} & heard.told.indexes()


@pytest.mark.requirement("W235")
async def test_a_rare_word_is_found_by_the_index_of_words(heard: Heard, ana: UserId) -> None:
    """P3: under the policies alone the planner would not use it."""
    await Search(heard).find(ana, "number7")
    assert {"idx_notes_search", "idx_transcriptions_search"} <= heard.told.indexes()
    heard.told.plans.clear()
    async with heard.as_user(ana) as connection:
        await connection.fetch(
            "SELECT id FROM workbook.workbook_notes WHERE search_vector @@ websearch_to_tsquery('english', 'number7')"
        )
    assert "idx_notes_search" not in heard.told.indexes(), "then workbook.search() need not run as its owner any more"


@pytest.mark.requirement("W236")
async def test_query_3_modules_with_how_far_one_is(heard: Heard, ana: UserId) -> None:
    cache = Cache()
    modules = await Modules(heard, cache).list(ana)
    await cache.close()
    assert len(modules) == 6
    assert {each.progress_status for each in modules} == {"in_progress"}
    assert heard.told.read_whole() == set()


NOTE = Entity("workbook.workbook_notes", Note, soft=True)


@pytest.mark.parametrize("wanted", [{}, {"is_pinned": True}])
async def test_lists_of_notes_name_whose_they_are(heard: Heard, ana: UserId, wanted: dict[str, Any]) -> None:
    """P4."""
    async with heard.as_user(ana) as connection:
        page = await NOTE.page(connection, heard.keys, {"user_id": ana, **wanted}, 50, None)
    assert len(page.items) == (0 if wanted else 50)
    assert heard.told.read_whole() == set()
    assert {"idx_notes_user", "idx_notes_pinned"} & heard.told.indexes()
