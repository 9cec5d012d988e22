"""From what came over a bad network to what is played: every sound where it was made, whatever happened (guarantee 14, F22), the
same parts each time, no voice that was taken back. Tone bursts at known times are looked for in the finished files."""

import asyncio
import functools
import io
import json
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from media.finalise import Finalised, finalise, store
from media.left import read_left
from media.opus import RATE, SILENCE
from media.parts import Part, parts_of, read_part
from media.recorder import MIX, Recording
from media.remix import remix
from media.timeline import SLOT, Placed
from media.vault import new_key, unseal
from media.waveform import measure
from tests.media.sounds import decoded, found_at_s, opus_packets, tone
from tests.media.voices import Sent, jittery, lossy, restamped, without

ANA, BEN = "ana", "ben"
ANA_HZ, BEN_HZ = 1_000.0, 700.0
KEYS = {ANA: new_key(), BEN: new_key(), MIX: new_key()}
STARTED = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
PREFIX = "recordings/session/recording"
LENGTH_S = 40.0
BURSTS_S = (2.0, 6.5, 9.0, 21.0, 27.3, 33.0, 38.0)
BURST_S = 0.4
OFF_S_MAX = 0.1
HOLE = (10.0, 20.0)


def bursts(hz: float, shift_s: float = 0.0) -> NDArray[np.int16]:
    """A tone at each of the times, later by that much."""
    pcm = np.zeros(round(LENGTH_S * RATE), np.int16)
    for at in BURSTS_S:
        burst = tone(BURST_S, hz)
        start = round((at + shift_s) * RATE)
        pcm[start : start + len(burst)] = burst
    return pcm


@functools.cache
def sent_by_browser(
    hz: float, shift_s: float = 0.0, packet_ms: int = 20, *, dtx: bool = False, timestamp: int = 5_000
) -> list[Sent]:
    """Encoded as a browser does; a packet is sent when its last sample was spoken. With DTX nothing but a sign of life every
    400 ms goes out in silence."""
    codec = av.CodecContext.create("libopus", "w")
    assert isinstance(codec, av.AudioCodecContext)
    codec.sample_rate, codec.bit_rate, codec.time_base = RATE, 32_000, Fraction(1, RATE)
    codec.layout, codec.format = "mono", "s16"
    codec.options = {"application": "voip", "frame_duration": str(packet_ms)}
    size = RATE * packet_ms // 1_000
    pcm = bursts(hz, shift_s)
    sent = []
    for number in range(len(pcm) // size):
        piece = pcm[number * size : (number + 1) * size]
        frame = av.AudioFrame.from_ndarray(piece.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, number * size, Fraction(1, RATE)
        (packet,) = codec.encode(frame)
        if dtx and not piece.any() and number * packet_ms % 400:
            continue
        spoken_s = number * packet_ms / 1_000
        stamp = (timestamp + number * size) % (1 << 32)
        sent.append(Sent(spoken_s, stamp, bytes(packet), spoken_s + packet_ms / 1_000))
    return sent


class Clock:
    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> datetime:
        return STARTED + timedelta(seconds=self.s)


async def record(
    folder: Path, voices: dict[str, list[Sent]], mix: Sequence[bytes] = (), length_s: float = LENGTH_S
) -> None:
    """A whole recording, as fast as it goes."""
    clock = Clock()
    recording = Recording(folder, "recording", 1, STARTED, KEYS.__getitem__, clock)
    arriving = sorted(
        ((each.arrives_at, user, each) for user, sent in voices.items() for each in sent), key=lambda of: of[0]
    )
    for at, user, each in arriving:
        clock.s = max(clock.s, at)
        recording.hear(user, each.packet, each.timestamp, at)
    for slot, packet in enumerate(mix):
        if packet != SILENCE:
            recording.mix(slot, packet)
    clock.s = length_s
    await recording.close()
    assert recording.incomplete is None


class Shelf:
    """A store in memory."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def put(self, name: str, chunks: Iterator[bytes]) -> None:
        self.files[name] = b"".join(chunks)

    def webm(self, track: str, finalised: Finalised, key: bytes | None = None) -> list[bytes]:
        names = [f"{PREFIX}/{part.file}" for part in finalised.tracks[track].parts]
        return [unseal(self.files[name], key or KEYS[track], name) for name in names]

    def heard(self, track: str, finalised: Finalised, key: bytes | None = None) -> NDArray[np.int16]:
        parts = [decoded(webm) for webm in self.webm(track, finalised, key)]
        return np.concatenate(parts)


def finished(folder: Path, shelf: Shelf, **how: object) -> Finalised:
    return finalise(folder, "recording", KEYS, shelf.put, prefix=PREFIX, **how)  # type: ignore[arg-type]


def check_bursts(pcm: NDArray[np.int16], hz: float, times_s: Sequence[float]) -> None:
    for at in times_s:
        found = found_at_s(pcm, hz, from_s=at - 0.25, to_s=at + BURST_S)
        assert found is not None, f"the tone of {at} s is gone"
        assert abs(found - at) <= OFF_S_MAX, (at, found)


AFTER_HOLE = [at for at in BURSTS_S if not HOLE[0] <= at < HOLE[1]]


def hole(sent: list[Sent]) -> list[Sent]:
    return without(sent, *HOLE)


def standing_still(sent: list[Sent]) -> list[Sent]:
    return restamped(hole(sent), HOLE[1], lambda timestamp: timestamp - round((HOLE[1] - HOLE[0]) * RATE))


NETWORKS: dict[str, Callable[[list[Sent]], list[Sent]]] = {
    "clean": lambda sent: sent,
    "1 % lost": lambda sent: lossy(sent, 0.01),
    "20 % lost": lambda sent: lossy(sent, 0.2),
    "300 ms of jitter": lambda sent: jittery(sent, 0.3),
    "20 % lost and 300 ms of jitter": lambda sent: jittery(lossy(sent, 0.2), 0.3),
    "a black hole of 10 s": lambda sent: jittery(hole(sent), 0.1),
    "muted by track": hole,
    "muted by replaceTrack(null)": lambda sent: jittery(standing_still(sent), 0.1),
    "another SSRC": lambda sent: jittery(restamped(sent, 15.0, lambda timestamp: timestamp + 0xDEADBEEF), 0.1),
    "timestamps backwards": lambda sent: jittery(restamped(sent, 15.0, lambda timestamp: timestamp - 2 * RATE), 0.1),
    "timestamps forwards": lambda sent: restamped(sent, 15.0, lambda timestamp: timestamp + 90 * RATE),
    "everything": lambda sent: jittery(
        restamped(lossy(standing_still(sent), 0.1), 30.0, lambda stamp: stamp ^ 0x80000000), 0.3
    ),
}


@pytest.mark.parametrize("network", NETWORKS)
async def test_guarantee_14_every_sound_is_where_it_was_made(tmp_path: Path, network: str) -> None:
    await check_network(tmp_path, NETWORKS[network], 20)


@pytest.mark.parametrize("packet_ms", [10, 40, 60])
@pytest.mark.parametrize("network", ["clean", "300 ms of jitter", "muted by replaceTrack(null)", "another SSRC"])
async def test_guarantee_14_with_packets_of_any_length(tmp_path: Path, network: str, packet_ms: int) -> None:
    await check_network(tmp_path, NETWORKS[network], packet_ms)


@pytest.mark.parametrize("jitter_s", [0.0, 0.3])
async def test_guarantee_14_with_discontinuous_transmission_across_the_wrap(tmp_path: Path, jitter_s: float) -> None:
    wrap = (1 << 32) - 8 * RATE
    await check_network(tmp_path, lambda sent: jittery(sent, jitter_s), 20, dtx=True, timestamp=wrap)


async def check_network(
    folder: Path,
    network: Callable[[list[Sent]], list[Sent]],
    packet_ms: int,
    *,
    dtx: bool = False,
    timestamp: int = 5_000,
) -> None:
    await record(folder, {ANA: network(sent_by_browser(ANA_HZ, 0.0, packet_ms, dtx=dtx, timestamp=timestamp))})
    shelf = Shelf()
    done = await asyncio.to_thread(finished, folder, shelf)
    pcm = shelf.heard(ANA, done)
    assert abs(len(pcm) / RATE - LENGTH_S) <= 0.1 + LENGTH_S / 1_000
    assert abs(done.length_s - LENGTH_S) <= 0.1
    check_bursts(pcm, ANA_HZ, AFTER_HOLE)
    assert done.incomplete is None
    assert done.missing == []


async def scene(folder: Path) -> None:
    """Ana and Ben, each with their tone at their own times, and both in the mix."""
    voices = {ANA: sent_by_browser(ANA_HZ), BEN: sent_by_browser(BEN_HZ, 1.0)}
    await record(folder, voices, mix_of_both())


@functools.cache
def mix_of_both() -> list[bytes]:
    return opus_packets(bursts(ANA_HZ) + bursts(BEN_HZ, 1.0))


async def test_running_it_again_makes_the_same_parts(tmp_path: Path) -> None:
    await scene(tmp_path)
    one, other = Shelf(), Shelf()
    first, second = finished(tmp_path, one), finished(tmp_path, other)
    assert first == second
    assert (
        set(one.files)
        == set(other.files)
        == {
            f"{PREFIX}/{name}"
            for name in (
                "ana-1.sealed",
                "ben-1.sealed",
                "mix-1.sealed",
                "mix-peaks.sealed",
            )
        }
    )
    for track in (ANA, BEN, MIX):
        assert one.webm(track, first) == other.webm(track, second)


async def test_the_mix_has_its_waveform_and_loudness_and_tracks_their_gaps(tmp_path: Path) -> None:
    await scene(tmp_path)
    shelf = Shelf()
    done = finished(tmp_path, shelf)
    mix = done.tracks[MIX]
    peaks = unseal(shelf.files[f"{PREFIX}/{mix.peaks_file}"], KEYS[MIX], f"{PREFIX}/{mix.peaks_file}")
    assert len(peaks) == LENGTH_S * 10
    for at in BURSTS_S:
        assert peaks[round(at * 10) + 2] > 40
    assert max(peaks[round(15.0 * 10) : round(18.0 * 10)]) <= 2
    assert mix.loudness_lufs is not None
    assert -25.0 < mix.loudness_lufs < -10.0
    assert done.tracks[ANA].gaps == []


async def test_a_withdrawn_voice_is_in_no_track_and_in_no_mix(tmp_path: Path) -> None:
    await scene(tmp_path)
    shelf = Shelf()
    done = finished(tmp_path, shelf, without=frozenset({ANA}))
    assert set(done.tracks) == {BEN, MIX}
    assert not any("ana" in name for name in shelf.files)
    pcm = shelf.heard(MIX, done)
    assert abs(len(pcm) / RATE - LENGTH_S) < 0.02
    assert found_at_s(pcm, ANA_HZ) is None
    check_bursts(pcm, BEN_HZ, [at + 1.0 for at in BURSTS_S])


@pytest.mark.parametrize("how", ["the mix has a new key", "its segments are gone", "told, its key gone already"])
async def test_a_mix_that_is_not_today_s_is_made_again_from_who_is_left(tmp_path: Path, how: str) -> None:
    await scene(tmp_path)
    keys = {BEN: KEYS[BEN], MIX: new_key() if how == "the mix has a new key" else KEYS[MIX]}
    if how == "its segments are gone":
        for file in (tmp_path / "recording" / "1").glob("mix-*.seg"):
            file.unlink()
    told = frozenset({ANA}) if how == "told, its key gone already" else frozenset[str]()
    shelf = Shelf()
    done = finalise(tmp_path, "recording", keys, shelf.put, prefix=PREFIX, without=told)
    assert done.incomplete is None
    pcm = shelf.heard(MIX, done, keys[MIX])
    assert found_at_s(pcm, ANA_HZ) is None
    check_bursts(pcm, BEN_HZ, [at + 1.0 for at in BURSTS_S])


async def test_the_same_search_finds_a_voice_that_was_not_withdrawn(tmp_path: Path) -> None:
    await scene(tmp_path)
    shelf = Shelf()
    pcm = shelf.heard(MIX, finished(tmp_path, shelf))
    check_bursts(pcm, ANA_HZ, BURSTS_S)
    check_bursts(pcm, BEN_HZ, [at + 1.0 for at in BURSTS_S])


async def test_a_track_without_its_key_is_not_there(tmp_path: Path) -> None:
    await scene(tmp_path)
    done = finalise(tmp_path, "recording", {BEN: KEYS[BEN], MIX: KEYS[MIX]}, Shelf().put, prefix=PREFIX)
    assert set(done.tracks) == {BEN, MIX}
    wrong = finalise(tmp_path, "recording", {**KEYS, ANA: new_key()}, Shelf().put, prefix=PREFIX)
    assert wrong.incomplete == "unreadable"


async def test_what_a_kill_left_is_a_whole_file_of_the_right_length(tmp_path: Path) -> None:
    await scene(tmp_path)
    folder = tmp_path / "recording" / "1"
    for file in folder.glob("*.seg"):
        file.write_bytes(file.read_bytes()[:-300])
    manifest = folder / "manifest.jsonl"
    manifest.write_text(
        "\n".join(line for line in manifest.read_text().splitlines() if "closed" not in line) + '\n{"ke'
    )
    shelf = Shelf()
    done = finished(tmp_path, shelf, length_s=LENGTH_S)
    assert done.incomplete == "killed"
    assert done.missing[-1].to_slot == LENGTH_S * 50
    for track in (ANA, BEN, MIX):
        assert abs(len(shelf.heard(track, done)) / RATE - LENGTH_S) < 0.02


async def test_nobody_spoke_and_the_mix_is_silence_of_the_right_length(tmp_path: Path) -> None:
    await record(tmp_path, {})
    shelf = Shelf()
    done = finished(tmp_path, shelf)
    assert not shelf.heard(MIX, done).any()
    assert len(shelf.heard(MIX, done)) / RATE == LENGTH_S
    assert done.tracks[MIX].loudness_lufs is None


async def test_as_a_process_and_again_from_what_was_stored(tmp_path: Path) -> None:
    """A withdrawal after the recorder's files are gone: a new mix, under a new key, from the parts of the others."""
    await scene(tmp_path)
    out, again = tmp_path / "out", tmp_path / "again"
    out.mkdir()
    again.mkdir()
    job = {
        "folder": str(tmp_path),
        "recordingId": "recording",
        "prefix": PREFIX,
        "out": str(out),
        "keys": in_base64(KEYS),
    }
    *progress, told = as_process(job)
    assert [line["done"] for line in progress] == [0, 1, 2, 3]
    assert sorted(file.name for file in out.iterdir()) == [
        "ana-1.sealed",
        "ben-1.sealed",
        "mix-1.sealed",
        "mix-peaks.sealed",
    ]
    assert told["lengthS"] == LENGTH_S
    assert told["incomplete"] is None
    (part,) = told["tracks"][MIX]["parts"]
    assert (part["file"], part["fromSlot"], part["toSlot"], part["durationS"]) == ("mix-1.sealed", 0, 2_000, LENGTH_S)
    keys = {BEN: KEYS[BEN], MIX: new_key()}
    stored = [{"path": str(out / "ben-1.sealed"), "name": f"{PREFIX}/ben-1.sealed", "fromS": 0.0}]
    *_, told_again = as_process(
        {
            "recordingId": "recording",
            "prefix": PREFIX,
            "out": str(again),
            "lengthS": LENGTH_S,
            "keys": in_base64(keys),
            "without": [ANA],
            "parts": {BEN: stored},
        }
    )
    assert told_again["tracks"][BEN] == told["tracks"][BEN] | {"gaps": told_again["tracks"][BEN]["gaps"]}
    pcm = decoded(unseal((again / "mix-1.sealed").read_bytes(), keys[MIX], f"{PREFIX}/mix-1.sealed"))
    assert len(pcm) / RATE == LENGTH_S
    assert found_at_s(pcm, ANA_HZ) is None
    check_bursts(pcm, BEN_HZ, [at + 1.0 for at in BURSTS_S])


def in_base64(keys: dict[str, bytes]) -> dict[str, str]:
    return {track: b64encode(key).decode() for track, key in keys.items()}


def as_process(job: Mapping[str, object]) -> list[dict[str, Any]]:
    root = Path(__file__).resolve().parent.parent.parent
    run = subprocess.run(
        [sys.executable, "-m", "media.finalise"],
        input=json.dumps(job).encode() + b"\n",
        capture_output=True,
        cwd=root,
        check=True,
        timeout=100,
    )
    return [json.loads(line) for line in run.stdout.splitlines()]


# -- parts --------------------------------------------------------------------------------------------------------------------


def speech(length_s: float, from_s: float = 0.0) -> list[Placed]:
    packets = opus_packets(tone(min(length_s, 2.0)))
    first = round(from_s * 50)
    return [Placed((first + n) * SLOT, SLOT, packets[n % len(packets)]) for n in range(round(length_s * 50))]


def lengths(parts: Sequence[Part]) -> list[float]:
    return [(part.end - part.start) / RATE for part in parts]


@pytest.mark.requirement("D18")
def test_parts_follow_each_other_without_a_seam_and_are_no_longer_than_25_minutes() -> None:
    parts = list(parts_of(speech(10.0, from_s=1_499.99), 3_100 * RATE))
    assert [part.start for part in parts[1:]] == [part.end for part in parts[:-1]]
    assert parts[-1].end == 3_100 * RATE
    assert max(lengths(parts)) <= 25 * 60
    assert len(parts) == 3
    for part, length_s in zip(parts, lengths(parts), strict=True):
        with av.open(io.BytesIO(part.webm), "r") as container:
            assert container.duration == pytest.approx(length_s * 1e6, abs=2_000), "it stands in the header"
            assert container.streams.audio[0].start_time == 0


@pytest.mark.requirement("W085", "D18")
def test_parts_are_no_larger_than_80_mb() -> None:
    parts = list(parts_of(speech(60.0), 60 * RATE, bytes_max=50_000))
    assert len(parts) > 3
    assert all(len(part.webm) < 50_000 + 20_000 for part in parts)
    assert [part.start for part in parts[1:]] == [part.end for part in parts[:-1]]


def test_packets_are_copied_not_made_again() -> None:
    placed = [*speech(3.0, from_s=0.33 * 3), *speech(2.0, from_s=20.0)]
    back = [
        each for part in parts_of(placed, 60 * RATE, samples_max=7 * RATE) for each in read_part(part.webm, part.start)
    ]
    assert back == placed


def test_any_moment_is_found_through_the_index_in_front() -> None:
    (part,) = parts_of(speech(600.0), 600 * RATE)
    assert part.webm.index(b"\x1c\x53\xbb\x6b") < part.webm.index(b"\x1f\x43\xb6\x75"), "cues before the first cluster"
    with av.open(io.BytesIO(part.webm), "r") as container:
        container.seek(500 * 1_000_000)
        packet = next(iter(container.demux(audio=0)))
        assert packet.pts is not None
        assert packet.time_base is not None
        assert 494 <= float(packet.pts * packet.time_base) <= 500


def test_nothing_is_no_part() -> None:
    assert list(parts_of([], 0)) == []
    assert list(parts_of([], 100)) == []


def test_a_remix_is_the_sum_of_its_voices_at_their_places() -> None:
    ana = [Placed(n * SLOT + 3 * RATE, SLOT, packet) for n, packet in enumerate(opus_packets(tone(2.0, ANA_HZ)))]
    ben = [Placed(n * SLOT + 4 * RATE, SLOT, packet) for n, packet in enumerate(opus_packets(tone(2.0, BEN_HZ)))]
    (part,) = parts_of(remix([ana, ben], 30 * RATE), 30 * RATE)
    pcm = decoded(part.webm)
    assert len(pcm) == 30 * RATE
    for hz, at in ((ANA_HZ, 3.0), (BEN_HZ, 5.1)):
        found = found_at_s(pcm, hz)
        assert found is not None
        assert abs(found - at) < OFF_S_MAX
    assert not pcm[10 * RATE :].any()
    assert list(remix([], 5 * RATE)) == []


@pytest.mark.parametrize("level_db", [-12.0, -23.0, -33.0])
def test_loudness_is_that_of_r_128(level_db: float) -> None:
    """A sine of 1 kHz in one channel reads 3.01 LU below its peak level (ITU-R BS.1770-4)."""
    at = np.arange(10 * RATE) / RATE
    pcm = np.asarray(np.sin(2 * np.pi * 1_000 * at) * 32_767 * 10 ** (level_db / 20), np.int16)
    placed = [Placed(n * SLOT, SLOT, packet) for n, packet in enumerate(opus_packets(pcm))]
    measured = measure(placed, 20 * RATE)
    assert measured.loudness_lufs == pytest.approx(level_db - 3.01, abs=0.7)
    assert len(measured.peaks) == 200
    assert measured.peaks[30] == pytest.approx(256 * 10 ** (level_db / 20), abs=12)
    assert set(measured.peaks[110:]) == {0}


def test_a_recording_that_is_not_there_has_no_tracks(tmp_path: Path) -> None:
    left = read_left(tmp_path / "recording", "recording", KEYS)
    assert left.tracks == {}
    assert store(left, {}, Shelf().put, prefix=PREFIX, length_s=3.0).tracks == {}


def test_a_burst_is_found_where_it_is() -> None:
    """The search itself."""
    assert found_at_s(bursts(ANA_HZ), ANA_HZ) == pytest.approx(BURSTS_S[0], abs=0.011)
    assert found_at_s(bursts(ANA_HZ), BEN_HZ) is None
