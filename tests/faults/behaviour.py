"""What a person of the cast does next: legal commands by their role, and some that must be refused. Seeded; knows what a
stranger can know, from events and snapshots, and marks every text with a canary that says for whom it was written.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.faults.canaries import CANARY

Command = dict[str, Any]
Tell = Callable[[str, "str | list[str]"], None]

KEPT = 60  # of what can be acted upon, the latest
EMOJI = ("👍", "👏", "❤️", "🎉", "🤔")
PERMISSIONS = ("can_speak", "can_share_screen", "can_use_whiteboard", "can_create_polls")
WORDS = ("agenda", "budget", "circle", "draft", "framing", "goal", "handout", "journey", "lesson", "method", "outline")


@dataclass
class World:
    """The session as one person knows it, as far as commands need it: ids and their state."""

    me: str
    people: Mapping[str, str]  # name -> user
    messages: dict[str, str | None] = field(default_factory=dict)  # id -> sender
    polls: dict[str, Command] = field(default_factory=dict)
    questions: dict[str, str] = field(default_factory=dict)  # id -> state
    status: str = "scheduled"
    waiting: set[str] = field(default_factory=set)
    audiences: dict[str, str | list[str]] = field(default_factory=dict)  # canary -> whom I wrote it for
    mine: dict[str, str | list[str]] = field(default_factory=dict)  # my messages -> whom I wrote them for

    def see(self, view: Mapping[str, Any]) -> None:
        """A snapshot."""
        self.status = view["lifecycle"]["status"]
        self.waiting = {each["user"] for each in view.get("lobby", {}).get("waiting", ())}
        for channel in view.get("chat", {}).get("channels", {}).values():
            for message in channel.get("messages", {}).values():
                if not message.get("deleted"):
                    self._message(message["id"], message.get("sender"), message["text"])
        self.polls = dict(view.get("polls", {}).get("polls", {}))
        self.questions = {key: each["state"] for key, each in view.get("questions", {}).get("questions", {}).items()}

    def hear(self, event: Mapping[str, Any]) -> None:
        type_ = event["type"]
        topic, _, what = type_.partition(".")
        if topic == "session":
            self.status = {"started": "starting", "activated": "active", "paused": "paused", "resumed": "active"}.get(
                what, self.status
            )
        elif topic == "participant":
            (self.waiting.add if what == "waiting" else self.waiting.discard)(event["userId"])
        elif type_ == "chat.sent":
            self._message(event["messageId"], event.get("actor"), event["text"])
        elif type_ == "chat.deleted":
            self.messages.pop(event["messageId"], None)
            self.mine.pop(event["messageId"], None)
        elif topic == "poll":
            self._poll(what, event)
        elif topic == "question":
            self._question(what, event)

    def _message(self, message: str, sender: str | None, text: str) -> None:
        _keep(self.messages, message, sender)
        canary = CANARY.search(text)
        if sender == self.me and canary is not None and canary[0] in self.audiences:
            _keep(self.mine, message, self.audiences[canary[0]])

    def _poll(self, what: str, event: Mapping[str, Any]) -> None:
        poll = event["pollId"]
        if what in {"created", "updated", "opened"}:
            status = "open" if what == "opened" else "draft"
            _keep(self.polls, poll, {**event, "status": status})
        elif what == "deleted":
            self.polls.pop(poll, None)
        elif poll in self.polls and what in {"closed", "reopened"}:
            self.polls[poll] = {**self.polls[poll], "status": "closed" if what == "closed" else "open"}

    def _question(self, what: str, event: Mapping[str, Any]) -> None:
        question = event["questionId"]
        if what in {"vanished", "withdrawn"}:
            self.questions.pop(question, None)
        elif what in {"asked", "approved", "reopened", "answering", "answered", "dismissed", "merged"}:
            state = {"asked": "pending" if event.get("pending") else "open", "approved": "open", "reopened": "open"}
            _keep(self.questions, question, state.get(what, what))


def _keep(held: dict[str, Any], key: str, value: Any) -> None:
    held.pop(key, None)
    held[key] = value
    while len(held) > KEPT:
        del held[next(iter(held))]


@dataclass
class Mind:
    """`tell` is told of every canary and whom it is for, before it is sent."""

    name: str
    world: World
    rng: random.Random
    tell: Tell

    def next(self) -> Command | None:
        """None: nothing comes to mind."""
        if self.world.status == "paused" and self.name in {"Mara", "Theo"} and self.rng.random() < 0.4:
            return {"type": "session.resume"}
        if self.world.waiting and self.name in {"Mara", "Theo"} and self.rng.random() < 0.5:
            whom = {"userId": self.rng.choice(sorted(self.world.waiting))} if self.coin() else {}
            return {"type": "participant.admit", **whom}
        menu = MENU[self.name]
        choose = self.rng.choices([each for each, _ in menu], [weight for _, weight in menu])[0]
        return choose(self)

    # -- words and things --

    def words(self, audience: str | list[str]) -> str:
        canary = f"canary{self.rng.getrandbits(64):016x}"
        self.world.audiences[canary] = audience
        self.tell(canary, audience)
        return f"{' '.join(self.rng.choices(WORDS, k=self.rng.randint(1, 6)))} {canary}"

    def one(self, things: Mapping[str, Any], *states: str) -> str | None:
        found = [key for key, state in things.items() if not states or state in states]
        return self.rng.choice(found) if found else None

    def poll(self, *states: str) -> Command | None:
        key = self.one({key: poll["status"] for key, poll in self.world.polls.items()}, *states)
        return {**self.world.polls[key], "pollId": key} if key is not None else None

    def somebody(self) -> str:
        return self.rng.choice([user for user in self.world.people.values() if user != self.world.me])

    def coin(self) -> bool:
        return self.rng.random() < 0.5

    # -- chat --

    def say(self) -> Command:
        reply = self.one(self.world.mine) if self.rng.random() < 0.1 else None
        quoted = {"replyTo": reply} if reply and self.world.mine[reply] == "everyone" else {}
        return {"type": "chat.send", "text": self.words("everyone"), **quoted}

    def say_to_one(self) -> Command:
        to = self.somebody()
        return {"type": "chat.send", "text": self.words([to]), "to": to}

    def say_to_staff(self) -> Command:
        return {"type": "chat.send", "text": self.words("staff"), "to": "staff"}

    def edit(self) -> Command | None:
        message = self.one(self.world.mine)
        if message is None:
            return None
        return {"type": "chat.edit", "messageId": message, "text": self.words(self.world.mine[message])}

    def delete(self) -> Command | None:
        message = self.one(self.world.mine)
        return {"type": "chat.delete", "messageId": message} if message else None

    def delete_any(self) -> Command | None:
        message = self.one(self.world.messages)
        return {"type": "chat.delete", "messageId": message} if message else None

    def react(self) -> Command | None:
        message = self.one(self.world.messages)
        on = self.rng.random() < 0.7
        return (
            {"type": "chat.react", "messageId": message, "emoji": self.rng.choice(EMOJI), "on": on} if message else None
        )

    def pin(self) -> Command | None:
        message = self.one(self.world.messages)
        return {"type": "chat.pin", "messageId": message, "pinned": self.coin()} if message else None

    def lock(self) -> Command:
        return {"type": "chat.lock", "locked": self.rng.random() < 0.3}

    # -- polls --

    def prepare_poll(self) -> Command:
        kind = self.rng.choice(("single", "multiple", "quiz", "rating", "text"))
        poll: Command = {"type": "poll.create", "question": self.words("staff"), "kind": kind}
        if kind in {"single", "multiple", "quiz"}:
            poll["options"] = ["paper", "glass", "water"][: self.rng.randint(2, 3)]
        if kind == "quiz":
            poll["correct"] = [0]
        elif kind != "text":
            poll["anonymous"] = self.coin()
        return poll

    def quick_poll(self) -> Command:
        return {"type": "poll.quick", "template": self.rng.choice(("yesno", "abcd")), "anonymous": self.coin()}

    def steer_poll(self) -> Command | None:
        poll = self.poll()
        if poll is None:
            return None
        draft = ("poll.open", "poll.open", "poll.open", "poll.delete")
        opened = ("poll.close", "poll.publish", "poll.reopen", "poll.copy")
        kind = self.rng.choice(draft if poll["status"] == "draft" else opened)
        seconds = {"seconds": self.rng.randint(2, 20)} if kind == "poll.open" and self.coin() else {}
        return {"type": kind, "pollId": poll["pollId"], **seconds}

    def vote(self) -> Command | None:
        poll = self.poll("open")
        if poll is None:
            return None
        choices: list[Any] = [self.rng.randrange(max(2, len(poll.get("options", ()))))]
        if poll["kind"] == "rating":
            choices = [self.rng.randint(1, 5)]
        elif poll["kind"] == "text":
            choices = [self.rng.choice(WORDS)]
        return {"type": "poll.vote", "pollId": poll["pollId"], "choices": choices}

    # -- questions --

    def ask(self) -> Command:
        return {"type": "question.ask", "text": self.words("staff"), "anonymous": self.rng.random() < 0.3}

    def upvote(self) -> Command | None:
        question = self.one(self.world.questions)
        on = self.rng.random() < 0.8
        return {"type": "question.upvote", "questionId": question, "on": on} if question else None

    def withdraw(self) -> Command | None:
        question = self.one(self.world.questions)
        return {"type": "question.withdraw", "questionId": question} if question else None

    def moderate_question(self) -> Command | None:
        questions = self.world.questions
        if (pending := self.one(questions, "pending")) and self.rng.random() < 0.8:
            return {"type": "question.approve", "questionId": pending}
        question = self.one(questions)
        if question is None:
            return None
        match self.rng.choice(("now", "done", "text", "dismiss", "reopen", "merge", "pin", "show")):
            case "now":
                return {"type": "question.answer", "questionId": question, "state": "now"}
            case "text":
                return {"type": "question.answer", "questionId": question, "text": self.words("everyone")}
            case "done":
                return {"type": "question.answer", "questionId": question}
            case "merge":
                return {"type": "question.merge", "questionId": question, "into": self.one(questions)}
            case "pin":
                return {"type": "question.pin", "questionId": question, "pinned": self.coin()}
            case "show":
                return {"type": "stage.show", "kind": "question", "target": question}
            case what:
                return {"type": f"question.{what}", "questionId": question}

    # -- people --

    def hand(self) -> Command:
        return {"type": "hand.raise", "toPoint": self.coin()} if self.rng.random() < 0.6 else {"type": "hand.lower"}

    def wave(self) -> Command:
        return {"type": "reaction.send", "emoji": self.rng.choice(EMOJI)}

    def ask_right(self) -> Command:
        return {"type": "permission.ask", "permission": self.rng.choice(PERMISSIONS)}

    def grant(self) -> Command:
        whom = {"userId": self.somebody()} if self.rng.random() < 0.8 else {}
        minutes = {"minutes": 1} if self.rng.random() < 0.3 else {}
        return {"type": "permission.grant", "permission": self.rng.choice(PERMISSIONS), **whom, **minutes}

    def revoke(self) -> Command:
        return {"type": "permission.revoke", "permission": self.rng.choice(PERMISSIONS), "userId": self.somebody()}

    def make_moderator(self) -> Command:
        """Changes what Ana may see, there and back."""
        kind = "permission.grant" if self.coin() else "permission.revoke"
        return {"type": kind, "permission": "can_moderate", "userId": self.world.people["Ana"]}

    def give_role(self) -> Command:
        whom = self.rng.choice(("Ben", "Theo"))
        role = self.rng.choice(("assistant", "participant")) if whom == "Ben" else "assistant"
        return {"type": "role.set", "userId": self.world.people[whom], "role": role}

    def remove(self) -> Command:
        """They come back through the lobby."""
        return {"type": "participant.remove", "userId": self.world.people[self.rng.choice(("Ben", "Otto"))]}

    # -- the session --

    def pause(self) -> Command:
        return {"type": "session.pause"}

    def rename(self) -> Command:
        return {"type": "session.update", "title": self.words("everyone")}

    def extend(self) -> Command:
        return {"type": "session.extend", "minutes": 1}

    # -- what must be refused --

    def overstep(self) -> Command:
        """Rights that one does not have, things that do not exist, content that is none."""
        unknown = f"00000000-0000-4000-8000-{self.rng.getrandbits(48):012x}"
        attempts: list[Command] = [
            {"type": "chat.delete", "messageId": self.one(self.world.messages) or unknown},
            {"type": "chat.edit", "messageId": unknown, "text": self.words([])},
            {"type": "chat.send", "text": "", "to": "staff"},
            {"type": "chat.send", "text": self.words([]), "colour": "red"},
            {"type": "chat.send", "text": self.words("staff"), "to": "staff"},
            {"type": "poll.vote", "pollId": unknown, "choices": [0]},
            {"type": "poll.create", "question": self.words("staff"), "kind": "single", "options": ["one"]},
            {"type": "question.approve", "questionId": self.one(self.world.questions) or unknown},
            {"type": "role.set", "userId": self.world.me, "role": "instructor"},
            {"type": "permission.grant", "userId": self.world.me, "permission": "can_moderate"},
            {"type": "session.cancel", "reason": ""},
            {"type": "participant.remove", "userId": self.world.people["Mara"]},
            {"type": "participant.join", "role": "instructor"},
            {"type": "nothing.known"},
        ]
        return self.rng.choice(attempts)


Choose = Callable[[Mind], Command | None]

TALKING: list[tuple[Choose, int]] = [
    (Mind.say, 22),
    (Mind.say_to_one, 7),
    (Mind.edit, 6),
    (Mind.delete, 4),
    (Mind.react, 6),
    (Mind.vote, 14),
    (Mind.ask, 6),
    (Mind.upvote, 6),
    (Mind.withdraw, 1),
    (Mind.hand, 6),
    (Mind.wave, 3),
    (Mind.ask_right, 2),
    (Mind.overstep, 4),
]
STEERING: list[tuple[Choose, int]] = [
    (Mind.say_to_staff, 5),
    (Mind.delete_any, 2),
    (Mind.pin, 2),
    (Mind.lock, 1),
    (Mind.prepare_poll, 3),
    (Mind.quick_poll, 3),
    (Mind.steer_poll, 12),
    (Mind.moderate_question, 10),
    (Mind.grant, 3),
    (Mind.revoke, 2),
    (Mind.pause, 1),
]
HOSTING: list[tuple[Choose, int]] = [
    (Mind.make_moderator, 2),
    (Mind.give_role, 2),
    (Mind.rename, 1),
    (Mind.extend, 1),
    (Mind.remove, 1),
]
MENU: Mapping[str, list[tuple[Choose, int]]] = {
    "Mara": [*TALKING, *STEERING, *HOSTING],
    "Theo": [*TALKING, *STEERING],
    "Ana": [*TALKING, (Mind.quick_poll, 1), (Mind.say_to_staff, 1), (Mind.moderate_question, 1)],
    "Ben": [*TALKING, (Mind.steer_poll, 1), (Mind.pause, 1)],
    "Otto": [(Mind.say, 2), (Mind.vote, 2), (Mind.ask_right, 1), (Mind.overstep, 1)],
}
