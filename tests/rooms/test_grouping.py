"""Dealing people to rooms (field.md F): everybody once, evenly, mixed, and never the same pair twice where that can be."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from rooms.grouping import Groups, Table, deal_by_chance, deal_mixed, deal_unseen, repeats

PEOPLE = [f"p{n:02}" for n in range(40)]
HOW_MANY = st.integers(0, 30)
TABLES = st.lists(st.one_of(st.none(), st.integers(1, 6)), min_size=1, max_size=6)
SEED = st.integers(0, 2**32)


def dealt(how: str, people: Sequence[str], tables: Sequence[Table], seed: int) -> Groups:
    random = Random(seed)
    if how == "chance":
        return deal_by_chance(people, tables, random)
    if how == "mixed":
        return deal_mixed(people, tables, {user: random.randrange(9) for user in people}, random)
    return deal_unseen(people, tables, [random.sample(PEOPLE, 4) for _ in range(5)], random)


@given(st.sampled_from(["chance", "mixed", "unseen"]), HOW_MANY, TABLES, st.integers(0, 5), SEED)
def test_everybody_sits_once_where_there_is_a_place(
    how: str, many: int, capacities: list[int | None], seated: int, seed: int
) -> None:
    first = capacities[0]
    there = tuple(PEOPLE[30 : 30 + (seated if first is None else min(seated, first))])
    tables = [Table(there, first), *(Table((), capacity) for capacity in capacities[1:])]
    groups = dealt(how, PEOPLE[:many], tables, seed)
    placed = [user for group in groups for user in group]
    assert len(placed) == len(set(placed))
    assert tuple(groups[0][: len(there)]) == there, "who sits stays"
    assert set(placed) <= {*PEOPLE[:many], *there}
    for group, table in zip(groups, tables, strict=True):
        assert table.capacity is None or len(group) <= table.capacity
    if len(placed) < many + len(there):
        assert all(len(group) == table.capacity for group, table in zip(groups, tables, strict=True)), "all are full"


@given(st.sampled_from(["chance", "mixed", "unseen"]), HOW_MANY, st.integers(1, 8), SEED)
def test_without_capacities_the_rooms_differ_by_one_at_most(how: str, many: int, rooms: int, seed: int) -> None:
    sizes = [len(group) for group in dealt(how, PEOPLE[:many], [Table()] * rooms, seed)]
    assert sum(sizes) == many
    assert max(sizes) - min(sizes) <= 1


@given(HOW_MANY, st.integers(1, 8), SEED)
def test_the_same_dice_deal_the_same(many: int, rooms: int, seed: int) -> None:
    for how in ("chance", "mixed", "unseen"):
        tables = [Table()] * rooms
        assert dealt(how, PEOPLE[:many], tables, seed) == dealt(how, PEOPLE[:many], tables, seed)


@given(st.integers(1, 6), st.integers(1, 5), SEED)
def test_the_busy_and_the_quiet_are_mixed(rooms: int, each: int, seed: int) -> None:
    """As many busy ones as rooms: each room has one."""
    people = PEOPLE[: rooms * each]
    busy = Random(seed).sample(people, rooms)
    groups = deal_mixed(people, [Table()] * rooms, dict.fromkeys(busy, 10), Random(seed))
    assert all(len(set(group) & set(busy)) == 1 for group in groups)


def test_chance_is_chance() -> None:
    deals = {tuple(map(tuple, dealt("chance", PEOPLE[:8], [Table()] * 2, seed))) for seed in range(30)}
    assert len(deals) > 20


# -- Never the same pair twice --


def partitions(people: Sequence[str], sizes: Sequence[int]) -> Iterator[list[tuple[str, ...]]]:
    """Every way to fill groups of these sizes."""
    if not sizes:
        yield []
        return
    for first in combinations(people, sizes[0]):
        rest = [user for user in people if user not in first]
        for others in partitions(rest, sizes[1:]):
            yield [first, *others]


def pairs_again(groups: Sequence[Sequence[str]], earlier: Sequence[Sequence[str]]) -> int:
    known = {pair for group in earlier for pair in combinations(sorted(group), 2)}
    return sum(pair in known for group in groups for pair in combinations(sorted(group), 2))


EARLIER = st.lists(st.lists(st.sampled_from(PEOPLE[:7]), min_size=2, max_size=5, unique=True), max_size=8)


@given(st.integers(2, 7), st.integers(1, 3), EARLIER, SEED)
def test_as_few_pairs_repeat_as_there_must(many: int, rooms: int, earlier: list[list[str]], seed: int) -> None:
    people = PEOPLE[:many]
    groups = deal_unseen(people, [Table()] * rooms, earlier, Random(seed))
    found = pairs_again(groups, earlier)
    assert repeats(groups, earlier) == found
    assert found == min(pairs_again(way, earlier) for way in partitions(people, [len(each) for each in groups]))


@given(st.integers(0, 1_000))
def test_twelve_people_meet_in_three_rounds_without_a_repeat(seed: int) -> None:
    random = Random(seed)
    earlier: Groups = []
    for _ in range(3):
        groups = deal_unseen(PEOPLE[:12], [Table()] * 4, earlier, random)
        assert pairs_again(groups, earlier) == 0
        earlier += groups


def test_a_large_class_is_dealt_in_a_moment() -> None:
    """No wall clock: the search itself is bounded, so this ends although repeats cannot be avoided."""
    people, random, earlier = [f"u{n}" for n in range(400)], Random(1), [[f"u{n}" for n in range(400)]]
    groups = deal_unseen(people, [Table()] * 40, earlier, random)
    assert [len(group) for group in groups] == [10] * 40
    assert repeats(groups, earlier) == 40 * 45
