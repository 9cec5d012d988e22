"""Writing down what is said: where somebody speaks, the engine itself on natural speech, an endpoint over HTTP, and the process
that does it. What comes back is untrusted (attack 59).
"""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from time import monotonic

import numpy as np
import pytest

from media import transcriber as transcribers
from media.scribe import Scribe, decoded
from media.speech import RATE_HZ, WINDOW_S, Pcm, regions, windows
from media.transcriber import (
    FasterWhisper,
    Heard,
    OpenAiHttp,
    Segment,
    TranscriberFailed,
    Word,
    clean,
    installed,
    iso_language,
    transcribe_track,
    transcriber_of,
)
from tests.conftest import find_free_port
from tests.media.endpoint import endpoint
from tests.media.speech import FOLDER, as_webm, placed, sentence, spoken, voice, word_error_rate

NEAR_S = 0.5  # how far a time may be from the truth


@pytest.fixture(scope="module")
def whisper() -> FasterWhisper:
    return FasterWhisper()


class TestWhereSomebodySpeaks:
    def test_silence_and_hum_are_no_speech(self) -> None:
        assert regions(np.zeros(RATE_HZ * 60, np.int16)) == []
        hum = (300 * np.sin(np.arange(RATE_HZ * 10) * 2 * np.pi * 50 / RATE_HZ)).astype(np.int16)
        assert regions(hum) == []
        assert list(windows([])) == []

    def test_sentences_are_found_where_they_are(self) -> None:
        track = placed(400, [(12.0, sentence("mara", 0)), (200.0, sentence("mara", 1)), (390.0, sentence("mara", 2))])
        found = regions(track)
        assert len(found) == 3
        for region, at in zip(found, (12.0, 200.0, 390.0), strict=True):
            assert abs(region.start / RATE_HZ - at) < NEAR_S

    def test_noise_of_a_room_is_no_speech(self) -> None:
        noise = np.random.default_rng(7).normal(0, 60, RATE_HZ * 30)
        track = (placed(30, [(10.0, sentence("ana", 0))]) + noise).astype(np.int16)
        [found] = regions(track)
        assert abs(found.start / RATE_HZ - 10.0) < NEAR_S
        assert found.stop - found.start < RATE_HZ * 4

    @pytest.mark.parametrize("block_s", [0.02, 1.0, 299.9, 1_000.0])
    def test_windows_do_not_depend_on_how_the_track_comes(self, block_s: float) -> None:
        pieces = [
            (at, sentence("ben", number % 3)) for number, at in enumerate([1.0, 150.0, 297.0, 302.0, 590.0, 899.0])
        ]
        track = placed(905, pieces)
        step = int(block_s * RATE_HZ)
        found = list(windows(track[start : start + step] for start in range(0, len(track), step)))
        starts = [region.start / RATE_HZ for window in found for _, region in window.placed]
        assert [round(start) for start in starts] == pytest.approx([1, 150, 297, 302, 590, 899], abs=1)
        assert all(len(window.pcm) <= WINDOW_S * RATE_HZ for window in found)
        for window in found:
            for offset, region in window.placed:
                length = region.stop - region.start
                assert (window.pcm[offset : offset + length] == track[region.start : region.stop]).all()

    def test_who_never_pauses_is_cut_into_windows_and_nothing_is_lost(self) -> None:
        track = np.tile(voice("mara"), 8)
        track = np.where(np.abs(track) < 700, 700, track).astype(np.int16)
        found = list(windows([track]))
        assert len(found) >= 5
        assert sum(region.stop - region.start for window in found for _, region in window.placed) == len(track)

    def test_a_time_in_a_window_leads_back(self) -> None:
        track = placed(100, [(5.0, sentence("ana", 0)), (80.0, sentence("ana", 1))])
        [window] = windows([track])
        (first_at, first), (second_at, second) = window.placed
        assert window.back(1.0, window.region_at(1.0)) == pytest.approx(first.start / RATE_HZ + 1.0, abs=0.01)
        inside = second_at / RATE_HZ + 1.5
        assert window.back(inside, window.region_at(inside)) == pytest.approx(second.start / RATE_HZ + 1.5, abs=0.01)
        assert window.back(99.0, (second_at, second)) == second.stop / RATE_HZ, "never outside of its region"
        assert first_at == 0


class TestFasterWhisper:
    def test_natural_speech_is_understood_and_stands_where_it_was_said(self, whisper: FasterWhisper) -> None:
        places = {("mara", 0): 4.0, ("mara", 3): 61.0, ("mara", 4): 65.5, ("mara", 1): 310.0}
        track = placed(320, [(at, sentence(*which)) for which, at in places.items()])
        segments = [each for _upto, heard in transcribe_track(whisper, [track]) for each in heard.segments]
        truth = " ".join(spoken(name)[number][0] for name, number in places)
        assert word_error_rate(truth, " ".join(each.text for each in segments)) <= 0.1
        assert len(segments) == 4, [each.text for each in segments]
        for segment, ((name, number), at) in zip(segments, places.items(), strict=True):
            _text, start, end = spoken(name)[number]
            assert abs(segment.start - at) < NEAR_S
            assert abs(segment.end - (at + end - start)) < NEAR_S
            assert 0 < segment.confidence <= 1
            assert all(segment.start <= word.start <= word.end <= segment.end for word in segment.words)
            assert " ".join(word.word for word in segment.words) == segment.text

    def test_silence_and_noise_say_nothing(self, whisper: FasterWhisper) -> None:
        noise = np.random.default_rng(3).normal(0, 900, RATE_HZ * 20).astype(np.int16)
        assert not list(transcribe_track(whisper, [np.zeros(RATE_HZ * 20, np.int16)]))
        assert not [each for _upto, heard in transcribe_track(whisper, [noise]) for each in heard.segments]

    def test_a_model_that_was_changed_is_not_loaded(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        model = transcribers._installed_model()
        for each in model.iterdir():
            (tmp_path / each.name).symlink_to(each)
        (tmp_path / "model.bin").unlink()
        (tmp_path / "model.bin").write_bytes((model / "model.bin").read_bytes() + b"\0")
        monkeypatch.setattr(transcribers, "_installed_model", lambda: tmp_path)
        with pytest.raises(TranscriberFailed, match="model_damaged"):
            FasterWhisper()

    def test_a_model_of_ones_own_is_held_to_its_note(self, tmp_path: Path) -> None:
        with pytest.raises(TranscriberFailed, match="model_missing"):
            FasterWhisper(tmp_path)
        for each in transcribers._installed_model().iterdir():
            (tmp_path / each.name).symlink_to(each)
        (tmp_path / "model.bin.sha256").write_text("0" * 64 + "  model.bin\n")
        with pytest.raises(TranscriberFailed, match="model_damaged"):
            transcriber_of(f"faster-whisper:{tmp_path}")
        (tmp_path / "model.bin.sha256").write_text(f"{transcribers.MODEL_SHA256}  model.bin\n")
        assert transcriber_of(f"faster-whisper:{tmp_path}").model == f"whisper {tmp_path.name}"[:50]

    def test_it_is_the_default_where_it_is_installed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert installed() == "faster-whisper"
        monkeypatch.setattr(transcribers, "MODEL_PACKAGE", "no_such_package_here")
        assert installed() == "none"


class TestWhatComesBackIsUntrusted:
    def test_attack_59_control_characters_and_turned_writing_go(self) -> None:
        assert clean(" a\x00b\x1b[31m\r\n\tc\u202e d\u2066\u200b\ufeffe ") == "ab[31m c de"
        assert clean("सम्\u200dमान") == "सम्\u200dमान", "invisible, but how it is written"
        assert len(clean("x" * 10_000_000)) == transcribers.TEXT_CHARACTERS_MAX
        assert clean("<script>alert(1)</script>") == "<script>alert(1)</script>", "text, shown as text"

    def test_attack_59_numbers_are_bounded(self) -> None:
        told = {"start": float("nan"), "end": -5, "text": "Yes.", "avg_logprob": float("inf")}
        words = [{"word": "Yes.", "start": 1e300, "end": None, "probability": 7}]
        segment = transcribers._segment(told, 20.0, words)
        assert segment == Segment(0.0, 0.0, "Yes.", 0.61, (Word("Yes.", 20.0, 20.0, 1.0),))
        assert transcribers._segment({"text": " ... "}, 20.0, []) is None

    @pytest.mark.parametrize(
        ("given", "code"),
        [
            ("english", "en"),
            ("jw", "jv"),
            ("pt-BR", "pt-BR"),
            ("de", "de"),
            ("'; DROP", "und"),
            (None, "und"),
            ("e", "und"),
        ],
    )
    def test_a_language_is_a_code(self, given: object, code: str) -> None:
        assert iso_language(given) == code

    def test_attack_59_a_flood_of_sentences_is_cut(self) -> None:
        class Babbling:
            model = "babble"

            def transcribe(self, pcm: Pcm, language: str | None) -> Heard:
                return Heard("en", tuple(Segment(0.0, 1.0, "Again.", 1.0) for _ in range(100_000)))

        [(_upto, heard)] = transcribe_track(Babbling(), [sentence("mara", 0)])
        assert len(heard.segments) == transcribers.SENTENCES_PER_WINDOW_MAX


# -- over HTTP --------------------------------------------------------------------------------------------------------------


TOLD = {
    "language": "english",
    "duration": 3.0,
    "text": "Good morning. Everybody.",
    "segments": [
        {"start": 0.0, "end": 1.2, "text": " Good morning.", "avg_logprob": -0.1},
        {"start": 1.2, "end": 3.0, "text": " Everybody.", "avg_logprob": -0.3},
    ],
    "words": [
        {"word": "Good", "start": 0.1, "end": 0.4},
        {"word": "morning.", "start": 0.4, "end": 1.1},
        {"word": "Everybody.", "start": 1.3, "end": 2.0},
    ],
}


class TestOverHttp:
    def test_an_endpoint_is_asked_as_openai_says(self) -> None:
        with endpoint(TOLD) as (url, heard):
            transcriber = OpenAiHttp(f"{url}/v1#large", "s3cret")
            found = transcriber.transcribe(sentence("mara", 0), "en")
        [(path, headers, body)] = heard
        assert (path, headers["Authorization"]) == ("/v1/audio/transcriptions", "Bearer s3cret")
        assert headers["Content-Type"].startswith("multipart/form-data; boundary=")
        for part in (
            b'"model"\r\n\r\nlarge\r\n',
            b"verbose_json",
            b"\r\n\r\nword\r\n",
            b'"language"\r\n\r\nen\r\n',
            b"RIFF",
        ):
            assert part in body
        assert found.language == "en"
        assert [(each.text, len(each.words)) for each in found.segments] == [("Good morning.", 2), ("Everybody.", 1)]

    def test_times_lead_back_to_the_track(self) -> None:
        with endpoint(TOLD) as (url, _heard):
            found = list(transcribe_track(OpenAiHttp(url), [placed(100, [(50.0, sentence("mara", 0))])]))
        [(_upto, told)] = found
        assert [each.text for each in told.segments] == ["Good morning.", "Everybody."]
        assert 49.5 < told.segments[0].start < told.segments[1].start < 53.0

    def test_text_alone_is_enough(self) -> None:
        with endpoint({"text": "Good morning."}) as (url, _heard):
            found = OpenAiHttp(url).transcribe(sentence("mara", 0), None)
        assert [(each.text, each.words) for each in found.segments] == [("Good morning.", ())]
        assert found.language == "und"

    @pytest.mark.parametrize("answer", [b"<html>", b"[]", b'"text"', b"\xff", b"{}" + b" " * 6_000_000])
    def test_attack_59_what_is_no_answer_is_refused(self, answer: bytes) -> None:
        with endpoint(answer) as (url, _heard), pytest.raises(TranscriberFailed, match="refused"):
            OpenAiHttp(url).transcribe(sentence("mara", 0), None)

    def test_attack_59_strange_shapes_are_nothing(self) -> None:
        strange = {"segments": [None, 7, {"text": None}, {"words": "x", "text": "\x07"}], "words": {"a": 1}, "text": ""}
        with endpoint(strange) as (url, _heard):
            assert OpenAiHttp(url).transcribe(sentence("mara", 0), None).segments == ()

    def test_an_endpoint_that_refuses_redirects_or_is_away_is_a_failure_without_its_words(self) -> None:
        with (
            endpoint(TOLD) as (elsewhere, heard),
            endpoint(b"", 307, Location=f"{elsewhere}/v1/audio/transcriptions") as (url, _heard),
        ):
            with pytest.raises(TranscriberFailed, match="refused"):
                OpenAiHttp(url).transcribe(sentence("mara", 0), None)
            assert heard == [], "the voice goes where the operator said"
        with endpoint({"error": "secret words"}, 401) as (url, _heard), pytest.raises(TranscriberFailed) as failed:
            OpenAiHttp(url).transcribe(sentence("mara", 0), None)
        assert failed.value.code == "refused"
        with pytest.raises(TranscriberFailed, match="unreachable"):
            OpenAiHttp(f"http://127.0.0.1:{find_free_port()}").transcribe(sentence("mara", 0), None)


# -- the process that does it -----------------------------------------------------------------------------------------------


@pytest.fixture
async def scribe() -> AsyncIterator[Scribe]:
    scribe = Scribe("faster-whisper")
    yield scribe
    await scribe.close()


class TestScribe:
    async def test_a_recording_is_written_down_while_the_loop_goes_on(self, scribe: Scribe) -> None:
        track = placed(70, [(3.0, sentence("ana", 3)), (60.0, sentence("ana", 0))])
        late, heard, started = 0.0, list[float](), monotonic()
        task = asyncio.create_task(scribe.write_down(as_webm(track), "audio/webm", upto=heard.append))
        while not task.done():
            began = monotonic()
            await asyncio.sleep(0.02)
            late = max(late, monotonic() - began - 0.02)
        written = await task
        assert late < (monotonic() - started) / 4, "the loop was held up"
        truth = f"{spoken('ana')[3][0]} {spoken('ana')[0][0]}"
        assert word_error_rate(truth, " ".join(each.text for each in written.segments)) <= 0.1
        assert abs(written.segments[-1].start - 60.0) < NEAR_S
        assert (written.language, written.model) == ("en", "whisper-tiny.en")
        assert heard
        assert heard[-1] > 60

    async def test_it_stays_warm_and_is_nobodys_equal(self, scribe: Scribe) -> None:
        await scribe.write_down(as_webm(sentence("ben", 0)), "audio/webm")
        assert scribe._child is not None
        pid = scribe._child.pid
        assert os.getpriority(os.PRIO_PROCESS, pid) >= 15
        await scribe.write_down(as_webm(np.zeros(RATE_HZ, np.int16)), "audio/webm")
        assert scribe._child.pid == pid

    async def test_it_goes_when_there_is_nothing_to_do(self) -> None:
        scribe = Scribe("faster-whisper", warm_s=0.05)
        await scribe.write_down(as_webm(np.zeros(RATE_HZ, np.int16)), "audio/webm")
        assert scribe._child is not None
        assert await asyncio.wait_for(scribe._child.wait(), 10) == 0
        assert not (await scribe.write_down(as_webm(np.zeros(RATE_HZ, np.int16)), "audio/webm")).segments, (
            "and comes back"
        )
        await scribe.close()

    async def test_a_child_that_dies_is_a_failure_and_the_next_track_has_another(self, scribe: Scribe) -> None:
        task = asyncio.create_task(scribe.write_down(as_webm(np.tile(voice("mara"), 20)), "audio/webm"))
        await asyncio.sleep(0.7)
        assert scribe._child is not None
        scribe._child.kill()
        with pytest.raises(TranscriberFailed, match="died"):
            await task
        written = await scribe.write_down(as_webm(sentence("ben", 2)), "audio/webm")
        assert word_error_rate(spoken("ben")[2][0], written.segments[0].text) <= 0.2

    @pytest.mark.parametrize("sound", [b"", b"no sound at all" * 100, b"\x1aE\xdf\xa3" + bytes(500)])
    async def test_what_cannot_be_decoded_is_a_failure(self, scribe: Scribe, sound: bytes) -> None:
        with pytest.raises(TranscriberFailed, match="undecodable"):
            await scribe.write_down(sound, "audio/webm")

    async def test_attack_56_a_playlist_opens_nothing(self, scribe: Scribe, tmp_path: Path) -> None:
        (tmp_path / "other.wav").write_bytes((FOLDER / "ben.ogg").read_bytes())
        playlist = f"ffconcat version 1.0\nfile {tmp_path}/other.wav\n".encode()
        for mime_type in ("audio/webm", "audio/wav", "audio/mp3", "audio/m4a"):
            with pytest.raises(TranscriberFailed, match="undecodable"):
                await scribe.write_down(playlist, mime_type)

    async def test_a_model_that_is_missing_is_said_so(self, tmp_path: Path) -> None:
        scribe = Scribe(f"faster-whisper:{tmp_path}")
        with pytest.raises(TranscriberFailed, match="model_missing"):
            await scribe.write_down(as_webm(sentence("ben", 0)), "audio/webm")
        await scribe.close()

    async def test_an_endpoint_is_asked_from_there_too(self) -> None:
        with endpoint(TOLD) as (url, heard):
            scribe = Scribe(url, "s3cret")
            written = await scribe.write_down(as_webm(sentence("mara", 0)), "audio/webm")
            await scribe.close()
        assert [each.text for each in written.segments] == ["Good morning.", "Everybody."]
        assert heard[0][1]["Authorization"] == "Bearer s3cret"


def test_a_gap_in_a_track_is_silence_of_the_same_length() -> None:
    speech = voice("mara")
    assert len(np.concatenate([*decoded(as_webm(speech), "matroska")])) == pytest.approx(len(speech), abs=RATE_HZ // 10)
