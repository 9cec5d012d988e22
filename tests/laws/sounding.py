"""What people do with sound in random histories: mute, speak, caption, record, consent and withdraw; and what the server tells of it.

A part of the improviser, in a file of its own.
"""

from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from rooms.ids import UserId
from rooms.recording import current
from rooms.sound import may_be_heard

Done = tuple[UserId | None, dict[str, Any]]
LADDER = ("finalising", "stored", "transcribing", "ready", "incomplete", "failed")
BACK_S = (5, 20, 70)
LASTED_S = (0.2, 2.5, 9.9, 10, 61)


class Sounding:
    if TYPE_CHECKING:
        dice: Random
        played: Any

        @property
        def room(self) -> Any: ...
        def _chance(self, of: float) -> bool: ...
        def _staff(self) -> UserId: ...
        def _participant(self) -> UserId: ...
        def _inside(self) -> UserId: ...
        def _anybody(self) -> UserId: ...
        def _everybody(self) -> Sequence[UserId]: ...
        def _id_of(self, found: Sequence[Any]) -> str: ...
        def _text(self, actor: UserId | None) -> str: ...

    def _mute_oneself(self) -> Done:
        actor = self._participant() if self._chance(0.7) else self._inside()
        muted = actor not in self.room.sound.muted if self._chance(0.85) else self._chance(0.5)
        return actor, {"type": "audio.mute", "muted": muted}

    def _mute_others(self) -> Done:
        """Or switch captions: by the place in the log, so that every die falls as it would without."""
        whom = None if self._chance(0.3) else self._anybody()
        place = len(self.played.log)
        if place % 3 == 0:
            on = not self.room.sound.captions if place % 2 else True
            return self._staff(), {"type": "captions.switch", "on": on}
        return self._staff(), {"type": "participant.mute", "userId": whom}

    def _speak(self) -> Done:
        """Told by the server, mostly of who may be heard and where they are; now and then twice, late or of nobody."""
        now = self.played.now
        heard = [user for user in self._everybody() if may_be_heard(self.room, user, now)]
        user = self.dice.choice(heard) if heard and self._chance(0.9) else self._anybody()
        start = now - timedelta(seconds=self.dice.choice(BACK_S))
        end = start + timedelta(seconds=self.dice.choice(LASTED_S), microseconds=self.dice.randrange(2000))
        place = self.room.breakouts.places.get(user)
        return None, {"type": "audio.report", "userId": user, "room": place, "from": start, "to": end}

    def _record(self) -> Done:
        run = current(self.room.recording)
        usual = {"recording": ["pause", "pause", "stop"], "paused": ["resume", "resume", "stop"]}
        next_steps = usual[run.status] if run is not None else ["start"]
        kind = self.dice.choice(next_steps if self._chance(0.7) else ["start", "pause", "resume", "stop"])
        return self._staff(), {"type": f"recording.{kind}"}

    def _consent(self) -> Done:
        actor = self._inside() if self._chance(0.9) else self._anybody()
        held = self.room.recording.consents.get(actor)
        given = not (held is not None and held.given) if self._chance(0.6) else self._chance(0.7)
        return actor, {"type": "recording.consent", "given": given}

    def _begin_chapter(self) -> Done:
        actor = self._staff()
        return actor, {"type": "recording.mark", "text": self._text(actor)}

    def _work_on_recordings(self) -> Done:
        """In its order, or as it may come when it is told again by whoever took the work over."""
        runs = [each for each in self.room.recording.runs if each.status == "stopped" or self._chance(0.2)]
        if not runs and self._chance(0.7):
            kind = "start" if current(self.room.recording) is None else "stop"
            return self._staff(), {"type": f"recording.{kind}"}
        run = self.dice.choice(runs) if runs else None
        stage = LADDER[min(run.rung, 5)] if run is not None and self._chance(0.6) else self.dice.choice(LADDER)
        given: dict[str, Any] = {"recordingId": self._id_of([run] if run is not None else []), "stage": stage}
        if stage in ("finalising", "transcribing") and self._chance(0.7):
            given |= {"done": self.dice.randint(0, 10), "of": 10}
        if stage in ("failed", "incomplete"):
            given["code"] = self.dice.choice(["disk_full", "no_speech"])
        return None, {"type": "recording.report", **given}


# What people do, and how often.
SOUNDING = {
    "mute_oneself": 4,
    "mute_others": 2,
    "speak": 6,
    "record": 5,
    "consent": 6,
    "begin_chapter": 2,
    "work_on_recordings": 4,
}
