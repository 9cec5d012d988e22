"""An erasure (domain.md 4.6): nothing that somebody wrote or said is anywhere afterwards; what others have with them stays in place."""

import asyncio
import logging
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import asyncpg
import pytest

from media.local_store import LocalStore
from persistence.database import Database
from persistence.embedded import Embedded, find_binaries
from persistence.erasure import erase, persons_in, reapply_erasures
from persistence.event_log import EventLog
from persistence.projections import Projector
from persistence.snapshots import Snapshots
from rooms import room
from rooms.ids import UserId
from tests.databases import SECRET_KEY, Cluster
from tests.persistence.belongings import WORD, Belongings, leave
from tests.persistence.scribe import Process, process_on
from tests.persistence.site import Site, ask, moment
from tests.persistence.test_backup import command
from tests.persistence.workshop import Workshop

ROOT = Path(__file__).parents[2]
NAME = "Ana Example"

# Of what somebody leaves, what stays, and why it names nobody. Everything else that holds words is gone afterwards.
KEPT = {
    "live.session_events": "that something was said, asked, drawn, voted or raised, by an id that names nobody",
    "live.session_commands": "that a command was accepted, without what it said",
    "live.session_participants": "that somebody was there, and their score",
    "live.session_recordings": "the mix, which is also the voices of others",
    "workbook.transcription_records": "what was said on the mix, by an id that names nobody",
    "bootcamp.peer_reviews": "the score of a review",
    "bootcamp.instructor_feedback": "feedback is the record of who got it",
    "bootcamp.discussions": "the place that others replied to",
    "bootcamp.discussion_replies": "the place in a thread",
    "bootcamp.discussion_reply_votes": "a count",
    "bootcamp.design_projects": "what a team works on",
    "bootcamp.project_teams": "that somebody worked on it",
    "bootcamp.design_assets": "a team's files",
    "bootcamp.certificates": "that a number was a certificate, revoked",
    "bootcamp.courses": "a course, by an id that names nobody",
    "live.live_sessions": "a session that others were in",
    "live.session_invitations": "a link into a session",
    "identity.privacy_requests": "that an erasure was asked for",
    "identity.accounts": "the shell: an id, and that it is erased",
    "identity.user_roles": "who gave others their role",
    "identity.erasure_tombstones": "the id, to be erased again after a restore",
    "workbook.workbook_users": "the shell's second row",
    "bootcamp.users": "the shell's third row",
}


@pytest.fixture
async def here(database: Database) -> AsyncIterator[Process]:
    async with process_on(database) as process:
        yield process


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "store")


@pytest.fixture
async def left(workshop: Workshop, here: Process, store: LocalStore) -> Belongings:
    return await leave(workshop, here, store, workshop.ana, workshop.ben)


async def erased(left: Belongings, store: LocalStore) -> None:
    async with left.workshop.database.connection() as connection:
        await erase(connection, store, left.person)


def dumped(dsn: str) -> str:
    """All of it, the audit too; bytes as hexadecimal."""
    line = [str(find_binaries() / "pg_dump"), "--data-only", "--inserts", dsn]
    return str(subprocess.run(line, capture_output=True, text=True, check=True).stdout)


def lines_with(dump: str, *words: str) -> list[str]:
    found = [line for line in dump.splitlines() for word in words if word in line or word.encode().hex() in line]
    return [line[:300] for line in found]


def files_with(folder: Path, word: str) -> list[Path]:
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and (word in str(path) or word.encode() in path.read_bytes())
    ]


@pytest.mark.requirement("B325", "W247")
async def test_what_somebody_wrote_is_nowhere(
    left: Belongings,
    store: LocalStore,
    dsn: str,
    tmp_path: Path,
    cluster: Cluster,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    assert await Snapshots(left.workshop.database).save(left.session, left.scribe.state)
    before = dumped(dsn)
    assert len(lines_with(before, WORD)) > 30
    with_words = {line.split()[2] for line in lines_with(before, WORD)}
    await erased(left, store)
    assert lines_with(dumped(dsn), WORD, NAME) == []
    assert {each.name for each in files_with(tmp_path, WORD)} <= {"mix-1.sealed", f"{left.workshop.ben}-1.sealed"}
    assert [*await store.list("uploads"), *await store.list("pieces")] == []
    assert WORD not in caplog.text
    assert WORD not in cluster.embedded.files.log.read_text(errors="replace")
    assert {"live.session_events", "live.session_snapshots", "workbook.workbook_notes"} <= with_words


async def test_what_is_kept_by_their_id_is_known(left: Belongings, store: LocalStore, dsn: str) -> None:
    await erased(left, store)
    found = {line.split()[2] for line in lines_with(dumped(dsn), left.person)}
    assert {each for each in found if not each.startswith("audit.")} <= set(KEPT)


async def columns_with_words(workshop: Workshop) -> set[str]:
    """Columns that can hold words, of every table that names a person, straight or by what it belongs to."""
    found = await workshop.value(
        """
        WITH RECURSIVE naming (table_) AS (
          SELECT unnest(ARRAY['identity.accounts', 'workbook.workbook_users', 'bootcamp.users']::regclass[])
          UNION
          SELECT f.conrelid::regclass FROM pg_constraint f JOIN naming n ON f.confrelid = n.table_::oid
            JOIN pg_class c ON c.oid = f.conrelid
           WHERE f.contype = 'f' AND NOT c.relispartition)
        SELECT array_agg(format('%s.%s.%s', n.nspname, c.relname, a.attname))
          FROM naming JOIN pg_class c ON c.oid = naming.table_ JOIN pg_namespace n ON n.oid = c.relnamespace
          JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
          JOIN pg_type t ON t.oid = a.atttypid
         WHERE t.typname IN ('text', 'jsonb', '_text', 'bytea') OR t.typname = 'varchar' AND a.atttypmod > 44
        """
    )
    return set(found)


async def holding(workshop: Workshop, columns: set[str]) -> set[str]:
    """Those of them in which the word stands."""
    held = set()
    for column in columns:
        table, _, name = column.rpartition(".")
        if await workshop.value(f"SELECT EXISTS (SELECT FROM {table} WHERE {name}::text LIKE '%{WORD}%')"):
            held.add(column)
    return held


# Columns of these tables in which nobody's own words stand, with the reason.
NO_WORDS_OF_THEIRS = {
    "identity": "sealed, hashes, secrets",
    "live.live_sessions": "what a session is called is the session's",
    "live.session_invitations": "hashes",
    "live.session_participants": "rights and counters",
    "live.session_recordings": "codes",
    "live.session_heads": "numbers",
    "live.session_secrets": "sealed",
    "live.session_snapshots": "looked for in the dump",
    "live.timers": "commands of the server",
    "live.recording_keys": "sealed",
    "workbook.user_progress": "names of lessons",
    "workbook.workshop_modules": "teaching material",
    "workbook.transcription_archive": "as the records",
    "bootcamp.courses": "teaching material",
    "bootcamp.modules": "teaching material",
    "bootcamp.lessons": "teaching material",
    "bootcamp.assignments": "teaching material",
    "bootcamp.certificate_templates": "looks",
}
# Of a form that holds no words, or gone with its row all the same.
FORMS = {
    "bootcamp.certificates.blockchain_hash",
    "bootcamp.certificates.certificate_number",
    "bootcamp.certificates.revoked_reason",  # of whoever revoked it; becomes `holder erased`
    "bootcamp.certificates.verification_url",
    "bootcamp.design_assets.figma_file_key",
    "bootcamp.design_assets.mime_type",
    "bootcamp.enrollments.certificate_problem",  # of ours
    "bootcamp.users.timezone",
    "live.attendance_credits.target",
    "ops.idempotency_keys.request_hash",
    "ops.idempotency_keys.response",  # sealed
    "workbook.audio_recordings.file_url",
    "workbook.audio_recordings.lesson_id",
    "workbook.audio_recordings.mime_type",
    "workbook.uploads.refusal",
    "workbook.uploads.sha256",
    "workbook.workbook_notes.lesson_id",
}


async def test_every_text_that_is_theirs_was_given_the_word(left: Belongings) -> None:
    """Or the test above would say nothing of it. Whoever adds a column says here what becomes of its words."""
    workshop = left.workshop
    columns = await columns_with_words(workshop)
    asked = {each for each in columns if not each.startswith(tuple(NO_WORDS_OF_THEIRS))}
    sealed = {each for each in asked if each.endswith("_enc")}
    missing = asked - sealed - await holding(workshop, asked)
    assert missing == FORMS


async def test_what_others_have_stays_in_its_place(left: Belongings, store: LocalStore, here: Process) -> None:
    before = await here.event_log.read(left.session, 0)
    await erased(left, store)
    after = await here.event_log.read(left.session, 0)
    assert [(each.seq, each.at, each.actor, each.command, each.event.type) for each in after[: len(before)]] == [
        (each.seq, each.at, each.actor, each.command, each.event.type) for each in before
    ]
    assert [each.event.type for each in after[len(before) :]] == [
        "person.erased",
        "question.blanked",
        "question.blanked",
    ]
    state = await left.scribe.catch_up()
    assert state.chat is not None
    assert state.questions is not None
    assert state.boards is not None
    messages = [each for channel in state.chat.channels.values() for each in channel.messages.values()]
    assert sorted(each.text for each in messages) == ["", "", "what Ben says"]
    assert {(each.text, each.votes, each.answer) for each in state.questions.questions.values()} == {
        ("", 1, "because"),
        ("", 0, None),
        ("what Ben asks", 0, None),
    }
    elements = state.boards.pages["main"].elements
    assert elements is not None
    assert {key: each.body.get("text") for key, each in elements.items()} == {
        "theirs": "",
        "line": None,
        "bens": "what Ben writes",
    }


async def test_the_log_without_their_words_folds_to_what_every_host_has(
    left: Belongings, store: LocalStore, here: Process
) -> None:
    """A host that has the session in memory hears of it as of everything else."""
    assert await Snapshots(left.workshop.database).save(left.session, left.scribe.state)
    await erased(left, store)
    assert await Snapshots(left.workshop.database).load(left.session) is None
    followed = await left.scribe.catch_up()
    assert room.replay(await here.event_log.read(left.session, 0)) == followed


async def rows(left: Belongings) -> dict[str, Any]:
    value, who = left.workshop.value, (left.person,)
    return {
        "account": await value(
            "SELECT status || num_nonnulls(email_enc, email_bidx, full_name_enc) FROM accounts WHERE id = $1", *who
        ),
        "notes": await value("SELECT count(*) FROM workbook.workbook_notes WHERE user_id = $1", *who),
        "participant": await value(
            "SELECT array_agg(metadata ? 'scoreBreakdown' ORDER BY metadata ? 'scoreBreakdown') FROM live.session_participants WHERE user_id = $1",
            *who,
        ),
        "certificate": await value(
            "SELECT revoked_reason || coalesce(holder_name_enc::text, '') || coalesce(blockchain_hash, '') "
            "FROM bootcamp.certificates WHERE certificate_number = $1",
            left.certificate,
        ),
        "review": await value(
            "SELECT review_criteria::text || overall_score FROM bootcamp.peer_reviews WHERE reviewer_id = $1", *who
        ),
        "feedback": await value("SELECT array_agg(detailed_feedback) FROM bootcamp.instructor_feedback"),
        "discussions": await value("SELECT array_agg(title || reply_count) FROM bootcamp.discussions"),
        "replies": await value("SELECT array_agg(content ORDER BY content) FROM bootcamp.discussion_replies"),
        "projects": await value("SELECT array_agg(title) FROM bootcamp.design_projects"),
        "keys": await value("SELECT array_agg(track ORDER BY track) FROM live.recording_keys"),
        "tracks": await value("SELECT array_agg(DISTINCT track) FROM workbook.audio_recordings"),
    }


@pytest.mark.requirement("B325")
async def test_what_becomes_of_each_row(left: Belongings, store: LocalStore) -> None:
    database = left.workshop.database
    await Projector(database, EventLog(database), rest_s=0).catch_up()
    assert (await rows(left))["participant"] == [False, True]  # the tape's session has no log
    await erased(left, store)
    await Projector(database, EventLog(database), rest_s=0).catch_up()
    ben = left.workshop.ben
    assert await rows(left) == {
        "account": "erased0",
        "notes": 0,
        "participant": [False, False],
        "certificate": "holder erased",
        "review": '{"clarity": 3}4.00',
        "feedback": ["well done"],
        "discussions": ["[removed]2"],
        "replies": ["[removed]", "what Ben replies"],
        "projects": ["Shared"],
        "keys": sorted([ben, "mix"]),
        "tracks": [*sorted([ben, "mix"])],
    }
    assert await database_names(left) == ""


async def database_names(left: Belongings) -> str:
    return (await left.workshop.directory.names([left.person]))[left.person]


STEPS = ("shut_account", "session_heads", "recording_keys", "erase_account")


@pytest.mark.parametrize("step", STEPS)
async def test_killed_in_the_middle_it_is_done_again(left: Belongings, store: LocalStore, dsn: str, step: str) -> None:
    class Killed(Exception):
        pass

    async with left.workshop.database.connection() as connection:

        class Dying:
            """A connection that dies at one step, after it was carried out or before."""

            def __getattr__(self, name: str) -> Any:
                method = getattr(connection, name)
                if name not in ("execute", "fetch", "fetchrow", "fetchval"):
                    return method

                async def asked(statement: str, *arguments: Any) -> Any:
                    if step in statement:
                        raise Killed
                    return await method(statement, *arguments)

                return asked

        with pytest.raises(Killed):
            await erase(Dying(), store, left.person)  # type: ignore[arg-type]
    await erased(left, store)
    assert lines_with(dumped(dsn), WORD, NAME) == []
    said = await left.workshop.value(
        "SELECT count(*) FROM live.session_events WHERE type = 'person.erased' AND session_id = $1", left.session
    )
    assert said == 1


async def test_twice_is_once(left: Belongings, store: LocalStore) -> None:
    await erased(left, store)
    once = await rows(left)
    await erased(left, store)
    assert await rows(left) == once


async def test_two_at_once_take_only_their_own_words(left: Belongings, store: LocalStore, dsn: str) -> None:
    """They are on one board, and each has moved what the other wrote."""

    async def gone(person: UserId) -> None:
        async with left.workshop.database.connection() as connection:
            await erase(connection, store, person)

    await asyncio.gather(gone(left.person), gone(left.workshop.ben))
    assert lines_with(dumped(dsn), WORD, "what Ben writes", "what Ben says", "what Ben asks") == []


@pytest.mark.requirement("B325", "B328")
async def test_whoever_was_erased_since_is_erased_in_a_restored_database_too(
    left: Belongings, store: LocalStore, dsn: str
) -> None:
    """As the superuser, who restores; by the tombstones that were kept outside of it. Ana hosts a session there again."""
    await store.put(f"erasures/{left.person}", b"{}")
    await store.put(f"erasures/{left.workshop.session}", b"{}")  # of nobody here
    persons = persons_in(await store.list("erasures"))
    connection = await asyncpg.connect(dsn)
    try:
        assert await reapply_erasures(connection, store, persons) == 1
        assert await reapply_erasures(connection, store, persons) == 0
    finally:
        await connection.close()
    assert lines_with(dumped(dsn), WORD, NAME) == []


@pytest.mark.requirement("B325", "B328")
async def test_a_restore_from_a_backup_erases_again_before_anybody_serves(tmp_path: Path) -> None:
    """D84, attack 72: back to a second at which Ana was not erased yet; by what the repository knows, with the old store gone."""
    site = await asyncio.to_thread(Site.start, tmp_path / "data")
    site.folder = tmp_path
    store = LocalStore(tmp_path / "store")
    database = await Database.open(site.embedded.dsn, SECRET_KEY, connections=5)
    try:
        workshop = await Workshop.open(database)
        async with process_on(database) as here:
            left = await leave(workshop, here, store, workshop.ana, workshop.ben)
        workshop.directory.passwords.close()
        backups = await site.backups()
        await backups.now(full=True)
        before = await moment()
        epoch = await site.ask("SELECT epoch FROM live.session_heads WHERE session_id = $1", left.session)
        await erased(left, store)
        await backups.ship()
    finally:
        await database.close()
    await store.delete_tree("erasures")
    done = await command(site, "restore", "--at", before.isoformat(), "--into", str(tmp_path / "copy"))
    assert done.returncode == 0, done.stderr
    assert "1 erased again" in done.stdout
    copy = Embedded(tmp_path / "copy")
    try:
        dsn = await asyncio.to_thread(copy.start)
        dump = dumped(dsn)
        assert lines_with(dump, WORD, NAME) == []
        assert lines_with(dump, "what Ben says"), "others keep theirs"
        assert await ask(dsn, "SELECT epoch FROM live.session_heads WHERE session_id = $1", left.session) != epoch
        stored = {each.name for each in files_with(tmp_path / "copy" / "store", WORD)}
        assert stored == {"mix-1.sealed", f"{left.workshop.ben}-1.sealed"}
    finally:
        copy.stop()
        site.embedded.stop()


async def run_person(dsn: str, data_dir: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    environ = {**os.environ, "SECRET_KEY": SECRET_KEY, "DATABASE_URL": dsn, "DATA_DIR": str(data_dir)}
    line = [sys.executable, "run.py", "person", *words]
    return await asyncio.to_thread(subprocess.run, line, cwd=ROOT, env=environ, capture_output=True, text=True)


async def test_the_command_line(left: Belongings, dsn: str, tmp_path: Path) -> None:
    copy = tmp_path / "ana.zip"
    nobody = await run_person(dsn, tmp_path, "export", "nobody@example.org")
    assert (nobody.returncode, nobody.stderr.strip()) == (1, "nobody has an account with this address")
    done = await run_person(dsn, tmp_path, "export", "ana@example.org", "--into", str(copy))
    assert done.returncode == 0, done.stderr
    with ZipFile(copy) as archive:
        assert f"{WORD} for all" in archive.read(f"sessions/{left.session}.json").decode()
        assert archive.read(f"media/{left.upload}-{WORD}.wav") == WORD.encode()
        assert f"certificates/{left.certificate}.pdf" in archive.namelist()
        assert b"what Ben" not in b"".join(map(archive.read, archive.namelist()))
    refused = await run_person(dsn, tmp_path, "erase", "mara@example.org", "--yes")
    assert "they host a session" in refused.stderr
    done = await run_person(dsn, tmp_path, "erase", "ana@example.org", "--yes")
    assert (done.returncode, done.stdout.strip()) == (0, left.person), done.stderr
    assert lines_with(dumped(dsn), WORD, NAME) == []
    again = await run_person(dsn, tmp_path, "erase-again")
    assert (again.returncode, again.stdout.strip()) == (0, "0"), again.stderr
