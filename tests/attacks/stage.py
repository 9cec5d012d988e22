"""A running session in which everything a command may name is there, and for every command of the protocol a body that fits."""

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from rooms.ids import SessionId
from tests.live.conftest import House
from tests.live.visitor import Visitor

Fields = dict[str, Any]
NAMES = ("mara", "theo", "ana", "ben", "otto")


@dataclass
class Stage:
    """`ids` are things and people by name; a field whose value is such a name, with a `$`, stands for the id."""

    house: House
    session: SessionId
    cast: dict[str, Visitor] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    def fields(self, given: Fields) -> Fields:
        return {key: self._named(value) for key, value in given.items()}

    def _named(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._named(each) for each in value]
        return self.ids[value[1:]] if _is_name(value) else value

    async def made(self, who: str, kind: str, key: str, /, **fields: Any) -> str:
        """Submits, and gives the id that its event made."""
        command_id = str(uuid4())
        ack = await self.cast[who].submit(kind, command_id=command_id, **fields)
        assert ack["ok"], ack
        [event] = await self.cast[who].until(lambda v: [each for each in v.events if each.get("command") == command_id])
        return str(event[key])


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("$")


async def set_the_stage(house: House, **fields: Any) -> Stage:
    """Mara instructs, Theo assists, Ana and Ben take part, Otto observes; polls, questions and messages are there."""
    session = await house.session(**fields)
    stage = Stage(house, session)
    for name, visitor in zip(NAMES, await house.enter(session, *NAMES), strict=True):
        stage.cast[name] = visitor
        stage.ids[name] = visitor.user
    named = {"question": "Tea?", "kind": "single", "options": ["yes", "no"]}
    for name, options in (("draft", named), ("poll", named), ("secret", {**named, "anonymous": True})):
        stage.ids[name] = await stage.made("mara", "poll.create", "pollId", **options)
    for name in ("poll", "secret"):
        assert (await stage.cast["mara"].submit("poll.open", pollId=stage.ids[name]))["ok"]
    for name, who in (("question", "ana"), ("other question", "ben")):
        stage.ids[name] = await stage.made(who, "question.ask", "questionId", text=name)
    await _plan_rooms(stage)
    stage.ids["page"] = await stage.made("mara", "board.addPage", "boardId", name="Sketches")
    stage.ids["message"] = await stage.made("ana", "chat.send", "messageId", text="hello")
    return stage


async def _plan_rooms(stage: Stage) -> None:
    """Two sets of breakout rooms; of the first, its first room by name."""
    for name in ("set", "other set"):
        stage.ids[name] = await stage.made("mara", "breakout.create", "setId", rooms=2, assignment="manual")
    created = next(each for each in stage.cast["mara"].events if each.get("setId") == stage.ids["set"])
    stage.ids["room"] = created["rooms"][0]["id"]


FITTING: dict[str, Fields] = {
    "session.start": {},
    "session.activate": {},
    "session.abort": {},
    "session.pause": {},
    "session.resume": {},
    "session.extend": {"minutes": 5},
    "session.update": {"title": "Sketching in ink"},
    "session.end": {},
    "session.cancel": {"reason": "rain"},
    "participant.admit": {"userId": "$ben"},
    "participant.deny": {"userId": "$ben"},
    "participant.remove": {"userId": "$ben"},
    "participant.ban": {"userId": "$ben"},
    "participant.unban": {"userId": "$ben"},
    "role.set": {"userId": "$ben", "role": "observer"},
    "role.takeOver": {},
    "permission.ask": {"permission": "can_use_whiteboard"},
    "permission.grant": {"userId": "$ben", "permission": "can_use_whiteboard", "minutes": 1},
    "permission.revoke": {"userId": "$ben", "permission": "can_speak"},
    "hand.raise": {"toPoint": True},
    "hand.lower": {"userId": "$ben"},
    "reaction.send": {"emoji": "👍"},
    "poll.create": {"question": "Coffee?", "kind": "single", "options": ["yes", "no"]},
    "poll.update": {"pollId": "$draft", "question": "Cocoa?", "kind": "single", "options": ["yes", "no"]},
    "poll.import": {"text": "Ready?\n- Yes\n- No"},
    "poll.copy": {"pollId": "$poll"},
    "poll.delete": {"pollId": "$draft"},
    "poll.open": {"pollId": "$draft", "seconds": 60, "show": False},
    "poll.quick": {"template": "yesno"},
    "poll.vote": {"pollId": "$poll", "choices": [0]},
    "poll.close": {"pollId": "$poll"},
    "poll.reopen": {"pollId": "$poll"},
    "poll.publish": {"pollId": "$poll"},
    "chat.send": {"text": "hello again", "replyTo": "$message"},
    "chat.edit": {"messageId": "$message", "text": "good evening"},
    "chat.delete": {"messageId": "$message"},
    "chat.react": {"messageId": "$message", "emoji": "👍", "on": True},
    "chat.pin": {"messageId": "$message", "pinned": True},
    "chat.lock": {"locked": True},
    "chat.slow": {"seconds": 10},
    "question.ask": {"text": "What paper?", "anonymous": True},
    "question.upvote": {"questionId": "$other question", "on": True},
    "question.approve": {"questionId": "$question"},
    "question.answer": {"questionId": "$question", "state": "done", "text": "any"},
    "question.dismiss": {"questionId": "$question"},
    "question.reopen": {"questionId": "$question"},
    "question.merge": {"questionId": "$question", "into": "$other question"},
    "question.pin": {"questionId": "$question", "pinned": True},
    "question.withdraw": {"questionId": "$question"},
    "stage.show": {"kind": "question", "target": "$question"},
    "breakout.create": {"rooms": ["North", "South"], "assignment": "random", "name": "Pairs"},
    "breakout.update": {"setId": "$set", "name": "Pairs of pairs"},
    "breakout.rename": {"roomId": "$room", "name": "East"},
    "breakout.assign": {"setId": "$set", "userIds": ["$ben"], "roomId": "$room"},
    "breakout.discard": {"setId": "$other set"},
    "breakout.open": {"setId": "$set", "minutes": 10},
    "breakout.extend": {"minutes": 5, "roomId": "$room"},
    "breakout.close": {"setId": "$set", "seconds": 0},
    "breakout.broadcast": {"text": "five more minutes"},
    "breakout.move": {"userIds": ["$ben"], "roomId": "$room"},
    "breakout.join": {"roomId": "$room"},
    "breakout.askHelp": {"text": "where is the ink?"},
    "breakout.endHelp": {"roomId": "$room"},
    "board.change": {"boardId": "main", "elements": [{"id": "box", "type": "rectangle", "version": 1}], "group": "act"},
    "board.clear": {"boardId": "main"},
    "board.restore": {"boardId": "main"},
    "board.lock": {"boardId": "main", "locked": True},
    "board.share": {"boardId": "main", "everyone": True},
    "board.addPage": {"name": "Second sheet", "after": "main", "everyone": True},
    "board.renamePage": {"boardId": "$page", "name": "Drafts"},
    "board.removePage": {"boardId": "$page"},
    "audio.mute": {"muted": True},
    "participant.mute": {"userId": "$ben"},
    "captions.switch": {"on": True},
    "recording.start": {},
    "recording.pause": {},
    "recording.resume": {},
    "recording.stop": {},
    "recording.consent": {"given": True},
    "recording.mark": {"text": "Paper and ink"},
}
