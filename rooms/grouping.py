"""Dealing people to rooms: by chance, mixed by what they did so far, or so that nobody meets whom they met before.

Arithmetic of groups, always as even as their capacities allow; knows no session. Who sits already stays. Whoever finds
no place is dealt to no room.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

# Exchanges looked at in search of fewer repeated pairs: some 50 ms at most.
LOOKS_MAX = 30_000
STALE_AFTER = 25

Groups = list[list[str]]


@dataclass(frozen=True, slots=True)
class Table:
    """A room to be filled. `seated` stay where they are."""

    seated: tuple[str, ...] = ()
    capacity: int | None = None

    def has_place_for(self, size: int) -> bool:
        return self.capacity is None or size < self.capacity


def deal_by_chance(people: Sequence[str], tables: Sequence[Table], random: Random) -> Groups:
    groups = [list(table.seated) for table in tables]
    for user, place in zip(_shuffled(people, random), _places(len(people), tables), strict=False):
        groups[place].append(user)
    return groups


def deal_mixed(people: Sequence[str], tables: Sequence[Table], done: Mapping[str, int], random: Random) -> Groups:
    """The busiest first, each to the smallest group, of these to the one that has done least so far."""
    groups = [list(table.seated) for table in tables]
    sums = [sum(done.get(user, 0) for user in group) for group in groups]
    for user in sorted(_shuffled(people, random), key=lambda user: -done.get(user, 0)):
        open_ = [n for n, table in enumerate(tables) if table.has_place_for(len(groups[n]))]
        if not open_:
            break
        place = min(open_, key=lambda n: (len(groups[n]), sums[n], n))
        groups[place].append(user)
        sums[place] += done.get(user, 0)
    return groups


def repeats(groups: Iterable[Collection[str]], earlier: Iterable[Collection[str]]) -> int:
    """Pairs in a group who were in one of the earlier groups together."""
    held = [list(group) for group in groups]
    met = _Met([user for group in held for user in group], earlier)
    return met.cost([met.mask(group) for group in held], held)


def deal_unseen(
    people: Sequence[str], tables: Sequence[Table], earlier: Iterable[Collection[str]], random: Random
) -> Groups:
    """With no repeated pair, or as few as a search of bounded length finds."""
    seated = [list(table.seated) for table in tables]
    sizes = [len(group) for group in seated]
    for place in _places(len(people), tables):
        sizes[place] += 1
    met = _Met([*people, *(user for group in seated for user in group)], earlier)
    best, fewest, looks = None, 0, 0
    while best is None or (fewest and looks < LOOKS_MAX):
        search = _Search(met, seated, sizes, _shuffled(people, random), random)
        looks += search.run(LOOKS_MAX - looks) + 1
        if best is None or search.cost < fewest:
            best, fewest = search.best, search.cost
    return best


def _shuffled(people: Sequence[str], random: Random) -> list[str]:
    mixed = list(people)
    random.shuffle(mixed)
    return mixed


def _places(count: int, tables: Sequence[Table]) -> list[int]:
    """Where `count` people sit, one after the other, each at the smallest table that has a place."""
    sizes = [len(table.seated) for table in tables]
    places: list[int] = []
    for _ in range(count):
        open_ = [n for n, table in enumerate(tables) if table.has_place_for(sizes[n])]
        if not open_:
            break
        place = min(open_, key=lambda n: (sizes[n], n))
        sizes[place] += 1
        places.append(place)
    return places


class _Met:
    """Who met whom, as one bit a person: a group's repeats are counted without looking at pairs."""

    def __init__(self, people: Sequence[str], earlier: Iterable[Collection[str]]) -> None:
        self.bit = {user: 1 << n for n, user in enumerate(dict.fromkeys(people))}
        self.of = dict.fromkeys(self.bit, 0)
        for group in earlier:
            known = [user for user in group if user in self.bit]
            together = self.mask(known)
            for user in known:
                self.of[user] |= together
        for user, bit in self.bit.items():
            self.of[user] &= ~bit

    def mask(self, group: Iterable[str]) -> int:
        mask = 0
        for user in group:
            mask |= self.bit[user]
        return mask

    def among(self, user: str, mask: int) -> int:
        return (self.of[user] & mask).bit_count()

    def cost(self, masks: Sequence[int], groups: Sequence[Sequence[str]]) -> int:
        twice = sum(self.among(user, mask) for mask, group in zip(masks, groups, strict=True) for user in group)
        return twice // 2


class _Search:
    """One attempt: everybody where they meet fewest again, then exchanges of two while they help."""

    def __init__(self, met: _Met, seated: Groups, sizes: Sequence[int], people: Sequence[str], random: Random) -> None:
        self.met, self.random = met, random
        self.groups = [list(group) for group in seated]
        self.masks = [met.mask(group) for group in seated]
        self.at: dict[str, int] = {}
        for user in people:
            free = [n for n, group in enumerate(self.groups) if len(group) < sizes[n]]
            if free:
                self._sit(user, min(free, key=lambda n: (met.among(user, self.masks[n]), len(self.groups[n]), n)))
        self.present = self.cost = met.cost(self.masks, self.groups)
        self.best = [list(group) for group in self.groups]

    def run(self, looks_max: int) -> int:
        """Returns how many exchanges were looked at."""
        looks, stale = 0, 0
        while self.cost and stale < STALE_AFTER and looks < looks_max:
            unhappy = [user for user, n in self.at.items() if self.met.among(user, self.masks[n])]
            if not unhappy:
                break
            user = self.random.choice(unhappy)
            looks += len(self.at)
            found = self._best_exchange(user)
            if found is None:
                stale += 1
                continue
            other, gain = found
            stale = 0 if gain > 0 else stale + 1
            self._exchange(user, other, gain)
        return looks

    def _best_exchange(self, user: str) -> tuple[str, int] | None:
        """With whom, and how many repeats fewer; one that changes nothing keeps the search moving."""
        met, here = self.met, self.at[user]
        stays = met.among(user, self.masks[here])
        without = self.masks[here] & ~met.bit[user]
        best: tuple[str, int] | None = None
        for other, there in self.at.items():
            if there == here:
                continue
            after = met.among(user, self.masks[there] & ~met.bit[other]) + met.among(other, without)
            gain = stays + met.among(other, self.masks[there]) - after
            if gain >= 0 and (best is None or gain > best[1] or (gain == best[1] and self.random.random() < 0.3)):
                best = (other, gain)
        return best

    def _exchange(self, user: str, other: str, gain: int) -> None:
        here, there = self.at[user], self.at[other]
        for each, out in ((user, here), (other, there)):
            self.groups[out].remove(each)
            self.masks[out] &= ~self.met.bit[each]
        self._sit(user, there)
        self._sit(other, here)
        self.present -= gain
        if self.present < self.cost:
            self.cost, self.best = self.present, [list(group) for group in self.groups]

    def _sit(self, user: str, place: int) -> None:
        self.groups[place].append(user)
        self.masks[place] |= self.met.bit[user]
        self.at[user] = place
