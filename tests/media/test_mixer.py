"""The mix: who is heard, what the sum is, what each one gets. The encoder is a fake whose packets are the sound itself."""

from collections.abc import Mapping

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from media.mixer import (
    CEILING,
    HOLD_SLOTS,
    KNEE,
    NOTHING,
    SILENCE_EVERY_SLOTS,
    STAY_SLOTS,
    TAIL_SLOTS,
    VOICES_MAX,
    Heard,
    Mix,
    Outlet,
    Selection,
    Tape,
    limited,
)
from media.opus import FRAME, SILENCE, Encoder, Pcm

MARA, ANA, BEN, THEO, OTTO = "mara", "ana", "ben", "theo", "otto"


class Plain(Encoder):
    """Packets that can be read."""

    made = 0

    def __init__(self) -> None:
        type(self).made += 1

    def encode(self, pcm: Pcm) -> bytes:
        return pcm.tobytes()


def says(value: int, loudness: float | None = None) -> Heard:
    return Heard(np.full(FRAME, value, np.int16), abs(value) if loudness is None else loudness)


def last(packet: bytes | None) -> int | None:
    return None if packet is None else int(np.frombuffer(packet, np.int16)[-1])


def settled(mix: Mix, frames: Mapping[str, Heard]) -> tuple[int | None, dict[str, int | None]]:
    mix.step(frames)
    mixed = mix.step(frames)
    return last(mixed.everyone), {user: last(packet) for user, packet in mixed.own.items()}


def test_listeners_hear_all_and_speakers_all_but_themselves() -> None:
    everyone, own = settled(Mix(Plain), {MARA: says(1_000), ANA: says(300), BEN: says(50)})
    assert everyone == 1_350
    assert own == {MARA: 350, ANA: 1_050, BEN: 1_300}


def test_one_packet_for_all_who_listen_and_one_more_per_voice() -> None:
    Plain.made = 0
    mix = Mix(Plain)
    for _ in range(10):
        mix.step({MARA: says(1_000), ANA: says(300)})
    assert Plain.made == 3


def test_who_speaks_alone_gets_silence_sparsely() -> None:
    mix = Mix(Plain)
    sent = [mix.step({MARA: says(1_000)}).own[MARA] for _ in range(100)]
    assert all(packet in {None, SILENCE} for packet in sent)
    assert sum(packet is not None for packet in sent) == 100 // SILENCE_EVERY_SLOTS


def test_nobody_speaks_and_next_to_nothing_is_sent() -> None:
    mix = Mix(Plain)
    mix.step({MARA: says(1_000)})
    sent = [mix.step({}).everyone for _ in range(210)]
    assert [last(each) for each in sent[:TAIL_SLOTS]] == [0] * TAIL_SLOTS, "the decoder comes to rest first"
    assert sum(each is not None for each in sent[TAIL_SLOTS:]) == 200 // SILENCE_EVERY_SLOTS
    assert {each for each in sent[TAIL_SLOTS:] if each is not None} == {SILENCE}


def test_the_loudest_few_are_heard() -> None:
    names = [f"guest {each}" for each in range(10)]
    crowd = {name: says(100 * (number + 1)) for number, name in enumerate(names)}
    everyone, own = settled(Mix(Plain), crowd)
    assert set(own) == set(names[-VOICES_MAX:])
    assert everyone == 1_000 + 900 + 800 + 700


def test_a_little_louder_does_not_take_a_place_and_much_louder_does() -> None:
    selection = Selection()
    four = dict.fromkeys((MARA, ANA, BEN, THEO), 1_000.0)
    for _ in range(STAY_SLOTS):
        selection.choose(four)
    assert OTTO not in selection.choose({**four, OTTO: 1_900.0})
    assert OTTO in selection.choose({**four, OTTO: 2_100.0})


def test_who_just_came_in_is_not_pushed_out_at_once() -> None:
    selection = Selection()
    four = dict.fromkeys((MARA, ANA, BEN, THEO), 1_000.0)
    assert OTTO not in [user for _ in range(STAY_SLOTS - 1) for user in selection.choose({**four, OTTO: 900.0})]
    selection = Selection()
    selection.choose(four)
    assert OTTO not in selection.choose({**four, OTTO: 9_000.0})


def test_a_pause_keeps_ones_place_for_a_second() -> None:
    selection = Selection()
    selection.choose({MARA: 1_000.0})
    inside = [MARA in selection.choose({}) for _ in range(HOLD_SLOTS + 10)]
    assert inside == [True] * (HOLD_SLOTS - 1) + [False] * 11


def test_what_is_hardly_there_is_not_mixed() -> None:
    everyone, own = settled(Mix(Plain), {MARA: says(10)})
    assert everyone is None or everyone == 0
    assert own == {}


def test_a_voice_comes_in_without_a_click() -> None:
    packet = Mix(Plain).step({MARA: says(10_000)}).everyone
    assert packet is not None
    sound = np.frombuffer(packet, np.int16)
    assert sound[0] == 0
    assert np.abs(np.diff(sound)).max() < 20


@given(st.lists(st.integers(-(2**15), 2**15 - 1), min_size=1, max_size=VOICES_MAX))
def test_the_sum_is_itself_below_the_knee_and_never_wraps_above(values: list[int]) -> None:
    total = int(np.sum(values))
    heard = int(limited(np.full(FRAME, total, np.int32))[0])
    if abs(total) <= KNEE:
        assert heard == total
    else:
        assert np.sign(heard) == np.sign(total)
        assert KNEE - 1 <= abs(heard) <= CEILING


def test_louder_stays_louder_up_to_the_ceiling() -> None:
    heard = limited(np.arange(0, 4 * 2**15, 128, dtype=np.int32))
    assert (np.diff(heard) >= 0).all()


def test_a_real_encoder_takes_what_the_mix_gives() -> None:
    mix = Mix()
    mixed = mix.step({MARA: says(1_000), ANA: says(-20_000)})
    assert mixed.everyone
    assert all(mixed.own.values())


def test_the_tape_holds_the_voices_it_is_given_and_no_others() -> None:
    tape = Tape(Plain)
    tape.step({MARA: says(500)})
    assert last(tape.step({MARA: says(500)})) == 500
    outlet = Outlet(Plain)
    assert outlet.packet(NOTHING) == SILENCE
