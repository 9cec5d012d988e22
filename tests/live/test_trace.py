"""Following one command through the log: every stage in every process at level debug, slow ones always, votes nobody may follow never."""

import json
import logging
from typing import Any
from uuid import uuid4

import pytest

from live import trace
from tests.live.conftest import House


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [json.loads(each.getMessage()) for each in caplog.records if each.name == trace.NAME]


async def test_one_command_is_followed_over_two_processes(house: House, caplog: pytest.LogCaptureFixture) -> None:
    await house.instead(log_every_command=True)
    other = await house.another(log_every_command=True)
    session = await house.session()
    [ana] = await house.enter(session, "ana")
    [mara] = await house.enter(session, "mara", server=other)
    caplog.clear()
    command_id = str(uuid4())
    ack = await ana.submit("chat.send", text="nobody's business", command_id=command_id)
    await mara.sees("chat.sent")
    found = [
        each["event"]
        for each in lines(caplog)
        if each.get("trace") == command_id[:8] or command_id[:8] in each.get("traces", ())
    ]
    assert found == ["taken", "committed", "delivered", "delivered"]
    assert [each["upto"] for each in lines(caplog) if each["event"] == "delivered"][-2:] == [ack["seq"]] * 2
    assert not any(words in caplog.text for words in ("nobody's business", ana.user, "Ana"))


async def test_a_vote_that_is_nobodys_has_no_trace(house: House, caplog: pytest.LogCaptureFixture) -> None:
    await house.instead(log_every_command=True)
    session = await house.session()
    mara, ana = await house.enter(session, "mara", "ana")
    given: dict[str, Any] = {"question": "Too fast?", "kind": "single", "options": ["Yes", "No"], "anonymous": True}
    assert (await mara.submit("poll.create", **given))["ok"]
    poll = (await mara.sees("poll.created"))["pollId"]
    assert (await mara.submit("poll.open", pollId=poll))["ok"]
    command_id = str(uuid4())
    caplog.clear()
    assert (await ana.submit("poll.vote", command_id=command_id, pollId=poll, choices=[0]))["ok"]
    assert command_id[:8] not in caplog.text
    assert "poll.vote" not in caplog.text


async def test_where_the_time_of_a_late_answer_went_stands_in_one_line(
    house: House, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await house.session()
    [ana] = await house.enter(session, "ana")
    caplog.set_level(logging.INFO)
    assert (await ana.submit("hand.raise"))["ok"]
    assert lines(caplog) == []
    monkeypatch.setattr(trace, "SLOW_S", 0.0)
    command_id = str(uuid4())
    assert (await ana.submit("hand.lower", command_id=command_id))["ok"]
    [line] = [each for each in lines(caplog) if each["command"] == "hand.lower"]
    assert line["trace"] == command_id[:8]
    parts = [line[name] for name in ("inbox_ms", "queue_ms", "between_ms", "postgres_ms")]
    assert all(part >= 0 for part in (*parts, line["delivery_ms"]))
    assert line["postgres_ms"] > 0
    assert sum(parts) <= line["took_ms"] + 0.4  # each is rounded
    assert ana.user not in caplog.text
