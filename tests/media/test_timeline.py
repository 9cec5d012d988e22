"""The timeline: whatever a network or a sender does, sound is where it was spoken, within 100 ms (guarantee 14, F22, D30, M20)."""

from dataclasses import replace
from itertools import pairwise

import pytest

from media.timeline import GRID, RATE, Timeline
from tests.media.voices import (
    Sent,
    jittery,
    lossy,
    misplacements_s,
    placed,
    restamped,
    spoken,
    without,
)

OFF_S_MAX = 0.1


def check(sent: list[Sent], *, kept: float = 0.99, wall_s: float | None = None) -> None:
    given = placed(sent)
    assert len(given) >= kept * len(sent)
    off = misplacements_s(sent, given)
    assert max(map(abs, off)) <= OFF_S_MAX, (min(off), max(off))
    assert all(one.end <= other.position for one, other in pairwise(given)), "they overlap"
    assert all(each.position % GRID == 0 for each in given)
    wall_s = wall_s or max(each.spoken_at for each in sent) + 0.02
    assert abs(given[-1].end / RATE - wall_s) <= 0.1 + wall_s / 1000


def test_a_clean_voice_is_placed_without_a_seam() -> None:
    given = placed(spoken(30.0, from_s=2.0))
    assert len(given) == 1500
    assert all(one.end == other.position for one, other in pairwise(given))
    assert given[0].position / RATE == pytest.approx(2.0, abs=0.003)


@pytest.mark.parametrize("packet_ms", [10, 20, 40, 60])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.05, 0.2])
def test_loss_and_jitter_shift_nothing(packet_ms: int, share: float) -> None:
    check(jittery(lossy(spoken(60.0, packet_ms=packet_ms, from_s=1.0), share), 0.3))


@pytest.mark.parametrize("seed", range(20))
def test_jitter_from_the_first_packet_on(seed: int) -> None:
    check(jittery(spoken(3.0, from_s=1.0), 0.3, seed), kept=0.97)


def test_what_overtook_each_other_is_in_order_again() -> None:
    sent = jittery(spoken(10.0), 0.3)
    given = placed(sent)
    assert [each.packet for each in given] == [each.packet for each in sent]


def test_a_black_hole_of_ten_seconds_is_a_hole_of_ten_seconds() -> None:
    check(without(spoken(40.0), 10.0, 20.0))


def test_a_stall_that_is_made_up_for_loses_and_shifts_nothing() -> None:
    sent = [
        each
        if not 10.0 <= each.arrives_at < 20.0
        else Sent(each.spoken_at, each.timestamp, each.packet, 20.0 + n / 1e4)
        for n, each in enumerate(spoken(40.0))
    ]
    check(sent, kept=1.0)


def test_muted_by_track_the_timestamps_go_on() -> None:
    check(without(spoken(30.0), 5.0, 12.5))


@pytest.mark.parametrize("jitter_s", [0.0, 0.3])
def test_muted_by_replacing_the_track_the_timestamps_stand_still(jitter_s: float) -> None:
    sent = restamped(without(spoken(30.0), 5.0, 12.5), 12.5, lambda timestamp: timestamp - round(7.5 * RATE))
    check(jittery(sent, jitter_s), kept=0.97)


@pytest.mark.parametrize("jump", [2 * RATE, -2 * RATE, 3600 * RATE, -3600 * RATE, 0x7FFF0000, 0x80010000, 0xDEADBEEF])
@pytest.mark.parametrize("jitter_s", [0.0, 0.3])
def test_another_ssrc_or_a_jump_of_the_timestamps_shifts_nothing(jump: int, jitter_s: float) -> None:
    sent = jittery(restamped(spoken(30.0, from_s=1.0), 15.0, lambda timestamp: timestamp + jump), jitter_s)
    check(sent, kept=0.97)


def test_many_jumps() -> None:
    sent = spoken(60.0, from_s=1.0)
    for second in range(3, 60, 3):
        sent = restamped(sent, float(second), lambda timestamp, second=second: timestamp + 0x1234567 * second)  # type: ignore[misc]
    check(sent, kept=0.97)


@pytest.mark.parametrize("jitter_s", [0.0, 0.3])
def test_the_wrap_of_32_bits_is_none(jitter_s: float) -> None:
    check(jittery(spoken(30.0, timestamp=(1 << 32) - 10 * RATE), jitter_s), kept=1.0)


def test_discontinuous_transmission_leaves_room_for_silence() -> None:
    sent = spoken(60.0)
    check([each for n, each in enumerate(sent) if (n // 250) % 2 == 0 or n % 20 == 0])


@pytest.mark.parametrize("drift", [-0.0003, -0.0001, 0.0001, 0.0003])
def test_a_clock_that_drifts_is_followed(drift: float) -> None:
    """Half an hour of a sender whose 48 kHz are not quite that."""
    sent = [
        Sent(each.spoken_at * (1 + drift), each.timestamp, each.packet, each.arrives_at * (1 + drift))
        for each in spoken(1800.0)
    ]
    check(jittery(sent, 0.05), wall_s=1800.0 * (1 + drift))


def test_a_lone_straggler_disturbs_nobody() -> None:
    sent = spoken(20.0)
    late = [
        Sent(each.spoken_at, each.timestamp, each.packet, each.arrives_at + 0.9 * (n == 500))
        for n, each in enumerate(sent)
    ]
    check(late)


def test_the_same_packet_twice_is_heard_once() -> None:
    sent = spoken(10.0)
    twice = [*sent, *(Sent(each.spoken_at, each.timestamp, each.packet, each.arrives_at + 0.15) for each in sent)]
    given = placed(twice)
    assert len({each.packet for each in given}) == 500
    assert len(given) == 500


def test_after_a_cut_nothing_from_there_on_is_given() -> None:
    timeline = Timeline()
    for each in spoken(2.0):
        timeline.hear(each.packet, each.timestamp, each.arrives_at)
    given = timeline.cut(2.0, round(1.5 * RATE))
    assert given[-1].position < 1.5 * RATE
    assert given[-1].position / RATE > 1.45
    assert timeline.due(9.0) == []
    for each in spoken(2.0, from_s=5.0):
        timeline.hear(each.packet, each.timestamp, each.arrives_at)
    assert timeline.due(9.0)[0].position / RATE == pytest.approx(5.0, abs=0.003)


def test_what_is_no_opus_is_left_out() -> None:
    timeline = Timeline()
    for number, rubbish in enumerate(
        [b"", b"\xff", b"\xfb\x00", b"\xfb\x3f" + b"x" * 50, b"\xf9abc", b"\xf8" + b"x" * 1276]
    ):
        timeline.hear(rubbish, number * 960, number * 0.02)
    assert timeline.cut(1.0) == []


def test_no_more_than_so_much_is_held() -> None:
    """A flood within one moment is given out, not kept."""
    timeline = Timeline()
    for number in range(10_000):
        timeline.hear(b"\xf8x", number, 0.0)
    assert timeline._run is None or len(timeline._run.held) <= 2_000


@pytest.mark.parametrize("step_s", [0.15, 0.3, 0.48])
@pytest.mark.parametrize("jitter_s", [0.0, 0.03])
@pytest.mark.parametrize("seed", range(5))
def test_a_little_step_back_or_standing_still_shifts_nothing_for_long(
    step_s: float, jitter_s: float, seed: int
) -> None:
    """A microphone that is changed, a mute that nobody told of: less than any network is late, but all at once."""
    for sent in (
        restamped(spoken(20.0), 8.0, lambda timestamp: timestamp - round(step_s * RATE)),
        restamped(
            without(spoken(20.0), 8.0, 8.0 + step_s), 8.0 + step_s, lambda timestamp: timestamp - round(step_s * RATE)
        ),
    ):
        check(jittery(sent, jitter_s, seed), kept=0.97)


def test_a_queue_that_grows_in_the_network_shifts_nothing() -> None:
    sent = [
        replace(each, arrives_at=each.arrives_at + 0.3 * min(1.0, max(0.0, (each.spoken_at - 8.0) / 2.0)))
        for each in spoken(20.0)
    ]
    check(sent, kept=1.0)


def test_a_moment_without_network_shifts_nothing() -> None:
    """What was held up comes at once, and not all of it at the same moment."""
    sent = [
        replace(each, arrives_at=max(each.arrives_at, 8.35 + (each.spoken_at - 8.0) / 10))
        if 8.0 <= each.spoken_at < 8.4
        else each
        for each in spoken(20.0)
    ]
    check(sent, kept=1.0)
