"""Counters, scores and summaries in the tables: the same as the rules say of the log, however often and by whomever projected."""

import asyncio
import json
import logging
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from persistence.database import Database
from persistence.event_log import Head
from persistence.projections import Projector
from rooms import room
from rooms.chat import SendMessage
from rooms.engagement import score, session_score
from rooms.evidence import gather
from rooms.ids import UserId
from rooms.lifecycle import EndSession
from rooms.participants import Join, RateConnection
from rooms.questions import AskQuestion
from rooms.recording import ReportRecording, RunStage, StartRecording, current
from rooms.roles import Role
from rooms.summary import summary
from tests.databases import SECRET_KEY
from tests.persistence.scribe import Process, Scribe, process_on, said
from tests.persistence.workshop import Workshop

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def here(database: Database) -> AsyncIterator[Process]:
    async with process_on(database) as process:
        yield process


class Hour:
    """The session's own clock: an hour goes by in no time."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now

    def passes(self, minutes: float) -> None:
        self.now += timedelta(minutes=minutes)


def projector(process: Process, rest_s: float = 0) -> Projector:
    return Projector(process.database, process.event_log, rest_s=rest_s)


async def settle(projector: Projector) -> None:
    for _ in range(20):
        if not await projector.catch_up():
            return
    raise AssertionError("it never ends")


async def an_hour(here: Process, workshop: Workshop, seed: int = 1) -> tuple[Scribe, Hour]:
    """Ana and Ben talk and ask, Otto observes; the session is still running."""
    random, hour = Random(seed), Hour()
    scribe = await here.start_session(workshop.mara, workshop.ana, workshop.ben)
    scribe.clock = hour
    await scribe.say(said(workshop.otto, Join(role=Role.OBSERVER)))
    for _ in range(12):
        hour.passes(5)
        who = random.choice([workshop.ana, workshop.ben])
        what = SendMessage(text="x") if random.random() < 0.7 else AskQuestion(text="why?")
        await scribe.say(said(who, what))
    return scribe, hour


async def rows_of(workshop: Workshop, scribe: Scribe) -> dict[str, Any]:
    rows = await workshop.value(
        "SELECT json_object_agg(user_id, json_build_object('score', participation_score, 'metadata', metadata)) "
        "FROM live.session_participants WHERE session_id = $1",
        scribe.session,
    )
    found: dict[str, Any] = json.loads(rows)
    return found


async def about(workshop: Workshop, scribe: Scribe) -> dict[str, Any]:
    found: dict[str, Any] = await workshop.value(
        "SELECT metadata FROM live.live_sessions WHERE id = $1", scribe.session
    )
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.requirement("W205", "W206", "W209", "W210", "D43")
async def test_rows_say_what_the_rules_say(here: Process, workshop: Workshop, seed: int) -> None:
    print("seed", seed)
    scribe, hour = await an_hour(here, workshop, seed)
    follower = projector(here)
    await settle(follower)  # along the way
    await scribe.say(said(workshop.mara, EndSession()))
    await settle(follower)

    evidence = gather(await here.event_log.read(scribe.session, 0))
    rows = await rows_of(workshop, scribe)
    assert rows.keys() == {workshop.mara, workshop.ana, workshop.ben, workshop.otto}
    scores = {user: score(evidence, UserId(user), hour.now) for user in rows}
    for user, row in rows.items():
        counters = scores[user].counters
        assert row["score"] == (scores[user].score or 0)
        assert row["metadata"]["totalTimeMinutes"] == counters.total_time_minutes
        assert row["metadata"]["interactionCount"] == counters.interaction_count
        assert row["metadata"]["questionsAsked"] == counters.questions_asked
        assert row["metadata"]["pollsAnswered"] == counters.polls_answered
        breakdown = row["metadata"]["scoreBreakdown"]
        assert breakdown["version"] == 1
        assert breakdown["final"] is True
        assert {name: part["points"] for name, part in breakdown["parts"].items()} == {
            name: part.points for name, part in scores[user].parts.items()
        }
    assert rows[workshop.ana]["score"] > 0
    assert rows[workshop.mara]["score"] == 0
    assert "score" not in rows[workshop.mara]["metadata"]["scoreBreakdown"]

    overall = await about(workshop, scribe)
    assert overall["participantCount"] == 3
    assert overall["engagementScore"] == session_score(scores.values()).score
    assert overall["summary"] == summary(evidence, hour.now)


@pytest.mark.requirement("W188")
async def test_w188_a_session_says_where_its_recordings_are_once_there_are_any(
    here: Process, workshop: Workshop
) -> None:
    scribe, follower = await here.start_session(workshop.mara), projector(here)
    await scribe.say(said(workshop.mara, StartRecording()))
    run = current(scribe.state.recording)
    assert run is not None
    await scribe.say(said(workshop.mara, EndSession()))
    await settle(follower)
    assert "recordingUrl" not in await about(workshop, scribe)
    for stage in (RunStage.FINALISING, RunStage.STORED):
        await scribe.say(said(None, ReportRecording(recording_id=run.id, stage=stage)))
    await settle(follower)
    url = f"/api/v1/live-sessions/{scribe.session}/recordings"
    assert (await about(workshop, scribe))["recordingUrl"] == url
    await follower.rebuild(scribe.session)
    assert (await about(workshop, scribe))["recordingUrl"] == url
    session = await workshop.sessions.get(scribe.session, workshop.mara)
    assert session is not None
    assert session.metadata.recording_url == url


async def test_a_row_that_would_not_change_is_not_written(here: Process, workshop: Workshop) -> None:
    scribe, _ = await an_hour(here, workshop)
    await scribe.say(said(workshop.mara, EndSession()))
    await settle(projector(here))
    written = "SELECT array_agg(xmin::text ORDER BY user_id) FROM live.session_participants WHERE session_id = $1"
    before = await workshop.value(written, scribe.session)
    await workshop.execute("DELETE FROM live.projection_cursors")
    await settle(projector(here))
    assert await workshop.value(written, scribe.session) == before


async def test_one_persons_act_moves_one_row(here: Process, workshop: Workshop) -> None:
    scribe, _ = await an_hour(here, workshop)
    follower = projector(here)
    await settle(follower)
    before = await rows_of(workshop, scribe)
    await scribe.say(said(workshop.ben, SendMessage(text="one more")))
    await settle(follower)
    after = await rows_of(workshop, scribe)
    assert [user for user in after if after[user] != before[user]] == [workshop.ben]
    assert (
        after[workshop.ben]["metadata"]["interactionCount"] == before[workshop.ben]["metadata"]["interactionCount"] + 1
    )


async def test_the_quality_of_a_line_is_kept_and_other_keys_stay(here: Process, workshop: Workshop) -> None:
    scribe, _ = await an_hour(here, workshop)
    await workshop.execute("UPDATE live.session_participants SET metadata = metadata || '{\"later\": 1}'")
    await scribe.say(said(None, RateConnection(user_id=workshop.ana, quality="poor")))
    await settle(projector(here))
    metadata = (await rows_of(workshop, scribe))[workshop.ana]["metadata"]
    assert (metadata["connectionQuality"], metadata["later"]) == ("poor", 1)


async def test_registrations_end_as_attended_or_no_show(here: Process, workshop: Workshop) -> None:
    scribe = await here.start_session(workshop.mara, workshop.ana)
    for user in (workshop.ana, workshop.ben):
        await workshop.registrations.register(scribe.session, user)
    follower = projector(here)
    await settle(follower)
    status = "SELECT json_object_agg(user_id, status) FROM live.session_registrations WHERE session_id = $1"
    assert set(json.loads(await workshop.value(status, scribe.session)).values()) == {"registered"}
    await scribe.say(said(workshop.mara, EndSession()))
    await settle(follower)
    assert json.loads(await workshop.value(status, scribe.session)) == {
        workshop.ana: "attended",
        workshop.ben: "no_show",
    }


async def test_everything_can_be_made_again_from_the_log(here: Process, workshop: Workshop) -> None:
    scribe, _ = await an_hour(here, workshop)
    await scribe.say(said(workshop.mara, EndSession()))
    follower = projector(here)
    await settle(follower)
    people = "SELECT json_agg(to_jsonb(p) - 'id' - 'created_at' - 'updated_at' ORDER BY user_id) FROM live.session_participants p WHERE session_id = $1"
    session = "SELECT to_jsonb(s) - 'updated_at' FROM live.live_sessions s WHERE id = $1"
    before = [json.loads(await workshop.value(people, scribe.session)), await workshop.value(session, scribe.session)]

    await workshop.execute("DELETE FROM live.session_participants WHERE user_id = $1", workshop.ana)
    await workshop.execute(
        'UPDATE live.session_participants SET participation_score = 99, role = \'observer\', metadata = \'{"totalTimeMinutes": 999, "interactionCount": 9, "questionsAsked": 9, "pollsAnswered": 9}\''
    )
    await workshop.execute(
        "UPDATE live.live_sessions SET title = 'wrong', metadata = '{\"participantCount\": 77}' WHERE id = $1",
        scribe.session,
    )
    await follower.rebuild(scribe.session)
    after = [json.loads(await workshop.value(people, scribe.session)), await workshop.value(session, scribe.session)]
    assert after == before


async def test_made_again_by_one_command(here: Process, workshop: Workshop, dsn: str) -> None:
    scribe, _ = await an_hour(here, workshop)
    told = (
        "SELECT string_agg(s.title || p.user_id, ',' ORDER BY p.user_id) FROM live.live_sessions s"
        " JOIN live.session_participants p ON p.session_id = s.id"
    )
    before = await workshop.value(told)
    environ = {**os.environ, "SECRET_KEY": SECRET_KEY, "DATABASE_URL": dsn}
    for named, code, answer in (
        ([], 0, "2 sessions rebuilt\n"),
        ([scribe.session], 0, "1 sessions rebuilt\n"),
        ([str(uuid4())], 1, "there is no such session\n"),
    ):
        await workshop.execute("UPDATE live.live_sessions SET title = 'wrong'")
        command = [sys.executable, "run.py", "rebuild", *named]
        made = await asyncio.to_thread(
            subprocess.run, command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60
        )
        assert (made.returncode, made.stdout + made.stderr) == (code, answer)
        assert (await workshop.value(told) == before) is (code == 0)


async def test_two_processes_share_the_work_and_agree(here: Process, workshop: Workshop, dsn: str) -> None:
    other_database = await Database.open(dsn, SECRET_KEY, connections=5)
    async with process_on(other_database) as there:
        one, other = projector(here), projector(there)
        scribes = [(await an_hour(here, workshop, seed))[0] for seed in (1, 2)]
        await asyncio.gather(*(each.catch_up() for each in (one, other, one, other)))
        for scribe in scribes:
            await scribe.say(said(workshop.mara, EndSession()))
        await workshop.execute("UPDATE live.projection_cursors SET leased_until = clock_timestamp()")
        await asyncio.gather(settle(one), settle(other))
        for scribe in scribes:
            evidence = gather(await here.event_log.read(scribe.session, 0))
            row = (await rows_of(workshop, scribe))[workshop.ana]
            assert row["score"] == score(evidence, workshop.ana, datetime.now(UTC)).score
    await other_database.close()


async def test_who_follows_a_session_keeps_it_until_it_falls_silent(here: Process, workshop: Workshop) -> None:
    scribe = await here.start_session(workshop.mara)
    one, other = projector(here), projector(here)
    await settle(one)
    await scribe.say(said(workshop.mara, SendMessage(text="x")))
    assert await other.catch_up() == 0
    assert await one.catch_up() == 1
    await scribe.say(said(workshop.mara, SendMessage(text="x")))
    await workshop.execute("UPDATE live.projection_cursors SET leased_until = clock_timestamp()")
    assert await other.catch_up() == 1


async def test_a_late_writer_does_not_undo_a_newer_projection(here: Process, workshop: Workshop) -> None:
    scribe, hour = await an_hour(here, workshop)
    old = gather(await here.event_log.read(scribe.session, 0))
    await scribe.say(said(workshop.ana, SendMessage(text="newest")))
    follower = projector(here)
    await settle(follower)
    newest = await rows_of(workshop, scribe)
    late = projector(here)
    head = (await here.event_log.heads([scribe.session]))[scribe.session]
    late._evidence[scribe.session] = head.epoch, old
    await late._project(replace(head, last_seq=old.seq), hour.now)
    assert await rows_of(workshop, scribe) == newest


_PROMOTED = """
DELETE FROM live.session_events WHERE session_id = '{0}' AND seq > {1};
DELETE FROM live.session_commands WHERE session_id = '{0}' AND seq > {1};
UPDATE live.session_heads SET last_seq = {1}, epoch = gen_random_uuid() WHERE session_id = '{0}';
UPDATE live.projection_cursors SET seq = least(seq, {1}), projected_at = NULL WHERE session_id = '{0}'
"""


async def lose_the_end(dsn: str, scribe: Scribe, here: Process, *, of: int) -> Scribe:
    """As a standby that had not heard of it, promoted; whoever follows the session lives on."""
    superuser = await asyncpg.connect(dsn)
    await superuser.execute(_PROMOTED.format(scribe.session, scribe.state.seq - of))
    await superuser.close()
    anew = here.scribe(scribe.session)
    anew.clock = scribe.clock
    await anew.catch_up()
    assert anew.state.seq == scribe.state.seq - of
    return anew


async def test_what_a_promotion_lost_counts_no_more(here: Process, workshop: Workshop, dsn: str) -> None:
    """F5: what came in place of it does."""
    scribe, hour = await an_hour(here, workshop)
    follower = projector(here)
    await scribe.say(*(said(workshop.ana, SendMessage(text="lost")) for _ in range(6)))
    await settle(follower)
    scribe = await lose_the_end(dsn, scribe, here, of=6)
    hour.passes(1)
    await scribe.say(said(workshop.ben, AskQuestion(text="instead?")), said(workshop.ben, SendMessage(text="kept")))
    await settle(follower)
    await scribe.say(said(workshop.mara, EndSession()))
    await settle(follower)
    evidence = gather(await here.event_log.read(scribe.session, 0))
    assert await workshop.value("SELECT seq FROM live.projection_cursors WHERE session_id = $1", scribe.session) == (
        evidence.seq
    )
    for user, row in (await rows_of(workshop, scribe)).items():
        found = score(evidence, UserId(user), hour.now)
        assert row["score"] == (found.score or 0)
        assert row["metadata"]["interactionCount"] == found.counters.interaction_count


async def test_what_was_reckoned_before_a_promotion_is_not_written_after_it(
    here: Process, workshop: Workshop, dsn: str
) -> None:
    scribe, hour = await an_hour(here, workshop)
    head = (await here.event_log.heads([scribe.session]))[scribe.session]
    await settle(projector(here))
    scribe = await lose_the_end(dsn, scribe, here, of=2)
    before = await rows_of(workshop, scribe)
    late = projector(here)
    late._evidence[scribe.session] = (
        head.epoch,
        replace(gather(await here.event_log.read(scribe.session, 0)), seq=head.last_seq),
    )
    await late._project(head, hour.now)
    assert await rows_of(workshop, scribe) == before
    cursor = await workshop.value("SELECT seq FROM live.projection_cursors WHERE session_id = $1", scribe.session)
    assert cursor == head.last_seq - 2


async def test_a_session_rests_between_two_projections(here: Process, workshop: Workshop) -> None:
    scribe = await here.start_session(workshop.mara)
    follower = projector(here, rest_s=60)
    await settle(follower)
    await scribe.say(said(workshop.mara, SendMessage(text="x")))
    assert await follower.catch_up() == 0
    await workshop.execute("UPDATE live.projection_cursors SET projected_at = projected_at - interval '61 s'")
    assert await follower.catch_up() == 1


async def test_time_alone_counts_while_a_session_runs(here: Process, workshop: Workshop) -> None:
    await here.start_session(workshop.mara, workshop.ana)
    follower = projector(here)
    await settle(follower)
    assert await follower.catch_up() == 0
    await workshop.execute("UPDATE live.projection_cursors SET projected_at = projected_at - interval '31 s'")
    assert await follower.catch_up() == 1  # the cast's other session has not started


async def test_one_session_that_fails_stops_no_other(
    here: Process, workshop: Workshop, caplog: pytest.LogCaptureFixture
) -> None:
    bad, _ = await an_hour(here, workshop)
    good, _ = await an_hour(here, workshop)
    follower = projector(here)
    project = follower._project

    async def failing(head: Head, at: datetime) -> None:
        if head.session == bad.session:
            raise ValueError("words of a row")
        await project(head, at)

    follower._project = failing  # type: ignore[method-assign]
    with caplog.at_level(logging.ERROR):
        await follower.catch_up()
    assert (await rows_of(workshop, good))[workshop.ana]["metadata"].get("scoreBreakdown") is not None
    assert "words of a row" not in caplog.text


async def test_rows_lag_by_seconds_only(here: Process, workshop: Workshop) -> None:
    """The promise is 5 s."""
    scribe = await here.start_session(workshop.mara, workshop.ana)
    running = asyncio.create_task(Projector(here.database, here.event_log).run())
    await asyncio.sleep(1.5)
    await scribe.say(said(workshop.ana, SendMessage(text="counted")))
    started = asyncio.get_running_loop().time()
    async with asyncio.timeout(15):
        while (await rows_of(workshop, scribe))[workshop.ana]["metadata"]["interactionCount"] == 0:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    lag_s = asyncio.get_running_loop().time() - started
    print(f"{lag_s:.1f} s behind")
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert room.replay(await here.event_log.read(scribe.session, 0)) == scribe.state
