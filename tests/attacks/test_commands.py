"""Every command of the protocol as it should not come (attacks 14, 15, 23, 24, 30 to 32, 66): malformed, oversized, forbidden,
late or repeated. Each gets its documented code, changes nothing, and leaves one line in the log without a traceback.
"""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from live.api.strict_json import BODY_BYTES_MAX
from live.limits import MESSAGE_BYTES_MAX
from rooms.chat import SendMessage
from rooms.protocol import COMMAND_TYPES, INTERNAL_TYPES
from rooms.upcasters import type_of
from tests.attacks.conftest import Desk, head
from tests.attacks.stage import FITTING, NAMES, Fields, set_the_stage
from tests.live.conftest import House
from tests.live.raw import Raw, event

pytestmark = pytest.mark.usefixtures("every_line")
Faults = Callable[[], list[str]]
EXTRA = ("actor", "sessionId", "channel", "seq", "at", "admin", "createdAt", "participationScore", "__proto__")
WRONG = {"an": "object"}  # fits no field of any command


class Ledger:
    """The lines that refusals leave: over the socket by the logger `refused`, over REST by `live.problems`."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level("INFO")
        self._caplog = caplog
        self._read = 0

    def new(self) -> list[str]:
        records = self._caplog.records  # another list in each phase of a test
        lines = [each.getMessage() for each in records[self._read :] if each.name in ("refused", "live.problems")]
        self._read = len(records)
        return lines


@pytest.fixture
def ledger(caplog: pytest.LogCaptureFixture) -> Ledger:
    return Ledger(caplog)


def test_there_is_a_body_for_every_command() -> None:
    assert list(FITTING) == [type_of(kind) for kind in COMMAND_TYPES]


def malformed(kind: type[Any]) -> Iterator[tuple[str, Fields, str]]:
    """What is wrong, the body, and the field that the answer must name."""
    fitting = FITTING[type_of(kind)]
    for extra in EXTRA if kind is SendMessage else EXTRA[:2]:
        yield f"with {extra}", {**fitting, extra: str(uuid4())}, extra
    for name, field in kind.model_fields.items():
        alias = field.alias or name
        if name == "type":
            continue
        yield f"{alias} of another type", {**fitting, alias: WRONG}, alias
        if field.is_required():
            yield f"without {alias}", {key: value for key, value in fitting.items() if key != alias}, alias
        if alias != name:
            yield f"{alias} in snake case", {**fitting, name: fitting.get(alias)}, name
        if isinstance(fitting.get(alias), str):
            yield f"{alias} too long", {**fitting, alias: "x" * 20_001}, alias
            yield f"{alias} with NUL", {**fitting, alias: f"x{fitting[alias]}\x00"}, alias


async def test_malformed_over_the_socket(
    house: House, ledger: Ledger, faults: Faults, subtests: pytest.Subtests
) -> None:
    stage = await set_the_stage(house)
    before, count = await head(house, stage.session), 0
    ledger.new()
    for kind in COMMAND_TYPES:
        for what, body, field in malformed(kind):
            with subtests.test(f"{type_of(kind)} {what}"):
                ack = await stage.cast["mara"].submit(type_of(kind), **stage.fields(body))
                assert (ack["ok"], ack.get("code")) == (False, "bad_request")
                if type_of(kind) != "poll.import":  # says the line of the text instead
                    assert f"{field}:" in ack["detail"] or f".{field}." in f".{ack['detail']}", ack
                assert "xxxx" not in ack["detail"], "what was sent is not said again"
                lines = ledger.new()
                assert len(lines) == 1, lines
                assert '"bad_request"' in lines[0]
                assert type_of(kind) in lines[0]
                count += 1
    assert await head(house, stage.session) == before
    assert count > 300
    assert faults() == []


async def test_malformed_over_rest(desk: Desk, ledger: Ledger, faults: Faults, subtests: pytest.Subtests) -> None:
    stage = await set_the_stage(desk.house)
    mara = await desk.caller("mara")
    before = await head(desk.house, stage.session)
    ledger.new()
    for kind in COMMAND_TYPES:
        for what, body, field in malformed(kind):
            with subtests.test(f"{type_of(kind)} {what}"):
                answer = await mara.command(stage.session, type_of(kind), **stage.fields(body))
                assert answer.code == "bad_request"
                if answer.status != 400:  # by the rules themselves, which name no place
                    pointers = [each.get("pointer", "") for each in answer.json["errors"]]
                    assert any(field in pointer.split("/") for pointer in pointers), pointers
                lines = ledger.new()
                assert len(lines) == 1, lines
                assert "bad_request" in lines[0]
    assert await head(desk.house, stage.session) == before
    assert faults() == []


async def test_what_only_the_server_says_is_no_command(house: House, ledger: Ledger) -> None:
    stage = await set_the_stage(house)
    before = await head(house, stage.session)
    for kind in (*map(type_of, INTERNAL_TYPES), "chat.shout", "", "chat.sent", "__class__", "connect"):
        ack = await stage.cast["mara"].submit(kind, userId=stage.ids["mara"], role="instructor")
        assert (ack["code"], ack["detail"]) == ("bad_request", "type: there is no such command"), kind
    assert len(ledger.new()) == len(INTERNAL_TYPES) + 5
    assert await head(house, stage.session) == before


# -- Forbidden --

OBSERVERS_MAY = {"permission.ask", "breakout.join", "audio.mute", "recording.consent"}
PARTICIPANTS_MAY = OBSERVERS_MAY | {
    *("hand.raise", "reaction.send", "poll.vote"),
    *("chat.send", "chat.edit", "chat.delete", "chat.react"),
    *("question.ask", "question.upvote", "question.withdraw"),
    *("breakout.askHelp", "breakout.endHelp"),  # of one's own room; another they do not know
}
ASSISTANTS_MAY_NOT = {
    *("session.start", "session.activate", "session.abort", "session.extend", "session.update", "session.end"),
    *("session.cancel", "role.set", "role.takeOver"),
}


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("otto", FITTING.keys() - OBSERVERS_MAY),
        ("ana", FITTING.keys() - PARTICIPANTS_MAY),
        ("theo", ASSISTANTS_MAY_NOT),
    ],
)
async def test_forbidden(
    house: House, ledger: Ledger, faults: Faults, subtests: pytest.Subtests, name: str, refused: set[str]
) -> None:
    """Attack 14: each names things that exist, so nothing but the right is missing. Not even the id is kept."""
    stage = await set_the_stage(house)
    stage.ids["ben"] = stage.ids["ben"] if name != "theo" else stage.ids["mara"]
    before = await head(house, stage.session)
    ledger.new()
    ids = {kind: str(uuid4()) for kind in sorted(refused)}
    for kind, command_id in ids.items():
        with subtests.test(kind):
            fields = stage.fields(FITTING[kind])
            ack = await stage.cast[name].submit(kind, command_id=command_id, **fields)
            assert (ack["ok"], ack.get("code")) == (False, "forbidden")
            assert await head(house, stage.session) == before
            [line] = ledger.new()
            assert '"forbidden"' in line
            assert kind in line
            assert stage.ids[name] not in line, "a line names nobody"
    assert await recorded(house, ids.values()) == 0
    assert faults() == []


@pytest.mark.parametrize("name", ["waiting", "removed", "banned", "stranger"])
async def test_forbidden_to_who_is_not_inside(house: House, subtests: pytest.Subtests, name: str) -> None:
    """Who waits, was put out, or has nothing to do with the session gets through with nothing at all."""
    stage = await set_the_stage(house)
    mara = stage.cast["mara"]
    eve = await house.visitor("eve")
    if name == "waiting":
        assert (await mara.submit("session.update", lobby=True))["ok"]
        await house.register(stage.session, "eve")
        assert (await eve.join(stage.session))["you"]["standing"]["admitted"] is False
    elif name in ("removed", "banned"):
        await house.register(stage.session, "eve")
        assert (await eve.join(stage.session))["ok"]
        kind = "participant.remove" if name == "removed" else "participant.ban"
        assert (await mara.submit(kind, userId=eve.user))["ok"]
        eve = await house.visitor("eve")
        assert name != "banned" or not (await eve.join(stage.session))["ok"]
    before = await head(house, stage.session)
    codes = set()
    for kind, given in FITTING.items():
        with subtests.test(kind):
            ack = await eve.submit(kind, **stage.fields(given))
            assert not ack["ok"]
            codes.add(ack["code"])
    assert await head(house, stage.session) == before
    assert codes <= {"bad_request", "forbidden", "participant.not_admitted"}, codes


# -- Late --


async def test_late(house: House, ledger: Ledger, faults: Faults, subtests: pytest.Subtests) -> None:
    """Attack 23: after the end nothing is changed by anybody, and nothing leaves it."""
    stage = await set_the_stage(house)
    assert (await stage.cast["mara"].submit("session.end"))["ok"]
    before = await head(house, stage.session)
    for name in NAMES:
        for kind, given in FITTING.items():
            if kind in ALSO_LATE:
                continue
            with subtests.test(f"{kind} by {name}"):
                ledger.new()
                ack = await stage.cast[name].submit(kind, **stage.fields(given))
                assert not ack["ok"]
                moves = kind.startswith("session.") and kind not in ("session.extend", "session.update")
                assert ack["code"] in late_codes(name, kind, moves), ack
                assert ack.get("allowed", []) == []
                assert len(ledger.new()) == 1
    assert await head(house, stage.session) == before
    assert faults() == []


ALSO_LATE = {"recording.consent"}
"""Consent is given and withdrawn at any time: the one command that is never too late (tests/rooms/test_recording.py)."""


def late_codes(name: str, kind: str, moves: bool) -> set[str]:
    """The instructor is told it is over; whoever might not have done it before may be told that instead."""
    if name == "mara" and kind not in ("role.takeOver", "question.upvote", "question.withdraw"):
        return {"session.illegal_transition"} if moves else {"session.ended"}
    return {"session.ended", "forbidden"} | ({"session.illegal_transition"} if moves else set())


# -- Repeated --


async def recorded(house: House, ids: Any) -> int:
    from live.keys import DATABASE

    async with house.app[DATABASE].connection() as connection:
        found: int = await connection.fetchval(
            "SELECT count(*) FROM live.session_commands WHERE command_id = ANY ($1::uuid[])", list(ids)
        )
        return found


LAST = ("session.abort", "session.cancel", "session.end")
FIRST = ("session.start", "session.activate", "session.pause", "session.resume")
NEVER_HERE = {"role.takeOver"}  # needs five minutes without an instructor; refused is repeated as refused


def in_an_order_that_is_accepted() -> list[tuple[str, str, Fields]]:
    """(who, command, fields) so that every command comes through once while the session lasts."""
    who = {
        **dict.fromkeys(("hand.raise", "reaction.send", "poll.vote", "permission.ask", "question.withdraw"), "ana"),
        **dict.fromkeys(("breakout.askHelp", "audio.mute", "recording.consent"), "ana"),
        **dict.fromkeys(("chat.edit", "question.upvote", "question.ask", "chat.send"), "ana"),
    }
    order = [
        *("hand.raise", "hand.lower", "reaction.send", "permission.ask", "permission.grant", "permission.revoke"),
        *("poll.create", "poll.update", "poll.import", "poll.copy", "poll.quick", "poll.vote", "poll.close"),
        *("poll.reopen", "poll.publish", "poll.open", "chat.send", "chat.edit", "chat.react", "chat.pin"),
        *("chat.slow", "chat.lock", "chat.delete", "question.ask", "question.upvote", "question.approve"),
        *("stage.show", "question.pin", "question.answer", "question.reopen", "question.dismiss", "question.merge"),
        *("board.change", "board.clear", "board.restore", "board.lock", "board.share", "board.addPage"),
        *("board.renamePage", "board.removePage"),
        *("breakout.create", "breakout.update", "breakout.rename", "breakout.assign", "breakout.discard"),
        *("breakout.open", "breakout.extend", "breakout.move", "breakout.askHelp", "breakout.endHelp", "breakout.join"),
        *("breakout.broadcast", "breakout.close"),
        *("audio.mute", "participant.mute", "captions.switch"),
        *("recording.consent", "recording.start", "recording.mark"),
        *("recording.pause", "recording.resume", "recording.stop"),
        *("question.withdraw", "session.update", "session.extend", "role.set", "participant.remove"),
        *("participant.ban", "participant.unban", "participant.admit", "participant.deny", "poll.delete"),
        *("session.pause", "session.resume", "session.end"),
    ]
    return [(who.get(kind, "mara"), kind, FITTING[kind]) for kind in order]


REDACTED = {"chat.edit", "chat.pin", "question.answer"}
"""What they said was deleted meanwhile, and the hash of it: the same id with whatever content is told the first result."""
CHANGES: dict[str, Fields] = {  # for what would not be accepted with the fitting body at its turn
    "hand.lower": {"userId": "$ana"},
    "poll.delete": {"pollId": "$other draft"},
    "question.merge": {"questionId": "$third question", "into": "$other question"},
    "breakout.assign": {"setId": "$set", "userIds": ["$ana"], "roomId": "$room"},
    "breakout.move": {"userIds": ["$ana"], "roomId": "$room"},
    "participant.admit": {},
    "participant.deny": {},
}


async def test_repeated(house: House, ledger: Ledger, faults: Faults, subtests: pytest.Subtests) -> None:
    """Attack 66: the first result, whoever asks again and however late; with another content it is refused."""
    stage = await set_the_stage(house)
    mara = stage.cast["mara"]
    stage.ids["other draft"] = await stage.made("mara", "poll.create", "pollId", **FITTING["poll.create"])
    stage.ids["third question"] = await stage.made("ben", "question.ask", "questionId", text="a third")
    seen: dict[str, tuple[str, str, Fields, dict[str, Any]]] = {}
    for who, kind, given in in_an_order_that_is_accepted():
        fields, command_id = stage.fields(CHANGES.get(kind, given)), str(uuid4())
        with subtests.test(kind):
            first = await stage.cast[who].submit(kind, command_id=command_id, **fields)
            assert first["ok"], first
            before = await head(house, stage.session)
            assert await stage.cast[who].submit(kind, command_id=command_id, **fields) == first
            assert await head(house, stage.session) == before
            seen[kind] = (who, command_id, fields, first)
    before = await head(house, stage.session)
    for kind, (who, command_id, fields, first) in seen.items():
        with subtests.test(f"{kind} after the end"):
            again = await stage.cast[who].submit(kind, command_id=command_id, **fields)
            assert again == first
            ledger.new()
            other = await stage.cast[who].submit("permission.ask", command_id=command_id, permission="can_speak")
            if kind in REDACTED:
                assert other == first
            else:
                assert other["code"] == "id_reused"
                assert len(ledger.new()) == 1
            if kind in ALSO_LATE:
                continue
            foreign = await stage.cast["otto"].submit(kind, command_id=command_id, **fields)
            assert foreign.get("code") in ("session.ended", "session.illegal_transition", "forbidden"), foreign
    assert await head(house, stage.session) == before
    assert len(seen) == len(FITTING) - len(NEVER_HERE) - len(
        {"session.start", "session.activate", "session.abort", "session.cancel"}
    )
    assert (await mara.submit("role.takeOver"))["code"] == "forbidden"
    assert faults() == []


async def test_repeated_steps_of_a_session(house: House) -> None:
    """Those a running session does not take: starting, giving the start up, calling off."""
    session = await house.session(active=False)
    [mara] = await house.enter(session, "mara")
    for kind in ("session.start", "session.abort", "session.start", "session.activate", "session.cancel"):
        command_id = str(uuid4())
        first = await mara.submit(kind, command_id=command_id)
        assert first["ok"], (kind, first)
        assert await mara.submit(kind, command_id=command_id) == first
        assert await head(house, session) == first["seq"]


# -- Oversized --


async def test_oversized(desk: Desk, raw: Callable[[], Raw], ledger: Ledger, faults: Faults) -> None:
    """Attack 31: more than 64 kB ends the connection; over REST it is `too_large`."""
    house = desk.house
    stage = await set_the_stage(house)
    before = await head(house, stage.session)
    attacker = await raw().open()
    await attacker.sign_in(await house.token("ana"))
    assert (await attacker.call("join", {"sessionId": stage.session}, 1))["ok"]
    ledger.new()
    await attacker.send(event("submit", {"id": str(uuid4()), "type": "chat.send", "text": "x" * MESSAGE_BYTES_MAX}))
    assert await attacker.ends() == 1009
    assert len(ledger.new()) == 1
    ana = await desk.caller("ana")
    answer = await ana.command(stage.session, "chat.send", text="x" * BODY_BYTES_MAX)
    assert (answer.status, answer.code) == (413, "too_large")
    assert len(ledger.new()) == 1
    assert await head(house, stage.session) == before
    assert faults() == []
