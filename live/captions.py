"""Captions of one session, at the home of its sound: switched on and off by the log, made of what its desk hears, told to whoever is in
the place where it was said. What somebody said is shown only while the log still lets it be. Nothing of it is kept.
"""

from collections.abc import Callable

from live.host import Host
from live.sound_signals import caption
from media.captions import Captioner
from media.desk import Desk
from media.utterances import Said
from rooms.ids import UserId
from rooms.lifecycle import OVER
from rooms.people import person_of, standing_of
from rooms.sound import may_be_captioned


class Captions:
    """`tell` passes a frame on to a place. `captioner` None: this server has no engine, and nothing is told."""

    def __init__(
        self, host: Host, desk: Desk, captioner: Captioner | None, tell: Callable[[str | None, bytes], None]
    ) -> None:
        self._host = host
        self._tell = tell
        self._desk = desk
        self._captioner = captioner
        self._on = False

    def follow(self) -> None:
        """At once, whatever is being written down."""
        room = self._host.room
        self._switch(room.sound is not None and room.sound.captions and room.lifecycle.status not in OVER)

    def close(self) -> None:
        self._switch(False)

    def _switch(self, on: bool) -> None:
        if self._captioner is None or on == self._on:
            return
        self._on = on
        self._desk.listen(self._said if on else None)
        if on:
            self._captioner.begin(self._written)
        else:
            self._captioner.end(self._written)

    def _said(self, said: Said) -> None:
        """Also in the turn in which the word was taken from them: then it is not even written down."""
        if self._captioner is not None and self._may_be_shown(said):
            self._captioner.hear(self._written, said)

    def _written(self, said: Said, text: str) -> None:
        if self._may_be_shown(said):
            self._tell(said.place, caption(said, text))

    def _may_be_shown(self, said: Said) -> bool:
        """Who spoke is still there, and nobody took the word from them."""
        room, user = self._host.room, UserId(said.user)
        person, standing = person_of(room, user), standing_of(room, user)
        is_there = person is not None and person.present and standing.admitted and standing.room == said.place
        return is_there and may_be_captioned(room, user, self._host.now())
