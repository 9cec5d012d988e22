"""Who was in which room when, and which words were written where: what anybody may ever have received of them.

Kept by hand from what was done and from the numbers of the host's own stream; it knows no rule of the product's visibility.
A word may be had by whoever was in its place at its number or came there later, for who enters a room reads its history;
a word of a signal, which nobody keeps, only by who was there when it reached them. Who was in a room until it closed reads what it left,
with what staff answer there afterwards.
"""

import re
from collections import defaultdict
from dataclasses import dataclass, field

WORD = re.compile(rb"canary\d{6}")
MAIN = None


@dataclass
class Word:
    """`seq` None: not in the log, so never to be seen, unless it is a `signal`.

    `writer`: it will stand where they are.
    """

    kind: str
    place: str | None = None
    writer: str | None = None
    seq: int | None = None
    for_all: bool = False
    only: frozenset[str] = frozenset()  # a direct message
    signal: bool = False


@dataclass
class Ledger:
    """`stays`: of each person, from which number on they were in which room; in the main room before.

    `lately`: what is judged now has come since this number.
    """

    staff: frozenset[str]
    words: dict[str, Word] = field(default_factory=dict)
    stays: dict[str, list[tuple[int, str | None]]] = field(default_factory=lambda: defaultdict(list))
    closed: dict[str, int] = field(default_factory=dict)  # room -> number
    lately: int = 0

    def new(self, word: Word) -> str:
        name = f"canary{len(self.words):06d}"
        self.words[name] = word
        return name

    def moved(self, user: str, seq: int, place: str | None) -> None:
        self.stays[user].append((seq, place))

    def came(self, name: str, seq: int) -> None:
        """The word is in the log. Where its writer was before is where it stands, unless they said where."""
        word = self.words[name]
        if word.seq is None:
            word.seq = seq
            if word.writer is not None:
                word.place = self.place_at(word.writer, seq - 1)

    def place_at(self, user: str, seq: int) -> str | None:
        """Where somebody was when the event `seq` came."""
        return next((place for since, place in reversed(self.stays[user]) if since <= seq), MAIN)

    def was_there(self, user: str, place: str | None, since: int, until: int | None = None) -> bool:
        """At any number from `since` to `until`, or ever since."""
        turns = [(0, MAIN), *self.stays[user]]
        ends = [seq for seq, _ in turns[1:]] + [None]
        return any(
            there == place and (end is None or end > since) and (until is None or start <= until)
            for (start, there), end in zip(turns, ends, strict=True)
        )

    def may_have(self, user: str, name: str) -> bool:
        word = self.words[name]
        if word.signal:
            return user in self.staff or self.was_there(user, word.place, self.lately)
        if word.only:
            return user in word.only
        if word.seq is None:
            return False
        return word.for_all or user in self.staff or self.was_there(user, word.place, word.seq)

    def may_read(self, user: str, name: str) -> bool:
        """Of what closed rooms left."""
        place = self.words[name].place
        end = self.closed.get(place) if place is not None else None
        until_the_end = end is not None and self.was_there(user, place, end - 1, end - 1)
        return (until_the_end and self.words[name].seq is not None) or self.may_have(user, name)


def words_in(data: bytes) -> frozenset[str]:
    return frozenset(each.decode() for each in WORD.findall(data))
