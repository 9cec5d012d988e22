"""Random histories that are legal: everybody does anything, mostly what makes sense, on a clock that runs in leaps.

A history is made by its seed alone. It counts what was asked, what was appended and why things were refused, so that a
test can say what never happened. It judges nothing: the laws do.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any, TypeVar

from rooms.ids import UserId
from rooms.lifecycle import OVER, SessionFeature, Status
from rooms.people import WaitingFor, is_staff, role_of
from rooms.poll_book import Poll, PollStatus
from rooms.protocol import ALL_COMMANDS
from rooms.refusal import Refused
from rooms.roles import Permission, Role
from tests.laws.dividing import DIVIDING, Dividing
from tests.laws.drawing import DRAWING, Drawing, small_boards
from tests.laws.sounding import SOUNDING, Sounding
from tests.rooms.rehearsal import ANA, BEN, MARA, OTTO, ROLES, THEO, Rehearsal, person

CAST = (MARA, THEO, ANA, BEN, OTTO)
OTHERS = tuple(person(name) for name in ("Cleo", "Dora", "Emil", "Fynn", "Gita", "Hugo", "Ida"))
STRANGER = person("Zora")
EVERYBODY = (*CAST, *OTHERS)
NOBODYS_ID = str(person("nobody's id"))

T = TypeVar("T")
Done = tuple[UserId | None, dict[str, Any]]
EMOJI = ("👍", "👏", "🎉")
LEAPS_S = (0, 0, 0, 0.2, 1, 1, 2, 5, 20, 61, 90)


@dataclass
class History:
    """`words` are the canaries: every text typed, with who typed it."""

    seed: int
    played: Rehearsal
    asked: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    words: dict[str, UserId | None] = field(default_factory=dict)

    @property
    def appended(self) -> Counter[str]:
        return Counter(each.event.type for each in self.played.log)


def improvise(seed: int, steps: int) -> History:
    with small_boards():
        return _Improviser(seed).play(steps)


class _Improviser(Drawing, Dividing, Sounding):
    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)
        self.played = Rehearsal(
            lobby=self.dice.random() < 0.4,
            max_participants=self.dice.choice([3, 6, 50, 50, 50]),
            features=self._features(),
        )
        self.history = History(seed, self.played)

    def _features(self) -> Any:
        given = [
            {"type": "poll", "isEnabled": self.dice.random() < 0.95},
            {"type": "qa", "isEnabled": self.dice.random() < 0.95, "config": {"approval": self.dice.random() < 0.4}},
            {
                "type": "chat",
                "isEnabled": self.dice.random() < 0.95,
                "config": {"slowSeconds": self.dice.choice([0, 0, 20])},
            },
            {"type": "breakout", "isEnabled": self.dice.random() < 0.95},
            {
                "type": "whiteboard",
                "isEnabled": self.dice.random() < 0.95,
                "config": {"open": self.dice.random() < 0.7},
            },
            {"type": "recording", "isEnabled": self.dice.random() < 0.95},
        ]
        return tuple(SessionFeature.model_validate(each) for each in given)

    # -- The course of a session --

    def play(self, steps: int) -> History:
        self._open()
        after_the_end = 0
        for _ in range(steps):
            self._leap()
            self._keep_going()
            self._try(*self._something())
            after_the_end += self.room.lifecycle.status in OVER
            if after_the_end > 25:
                break
        self._take_leave()
        self.history.asked.update(self.played.fired)
        return self.history

    def _take_leave(self) -> None:
        """After everything else, so that what comes before is the same with and without it."""
        for user in self.dice.sample(EVERYBODY, 2):
            self._try(None, {"type": "person.erase", "userId": user})
            for _ in range(6):
                self._try(*self._something())

    def _open(self) -> None:
        """Most sessions begin; some are aborted first, and some nobody comes to."""
        if self.dice.random() < 0.1:
            self._pass(self.dice.choice([3_000, 3_700]))
        if self.dice.random() < 0.3:
            self._polls_beforehand()
        if self.dice.random() < 0.2:
            self._arrive(self.dice.sample(EVERYBODY, 4))
        if self.dice.random() < 0.9:
            self._try(MARA, {"type": "session.start"})
        if self.dice.random() < 0.2:
            self._arrive(self.dice.sample(EVERYBODY, 6))
            if self.dice.random() < 0.5:
                self._try(MARA, {"type": "participant.admit"})
            self._try(MARA, {"type": "session.abort"})
            self._try(MARA, {"type": "session.start"})
        self._arrive(self.dice.sample(EVERYBODY, len(EVERYBODY)))
        if self.dice.random() < 0.9:
            self._try(MARA, {"type": "session.activate"})
        self._try(MARA, {"type": "participant.admit"})

    def _polls_beforehand(self) -> None:
        for _ in range(2):
            self._try(MARA, self._create_poll()[1])

    def _arrive(self, people: Sequence[UserId]) -> None:
        for user in people:
            self._try(user, {"type": "participant.join", "role": ROLES.get(user, Role.PARTICIPANT)})

    def _leap(self) -> None:
        self._pass(self.dice.choice(LEAPS_S))
        if self.dice.random() < 0.004:
            self._pass(4_000)

    def _keep_going(self) -> None:
        """A session that mostly pauses or waits shows little."""
        if self.room.lifecycle.status is not Status.ACTIVE and self._chance(0.2):
            self._try(*self._move())
        if self.room.lobby.waiting and self._chance(0.1):
            self._try(self._staff(), {"type": "participant.admit"})

    def _pass(self, seconds: float) -> None:
        self.played.wait(seconds)

    def _try(self, actor: UserId | None, given: dict[str, Any], *, admin: bool = False) -> None:
        self.history.asked[given["type"]] += 1
        try:
            self.played.do(actor, ALL_COMMANDS.validate_python(given), admin=admin)
        except Refused as refused:
            self.history.refused[refused.code] += 1

    def _something(self) -> Done:
        makers = [getattr(self, f"_{name}") for name in SOMETHING]
        make: Callable[[], Done] = self.dice.choices(makers, weights=tuple(SOMETHING.values()))[0]
        actor, given = make()
        if self.dice.random() < 0.06:
            actor = self.dice.choice([*EVERYBODY, STRANGER])
        return actor, {name: value for name, value in given.items() if value is not None}

    # -- Choosing --

    @property
    def room(self) -> Any:
        return self.played.room

    def _chance(self, of: float) -> bool:
        return self.dice.random() < of

    def _everybody(self) -> Sequence[UserId]:
        return EVERYBODY

    def _anybody(self) -> UserId:
        return self.dice.choice(EVERYBODY)

    def _inside(self) -> UserId:
        return self._one_of([user for user in EVERYBODY if role_of(self.room, user) is not None], MARA)

    def _participant(self) -> UserId:
        inside = [user for user in EVERYBODY if role_of(self.room, user) in {Role.PARTICIPANT, Role.ASSISTANT}]
        return self._one_of(inside, ANA)

    def _staff(self) -> UserId:
        return self._one_of([user for user in EVERYBODY if is_staff(self.room, user)], MARA)

    def _host(self) -> UserId:
        hosts = [user for user in EVERYBODY if role_of(self.room, user) is Role.INSTRUCTOR]
        return self._one_of(hosts, MARA)

    def _one_of(self, found: Sequence[T], otherwise: T) -> T:
        return self.dice.choice(found) if found else otherwise

    def _id_of(self, found: Sequence[Any]) -> str:
        ids = [each if isinstance(each, str) else each.id for each in found]
        return NOBODYS_ID if not ids or self._chance(0.02) else self.dice.choice(ids[-6:])

    def _text(self, actor: UserId | None) -> str:
        word = f"canary{len(self.history.words)}"
        self.history.words[word] = actor
        return f"{word} says hello"

    def _polls(self, *statuses: PollStatus) -> list[Poll]:
        return [each for each in self.room.polls.in_order() if each.status in statuses]

    def _messages(self) -> list[Any]:
        return [each for channel in self.room.chat.channels.values() for each in channel.messages.values()]

    def _questions(self, *states: str) -> list[Any]:
        held = sorted(self.room.questions.questions.values(), key=lambda each: each.seq)
        return [each for each in held if not states or each.state in states]

    # -- Lifecycle --

    def _move(self) -> Done:
        usual = {
            Status.SCHEDULED: "start",
            Status.STARTING: "activate",
            Status.ACTIVE: "pause",
            Status.PAUSED: "resume",
        }
        step = usual.get(self.room.lifecycle.status, "start")
        if self._chance(0.2):
            step = self.dice.choice(["start", "activate", "abort", "pause", "resume"])
        return self._host(), {"type": f"session.{step}"}

    def _end(self) -> Done:
        if self._chance(0.3):
            return self._host(), {"type": "session.cancel", "reason": self._text(None)}
        return self._host(), {"type": "session.end"}

    def _extend(self) -> Done:
        return self._host(), {"type": "session.extend", "minutes": self.dice.randint(1, 90)}

    def _update(self) -> Done:
        changes: list[dict[str, Any]] = [
            {"title": self._text(None)},
            {"description": self._text(None)},
            {"maxParticipants": self.dice.choice([2, 4, 8, 50])},
            {"lobby": self._chance(0.5)},
            {"features": [each.model_dump(by_alias=True) for each in self._features()]},
            {"scheduledStart": self.played.now + timedelta(minutes=5)},
        ]
        return self._host(), {"type": "session.update", **self.dice.choice(changes)}

    def _interruption(self) -> Done:
        end = self.played.now
        start = end - timedelta(seconds=self.dice.choice([-5, 15, 300]))
        return None, {"type": "session.reportInterruption", "from": start, "to": end}

    def _lapse(self) -> Done:
        return None, {"type": "session.lapse"}

    # -- People --

    def _come(self) -> Done:
        away = [user for user in EVERYBODY if not (found := self.room.people.get(user)) or not found.present]
        user = self._one_of(away, ANA)
        return user, {"type": "participant.join", "role": ROLES.get(user, Role.PARTICIPANT)}

    def _go(self) -> Done:
        seen = self.played.now - timedelta(seconds=self.dice.choice([0, 0.5, 30]))
        user = self._host() if self._chance(0.15) else self._anybody()
        return None, {"type": "participant.leave", "userId": user, "lastSeen": max(seen, self.room.at)}

    def _rate(self) -> Done:
        quality = self.dice.choice(["good", "fair", "poor"])
        return None, {"type": "participant.rate", "userId": self._inside(), "quality": quality}

    def _let_in(self) -> Done:
        waiting = [each.user for each in self.room.lobby.waiting]
        whom = None if self._chance(0.3) else self._one_of([*waiting, *self.room.lobby.denied], self._anybody())
        return self._staff(), {"type": "participant.admit", "userId": whom}

    def _turn_away(self) -> Done:
        waiting = [each.user for each in self.room.lobby.waiting if each.reason is not WaitingFor.START]
        whom = None if self._chance(0.1) else self._one_of(waiting, self._anybody())
        return self._staff(), {"type": "participant.deny", "userId": whom}

    def _put_out(self) -> Done:
        kind = self.dice.choice(["remove", "remove", "ban"])
        waiting = [each.user for each in self.room.lobby.waiting]
        whom = self._one_of(waiting, self._anybody()) if self._chance(0.45) else self._anybody()
        return self._staff(), {"type": f"participant.{kind}", "userId": whom}

    def _forgive(self) -> Done:
        whom = self._one_of([*self.room.people.banned, *self.room.lobby.denied], self._anybody())
        return self._staff(), {"type": "participant.unban", "userId": whom}

    # -- Roles and rights --

    def _cast(self) -> Done:
        role = self.dice.choice([Role.ASSISTANT, Role.PARTICIPANT, Role.PARTICIPANT, Role.OBSERVER, Role.INSTRUCTOR])
        return self._host(), {"type": "role.set", "userId": self._anybody(), "role": role}

    def _take_over(self) -> Done:
        assistants = [user for user in EVERYBODY if role_of(self.room, user) is Role.ASSISTANT]
        return self._one_of(assistants, THEO), {"type": "role.takeOver"}

    def _ask_right(self) -> Done:
        return self._inside(), {"type": "permission.ask", "permission": self.dice.choice(list(Permission))}

    def _grant(self) -> Done:
        asked = self.room.rights.asked
        given: dict[str, Any] = {
            "userId": None if self._chance(0.2) else self._participant(),
            "permission": self.dice.choice([*Permission, Permission.CREATE_POLLS]),
            "minutes": self.dice.choice([None, 1, 1, 5]),
        }
        if asked and self._chance(0.5):
            wanted = self.dice.choice(asked)
            given |= {"userId": wanted.user, "permission": wanted.permission}
        return self._host() if self._chance(0.6) else self._staff(), {"type": "permission.grant", **given}

    def _revoke(self) -> Done:
        whom = None if self._chance(0.2) else self._participant()
        given: dict[str, Any] = {"userId": whom, "permission": self.dice.choice(list(Permission))}
        if (asked := self.room.rights.asked) and self._chance(0.3):
            given |= {"userId": asked[0].user, "permission": asked[0].permission}
        return self._staff(), {"type": "permission.revoke", **given}

    # -- Hands --

    def _raise_hand(self) -> Done:
        return self._participant(), {"type": "hand.raise", "toPoint": self._chance(0.3)}

    def _lower_hand(self) -> Done:
        raised = [each.user for each in self.room.hands.raised]
        whom = self._one_of(raised, ANA)
        if self._chance(0.5):
            return whom, {"type": "hand.lower"}
        return self._staff(), {"type": "hand.lower", "userId": whom}

    def _react(self) -> Done:
        return self._participant(), {"type": "reaction.send", "emoji": self.dice.choice(EMOJI)}

    # -- Chat --

    def _say(self) -> Done:
        actor = self._participant() if self._chance(0.8) else self._inside()
        if self._chance(0.15):  # in one breath: slow mode
            self._try(actor, {"type": "chat.send", "text": self._text(actor)})
        to: str | None = None
        if self._chance(0.35):
            to = self.dice.choice(["staff", self._inside(), self._inside()])
        if to == "staff" and self._chance(0.9):
            actor = self._staff()
        quoted = self._id_of(self._messages()) if self._chance(0.2) and self._messages() else None
        return actor, {"type": "chat.send", "text": self._text(actor), "to": to, "replyTo": quoted}

    def _about_message(self, kind: str, *, by_sender: float, **fields: Any) -> Done:
        messages = self._messages()[-12:]
        if not messages:
            return self._inside(), {"type": kind, "messageId": NOBODYS_ID, **fields}
        message = self.dice.choice(messages)
        actor = message.sender if self._chance(by_sender) else self._staff() if self._chance(0.5) else self._inside()
        return actor, {"type": kind, "messageId": message.id, **fields}

    def _edit(self) -> Done:
        return self._about_message("chat.edit", by_sender=0.9, text=self._text(None))

    def _delete(self) -> Done:
        return self._about_message("chat.delete", by_sender=0.5)

    def _mark(self) -> Done:
        fields = {"emoji": self.dice.choice(EMOJI), "on": self._chance(0.7)}
        return self._about_message("chat.react", by_sender=0.2, **fields)

    def _pin(self) -> Done:
        channels = self.room.chat.channels
        pins = [pin.message_id for channel in channels.values() for pin in channel.pins]
        if "staff" in channels and self._chance(0.3):
            messages = list(channels["staff"].messages.values())
            pins = [pin.message_id for pin in channels["staff"].pins]
            if not pins:
                return self._staff(), {"type": "chat.pin", "messageId": self._id_of(messages)}
        if pins and self._chance(0.4):
            return self._staff(), {"type": "chat.pin", "messageId": self._id_of(pins), "pinned": False}
        return self._about_message("chat.pin", by_sender=0.0)

    def _lock(self) -> Done:
        return self._staff(), {"type": "chat.lock", "locked": not self.room.chat.locked if self._chance(0.8) else False}

    def _slow(self) -> Done:
        return self._staff(), {"type": "chat.slow", "seconds": self.dice.choice([0, 0, 10, 60])}

    # -- Polls --

    def _create_poll(self) -> Done:
        actor = self._staff() if self._chance(0.8) else self._participant()
        kind = self.dice.choice(["single", "single", "multiple", "rating", "text", "quiz"])
        options = [f"{self._text(actor)} {number}" for number in range(self.dice.randint(2, 4))]
        fields: dict[str, Any] = {
            "question": self._text(actor),
            "kind": kind,
            "options": [] if kind in {"text", "rating"} else options,
            "anonymous": self._chance(0.45),
            "results": self.dice.choice([None, "live", "onPublish"]),
            "closesAfterS": self.dice.choice([None, None, 30]),
            "correct": [self.dice.randrange(len(options))] if kind == "quiz" or self._chance(0.02) else None,
        }
        return actor, {"type": "poll.create", **fields}

    def _update_poll(self) -> Done:
        _actor, given = self._create_poll()
        return self._staff(), {**given, "type": "poll.update", "pollId": self._id_of(self._polls(PollStatus.DRAFT))}

    def _import_polls(self) -> Done:
        actor = self._staff()
        text = f"{self._text(actor)}\n- {self._text(actor)}\n* No\n\n{self._text(actor)} [rating, anonymous]"
        return actor, {"type": "poll.import", "text": text if self._chance(0.9) else "- no question"}

    def _about_poll(self, kind: str, *statuses: PollStatus, **fields: Any) -> Done:
        found = self._polls(*(statuses if self._chance(0.9) else tuple(PollStatus)))
        poll = self.dice.choice(found) if found else None
        actor = poll.author if poll is not None and poll.author and self._chance(0.4) else self._staff()
        return actor, {"type": f"poll.{kind}", "pollId": poll.id if poll else NOBODYS_ID, **fields}

    def _copy_poll(self) -> Done:
        return self._about_poll("copy", *PollStatus)

    def _delete_poll(self) -> Done:
        return self._about_poll("delete", PollStatus.DRAFT)

    def _open_poll(self) -> Done:
        seconds = self.dice.choice([None, None, 3, 60])
        return self._about_poll("open", PollStatus.DRAFT, seconds=seconds, show=self._chance(0.7))

    def _quick(self) -> Done:
        template = self.dice.choice(["yesno", "abcd"])
        return self._staff(), {"type": "poll.quick", "template": template, "anonymous": self._chance(0.6)}

    def _vote(self) -> Done:
        actor = self._participant()
        found = self._polls(PollStatus.OPEN if self._chance(0.95) else PollStatus.CLOSED, PollStatus.OPEN)
        if self._chance(0.02):
            found = self._polls(PollStatus.DRAFT)
            actor = self._staff()
        poll = self.dice.choice(found[-2:]) if found else None
        if poll is None:
            return actor, {"type": "poll.vote", "pollId": NOBODYS_ID, "choices": [0]}
        return actor, {"type": "poll.vote", "pollId": poll.id, "choices": self._choices(poll, actor)}

    def _choices(self, poll: Poll, actor: UserId) -> list[Any]:
        if poll.kind == "text":
            return [
                self.dice.choice(["fun", "Fun ", "quiet", self._text(actor)]) for _ in range(self.dice.randint(1, 2))
            ]
        first = 1 if poll.kind == "rating" else 0
        numbers = list(range(first, first + len(poll.options) + self._chance(0.03)))
        return self.dice.sample(numbers, self.dice.randint(1, len(numbers)) if poll.many else 1)

    def _close_poll(self) -> Done:
        return self._about_poll("close", PollStatus.OPEN)

    def _reopen_poll(self) -> Done:
        return self._about_poll("reopen", PollStatus.CLOSED, seconds=self.dice.choice([None, 60]))

    def _publish_poll(self) -> Done:
        return self._about_poll("publish", PollStatus.CLOSED, PollStatus.CLOSED, PollStatus.OPEN)

    def _stale_timer(self) -> Done:
        """What the server submits once more, or too late."""
        poll = self._id_of(self._polls(*PollStatus))
        stale: list[dict[str, Any]] = [
            {"type": "poll.timeOut", "pollId": poll, "armed": 1},
            {"type": "poll.tally", "pollId": poll, "armed": 1},
            {"type": "permission.expire", "permission": "can_speak", "armed": 1, "userId": self._anybody()},
            {"type": "breakout.openDue", "setId": self._id_of(self._sets()), "armed": 1},
            {"type": "breakout.closeDue", "setId": self._id_of(self._sets()), "armed": 1, "closesAt": self.played.now},
            {"type": "breakout.place", "userId": self._anybody()},
        ]
        return None, self.dice.choice(stale)

    # -- Questions and the stage --

    def _wonder(self) -> Done:
        actor = self._participant()
        return actor, {"type": "question.ask", "text": self._text(actor), "anonymous": self._chance(0.4)}

    def _upvote(self) -> Done:
        question = self._id_of(self._questions("open", "answering"))
        return self._participant(), {"type": "question.upvote", "questionId": question, "on": self._chance(0.8)}

    def _moderate_question(self) -> Done:
        kinds: dict[str, tuple[str, ...]] = {
            "approve": ("pending",),
            "dismiss": ("open", "answering", "pending"),
            "reopen": ("answered", "dismissed", "answering"),
            "pin": ("open", "answered", "answering"),
        }
        kind = self.dice.choice([*kinds, "approve"])
        states = () if self._chance(0.15) else kinds[kind]
        given: dict[str, Any] = {"questionId": self._id_of(self._questions(*states))}
        if kind == "pin":
            pins = self.room.questions.pins
            given["pinned"] = not pins or self._chance(0.5)
            given["questionId"] = given["questionId"] if given["pinned"] else self._id_of(pins)
        return self._staff(), {"type": f"question.{kind}", **given}

    def _answer(self) -> Done:
        actor = self._staff()
        now = self._chance(0.5)
        text = None if now or self._chance(0.3) else self._text(actor)
        question = self._id_of(self._questions("open", "answering", "answered"))
        state = "now" if now else "done"
        return actor, {"type": "question.answer", "questionId": question, "state": state, "text": text}

    def _merge(self) -> Done:
        """Mostly in one place, and often what waits for approval."""
        hidden = self._questions("pending") if self._chance(0.6) else []
        found = hidden or self._questions("open", "pending")
        duplicate = self.dice.choice(found) if found else None
        into = [each for each in self._questions("open") if duplicate is None or each.room == duplicate.room]
        given = {"questionId": duplicate.id if duplicate else NOBODYS_ID, "into": self._id_of(into)}
        return self._staff(), {"type": "question.merge", **given}

    def _withdraw(self) -> Done:
        questions = self._questions()
        if not questions:
            return self._participant(), {"type": "question.withdraw", "questionId": NOBODYS_ID}
        question = self.dice.choice(questions)
        actor = question.author if self._chance(0.9) else self._participant()
        return actor, {"type": "question.withdraw", "questionId": question.id}

    def _show(self) -> Done:
        kind = self.dice.choice(["nothing", "poll", "question"])
        target = {
            "nothing": None,
            "poll": self._id_of(self._polls(*PollStatus)),
            "question": self._id_of(self._questions()),
        }[kind]
        return self._staff(), {"type": "stage.show", "kind": kind, "target": target}

    # -- The world --

    def _lose_secrets(self) -> Done:
        """The key outside the database cannot be read for a moment: votes wait."""
        kept = self.played.secrets
        self.played.secrets = {}
        for poll in self._polls(PollStatus.OPEN):
            if poll.anonymous:
                self._try(
                    self._participant(), {"type": "poll.vote", "pollId": poll.id, "choices": self._choices(poll, ANA)}
                )
        self.played.secrets = kept
        return self._participant(), {"type": "reaction.send", "emoji": "👍"}

    def _whole_room_votes(self) -> Done:
        """So that anonymous polls reach their five ballots."""
        for poll in self._polls(PollStatus.OPEN):
            for user in self.dice.sample(EVERYBODY, len(EVERYBODY)):
                self._try(user, {"type": "poll.vote", "pollId": poll.id, "choices": self._choices(poll, user)})
                self._pass(self.dice.choice([0, 0, 0.3, 1]))
        return self._staff(), {"type": "poll.quick", "template": "yesno", "anonymous": True}


# What people do, and how often.
SOMETHING = {
    "move": 3,
    "end": 0.4,
    "extend": 1,
    "update": 2,
    "interruption": 1,
    "lapse": 0.5,
    "come": 8,
    "go": 4,
    "rate": 2,
    "let_in": 5,
    "turn_away": 2,
    "put_out": 2,
    "forgive": 2,
    "cast": 2.5,
    "take_over": 1,
    "ask_right": 2,
    "grant": 5,
    "revoke": 2,
    "raise_hand": 4,
    "lower_hand": 3,
    "react": 2,
    "say": 16,
    "edit": 4,
    "delete": 3,
    "mark": 6,
    "pin": 4,
    "lock": 1,
    "slow": 1,
    "create_poll": 5,
    "update_poll": 2,
    "import_polls": 1,
    "copy_poll": 1,
    "delete_poll": 1,
    "open_poll": 8,
    "quick": 2,
    "vote": 16,
    "close_poll": 4,
    "reopen_poll": 2,
    "publish_poll": 3,
    "stale_timer": 1,
    "wonder": 8,
    "upvote": 8,
    "moderate_question": 8,
    "answer": 4,
    "merge": 4,
    "withdraw": 2,
    "show": 4,
    **DRAWING,
    **DIVIDING,
    **SOUNDING,
    "lose_secrets": 0.5,
    "whole_room_votes": 3,
}
