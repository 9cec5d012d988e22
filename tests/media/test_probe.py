"""Uploads are what their content says, measured in a child that can open nothing (attacks 54–58 and 60, D20)."""

import io
import json
import struct
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from media import probe as probing
from media.probe import Probed, ProbeRefused, probe
from media.timeline import RATE
from tests.media.sounds import silent_webm, sound_file, webm_of_tracks

PLAYLISTS = [
    "ffconcat version 1.0\nfile other.wav\n",
    "ffconcat version 1.0\nfile '/etc/passwd'\n",
    "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nother.wav\n#EXT-X-ENDLIST\n",
    "#EXTM3U\n#EXTINF:10,\nhttp://169.254.169.254/latest/meta-data/\n",
    "concat:other.wav|other.wav",
    "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
    '<?xml version="1.0"?><MPD><Period><BaseURL>http://127.0.0.1/</BaseURL></Period></MPD>',
    "[playlist]\nFile1=other.wav\n",
]


async def probed(folder: Path, data: bytes, name: str = "upload") -> Probed:
    path = folder / name
    path.write_bytes(data)
    with path.open("rb") as file:
        return await probe(file)


async def refusal(folder: Path, data: bytes, name: str = "upload") -> str:
    with pytest.raises(ProbeRefused) as refused:
        await probed(folder, data, name)
    assert refused.value.detail
    return refused.value.code


async def answer(folder: Path, data: bytes) -> int | str:
    """The length, or why there is none."""
    try:
        return (await probed(folder, data)).duration_s
    except ProbeRefused as refused:
        return refused.code


@pytest.mark.parametrize("kind", ["wav", "mp3", "webm", "m4a"])
@pytest.mark.parametrize(("length_s", "whole_s"), [(0.4, 1), (2.5, 3)])
async def test_the_accepted_four_are_measured(tmp_path: Path, kind: str, length_s: float, whole_s: int) -> None:
    told = await probed(tmp_path, sound_file(kind, length_s))
    assert told.mime_type == f"audio/{kind}"
    assert (told.duration_s, told.channels, told.sample_rate) == (whole_s, 1, RATE)


async def test_stereo_and_lower_rates_are_fine(tmp_path: Path) -> None:
    told = await probed(tmp_path, sound_file("wav", 3.0, rate=8_000, layout="stereo"))
    assert (told.duration_s, told.channels, told.sample_rate) == (3, 2, 8_000)


@pytest.mark.requirement("W084", "D20")
async def test_what_a_browser_records_has_no_duration_and_is_measured_all_the_same(tmp_path: Path) -> None:
    """D20: the length of the segment is open and there is no Duration."""
    live = sound_file("webm", 4.0)
    segment = live.index(b"\x18\x53\x80\x67")
    duration = live.index(b"\x44\x89")
    streamed = bytearray(live)
    streamed[segment + 4 : segment + 12] = b"\x01" + b"\xff" * 7
    streamed[duration : duration + 2] = b"\xec\x89"  # a Void in its place
    assert (await probed(tmp_path, bytes(streamed))).duration_s == 4


@pytest.mark.parametrize("kind", ["ogg", "flac"])
async def test_other_sound_is_refused_with_what_is_accepted(tmp_path: Path, kind: str) -> None:
    with pytest.raises(ProbeRefused, match="WebM") as refused:
        await probed(tmp_path, sound_file(kind))
    assert refused.value.code == "unsupported"


@pytest.mark.parametrize(
    "data",
    [
        b"<!doctype html><script>alert(1)</script>",
        b"<!doctype html><script>alert(1)</script>" + sound_file("mp3"),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>" * 100,
        sound_file("wav") + b"PK\x03\x04" + bytes(100_000),
        sound_file("webm") + b"<script>" + bytes(100_000),
        b"ID3\x04\x00\x00\x00\x00\x00\x0a" + bytes(10) + b"<script>alert(1)</script>" * 100,
        b"\x89PNG\r\n\x1a\n" + bytes(1000),
        b"%PDF-1.7\n" + sound_file("mp3"),
        b"MZ" + bytes(1000),
        b"RIFF\x24\x00\x00\x00AVI " + bytes(100),
        b"RIFX" + sound_file("wav")[4:],
        sound_file("webm").replace(b"webm", b"matr", 1),
        sound_file("m4a").replace(b"ftypM4A ", b"ftypqt  ", 1),
        b"\xff\xfb\x90\x00",
        Random(55).randbytes(50_000),
    ],
    ids=lambda data: repr(data[:12]) + str(len(data)),
)
async def test_attack_55_what_only_calls_itself_sound_is_refused(tmp_path: Path, data: bytes) -> None:
    assert await refusal(tmp_path, data, "sound.webm") in {"unsupported", "unreadable"}


@pytest.mark.parametrize("kind", ["wav", "mp3", "webm", "m4a"])
async def test_attack_55_a_good_file_of_another_name_is_what_it_is(tmp_path: Path, kind: str) -> None:
    assert (await probed(tmp_path, sound_file(kind), "../x.html".replace("../", ""))).mime_type == f"audio/{kind}"


@pytest.mark.parametrize("content", PLAYLISTS, ids=lambda content: content[:12])
async def test_attack_56_a_playlist_opens_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "other.wav").write_bytes(sound_file("wav"))
    assert await refusal(tmp_path, content.encode(), "upload.wav") == "unsupported"


def test_attack_56_57_the_child_can_open_no_file_and_no_socket(tmp_path: Path) -> None:
    """Whatever a library were talked into: there is no descriptor for it."""
    tried = (
        "import media.probe, socket, sys\n"
        "def tries(what):\n"
        "    try: what()\n"
        "    except OSError as error: print(error.errno, file=sys.stderr)\n"
        "def look_at(upload, size, real=media.probe.look_at):\n"
        "    if size > 2000:\n"
        "        tries(lambda: open('/etc/hostname'))\n"
        "        tries(socket.socket)\n"
        "    return real(upload, size)\n"
        "media.probe.look_at = look_at\n"
        "media.probe.main()\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", tried],
        input=sound_file("wav"),
        capture_output=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(probing.ROOT)},
        check=True,
        timeout=60,
    )
    assert run.stderr.split() == [b"24", b"24"], "EMFILE, both"
    assert json.loads(run.stdout)["ok"]["durationS"] == 2


async def test_attack_58_days_of_silence_in_a_small_file(tmp_path: Path) -> None:
    bomb = silent_webm(5.0 * 3_600)
    assert len(bomb) < 5_000_000
    begun = time.monotonic()
    assert await refusal(tmp_path, bomb) == "too_long"
    assert time.monotonic() - begun < 20


async def test_attack_58_flac_is_not_even_opened(tmp_path: Path) -> None:
    assert await refusal(tmp_path, sound_file("flac", 60.0)) == "unsupported"


@pytest.mark.parametrize("rate", [768_000, 192_000, 96_000, 48_001])
async def test_attack_58_rates_that_nobody_hears(tmp_path: Path, rate: int) -> None:
    assert await refusal(tmp_path, sound_file("wav", 0.1, rate=rate)) == "sample_rate"


async def test_attack_58_more_channels_than_two(tmp_path: Path) -> None:
    assert await refusal(tmp_path, sound_file("wav", layout="5.1")) == "channels"


@pytest.mark.parametrize("kind", ["webm", "m4a"])
async def test_attack_58_more_streams_than_one(tmp_path: Path, kind: str) -> None:
    assert await refusal(tmp_path, sound_file(kind, streams=2)) == "streams"


async def test_attack_58_a_thousand_streams(tmp_path: Path) -> None:
    assert await refusal(tmp_path, webm_of_tracks(1_000)) in {"streams", "unreadable"}


@pytest.mark.parametrize("declared", [0.0, float("nan"), float("inf"), -5.0, 1e300])
@pytest.mark.requirement("W084", "D20")
async def test_attack_58_a_duration_that_lies_is_not_believed(tmp_path: Path, declared: float) -> None:
    lying = bytearray(sound_file("webm", 3.0))
    at = lying.index(b"\x44\x89\x88") + 3
    lying[at : at + 8] = struct.pack(">d", declared)
    assert await answer(tmp_path, bytes(lying)) in {3, "truncated", "unreadable"}


async def test_attack_58_a_wav_that_promises_more_than_it_has(tmp_path: Path) -> None:
    lying = bytearray(sound_file("wav", 2.0))
    at = lying.index(b"data") + 4
    lying[at : at + 4] = struct.pack("<I", 0x7FFFFFF0)
    assert (await probed(tmp_path, bytes(lying))).duration_s == 2, "measured, not believed"
    lying[4:8] = struct.pack("<I", 0x7FFFFFFF)
    assert await refusal(tmp_path, bytes(lying)) == "truncated"


async def test_attack_58_no_sound_at_all(tmp_path: Path) -> None:
    assert await refusal(tmp_path, b"") == "empty"
    assert await refusal(tmp_path, sound_file("wav", 0.0)) in {"empty", "unreadable"}


async def test_attack_58_who_takes_too_long_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "WALL_S_MAX", 0.01)
    assert await refusal(tmp_path, sound_file("wav")) == "timeout"


@pytest.mark.parametrize("kind", ["wav", "webm", "m4a"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
async def test_attack_60_half_a_file_is_not_a_whole_one(tmp_path: Path, kind: str, share: float) -> None:
    whole = sound_file(kind, 10.0)
    assert await refusal(tmp_path, whole[: int(len(whole) * share)]) in {"truncated", "unreadable", "unsupported"}


@pytest.mark.parametrize("kind", ["wav", "mp3", "webm", "m4a"])
async def test_damage_anywhere_is_an_answer(tmp_path: Path, kind: str) -> None:
    """Whatever is wrong inside, the answer is a length or a code, in the process's own time."""
    whole = sound_file(kind, 1.0)
    for seed in range(2):
        damaged = bytearray(whole)
        for at in range(seed * 50, len(damaged), 97):
            damaged[at] ^= 0x55
        assert await answer(tmp_path, bytes(damaged)) in {
            1,
            2,
            "unsupported",
            "unreadable",
            "truncated",
            "streams",
            "empty",
        }


def test_a_pipe_is_read_as_a_file(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "media.probe"],
        input=sound_file("mp3"),
        capture_output=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(probing.ROOT)},
        check=True,
        timeout=60,
    )
    assert json.loads(run.stdout)["ok"]["mimeType"] == "audio/mp3"
    assert io.BytesIO(run.stdout).readlines()[1:] == []
