"""Journey: three people in one room, each in a browser of their own. Mara and Ana speak different natural sentences, Otto listens.

Everybody hears the others and not themselves: what each page received is taken out of it and written down by the engine that writes
down recordings. What was said is recorded, and read again in the replay. Then all that can be done to a voice: mute, push to talk, a
moderator's mute, a server that is killed.
"""

import asyncio
import time
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from media.speech import Pcm
from media.transcriber import FasterWhisper
from tests.browser.hearing import ENDS_S, SILENT, Listener, listener, write_microphone
from tests.browser.workshop import Demo, Person, enter_demo, person
from tests.media.speech import spoken, word_error_rate

SENTENCES = 4
BEFORE_S = 4.0  # the file begins when the microphone is switched on, and the way to the room has to be there by then
WITHIN_S = 10.0
"""Two seconds are asked for; five times as much where everything runs on one small machine."""

PAUSE_MAX_S = 1.5  # between two sentences of somebody; then they are done
SAID_WITHIN_S = 90.0
BACK_WITHIN_S = 30.0
WRITTEN_WITHIN_S = 120.0
HEARD_WRONG_MAX = 0.3
"""Words of what was heard live, through two lossy encoders, beside three browsers on a small machine."""

RECORDED_WRONG_MAX = 0.1


pytestmark = pytest.mark.timeout(300)
Told = list[tuple[str, str]]
"""(who, what), sentence by sentence"""


@pytest.fixture
def works() -> bool:
    return True


@pytest.fixture
def voices(tmp_path: Path) -> dict[str, Path]:
    return {
        name: write_microphone(tmp_path / f"{name}.wav", name, before_s=BEFORE_S, sentences=SENTENCES)
        for name in ("mara", "ana")
    }


async def test_all_hear_each_other_and_not_themselves(demo: Demo, voices: dict[str, Path]) -> None:
    """And the recording tells who said what."""
    async with (
        listener("Mara", voices["mara"], once=True) as mara,
        listener("Ana", voices["ana"], once=True) as ana,
        listener("Otto") as otto,
    ):
        everybody = (mara, ana, otto)
        await come_in(demo, *everybody)
        await recorded(mara, ana)
        heard = [await heard_while_speaking(each, everybody) for each in (mara, ana)]
        for each in everybody:
            print(f"{each.name}: {', '.join(await each.news())}")
        await end(mara)
        for speaker, received in zip((mara, ana), heard, strict=True):
            await heard_by_all_but_themselves(speaker, received)
        told = await read_in_the_replay(mara)
        written_as_said(told, (mara, ana))
        assert [fault for each in everybody for fault in each.faults] == []
    assert "Traceback" not in demo.words_logged


async def test_a_voice_is_muted_by_oneself_and_by_a_moderator(
    browser: Browser, demo: Demo, voices: dict[str, Path]
) -> None:
    async with listener("Ana", voices["ana"]) as ana, listener("Otto") as otto, person(browser, "Mara") as mara:
        await come_in(demo, ana, otto)
        await enter_demo(demo, mara)
        await expect(otto.voice).to_contain_text("May not speak")
        await otto.check_accessible("the room of somebody who listens")
        await switched_on(ana)
        await mute_and_push_to_talk(ana, otto)
        await muted_by_a_moderator(mara, ana, otto)
        await otto.check_accessible("the room while Ana speaks")
        assert [*mara.faults, *ana.faults, *otto.faults] == []


async def test_the_sound_comes_back_with_the_server(demo: Demo, voices: dict[str, Path]) -> None:
    """Everybody offers again by themselves, and goes on as they were."""
    async with listener("Ana", voices["ana"]) as ana, listener("Otto") as otto:
        await come_in(demo, ana, otto)
        await switched_on(ana)
        await hears(otto)
        before = len(await ana.connected(1, WITHIN_S))
        demo.kill()
        demo.start()
        await demo.ready()
        began = time.monotonic()
        await ana.connected(before + 1, BACK_WITHIN_S)
        print(f"the sound is back {time.monotonic() - began:.2f} s after the server")
        await expect(ana.voice).to_contain_text("You are heard")
        await eventually(otto, quiet=False, within_s=BACK_WITHIN_S)


async def come_in(demo: Demo, *everybody: Listener) -> None:
    """Listening begins by itself, and nobody is asked for anything."""
    for each in everybody:
        await enter_demo(demo, each)
        await expect(each.voice).to_contain_text("Listening only", timeout=WITHIN_S * 1000)
    took_ms = [(await each.connected(1, WITHIN_S))[0] for each in everybody]
    print(f"\nlistening after {', '.join(f'{each:.0f} ms' for each in took_ms)}")
    assert max(took_ms) < WITHIN_S * 1000


async def switched_on(who: Listener) -> None:
    """The microphone, with one key."""
    await who.page.keyboard.press("m")
    await expect(who.voice).to_contain_text("You are heard", timeout=WITHIN_S * 1000)
    print(f"{who.name} can be heard after {(await who.connected(2, WITHIN_S))[1]:.0f} ms")


async def recorded(staff: Listener, other: Listener) -> None:
    """Staff begin it in the page; both agree."""
    await staff.session_menu("Start recording")
    for each in (staff, other):
        await each.press("Record my voice")
        await expect(each.button("Record my voice")).to_have_count(0)


async def heard_while_speaking(speaker: Listener, everybody: tuple[Listener, ...]) -> dict[str, Pcm]:
    """By name, what each page received while somebody said all of their sentences once."""
    others = [each for each in everybody if each is not speaker]
    for each in others:
        await each.begin_to_listen()
    await switched_on(speaker)
    await speaker.begin_to_listen()
    for each in others:
        await expect(each.mark_of(speaker.name)).to_contain_text("speaks", timeout=(BEFORE_S + WITHIN_S) * 1_000)
    await said_everything(speaker, others)
    heard = {each.name: await each.heard() for each in everybody}
    await speaker.page.keyboard.press("m")
    await expect(speaker.voice).to_contain_text("Muted")
    return heard


async def said_everything(speaker: Listener, others: list[Listener]) -> None:
    """By the microphone's clock and the listeners' own: on a busy machine all of them are slower than ours."""
    deadline = time.monotonic() + SAID_WITHIN_S
    while await speaker.captured_s() < BEFORE_S + spoken(speaker.name.lower())[SENTENCES - 1][2] + ENDS_S:
        assert time.monotonic() < deadline, f"{speaker.name} does not come to an end"
        await asyncio.sleep(0.2)
    await asyncio.gather(*(each.has_heard_out(PAUSE_MAX_S, SAID_WITHIN_S) for each in others))


async def heard_by_all_but_themselves(speaker: Listener, received: dict[str, Pcm]) -> None:
    engine = await asyncio.to_thread(FasterWhisper)
    assert abs(received.pop(speaker.name)).max() < SILENT * 32_768, f"{speaker.name} hears themselves"
    for name, pcm in received.items():
        told = await asyncio.to_thread(engine.transcribe, pcm, "en")
        text = " ".join(each.text for each in told.segments)
        wrong = word_error_rate(said_by(speaker), text)
        print(f"{name} heard {speaker.name} with {wrong:.1%} of the words wrong")
        assert wrong <= HEARD_WRONG_MAX, text


async def end(staff: Listener) -> None:
    await staff.session_menu("End for everybody")
    await staff.press("End for everybody", staff.page.get_by_role("alertdialog"))
    await staff.sees("people took part", within_s=20)


async def read_in_the_replay(who: Listener) -> Told:
    """Once it is written, the page shows it by itself."""
    began = time.monotonic()
    await who.page.get_by_role("link", name="Replay the session").click()
    await expect(who.page.get_by_role("slider", name="Position")).to_be_visible(timeout=20_000)
    await expect(who.page.locator(".said-words").first).to_be_visible(timeout=WRITTEN_WITHIN_S * 1_000)
    await expect(who.page.get_by_text("The transcript is being written")).to_have_count(
        0, timeout=WRITTEN_WITHIN_S * 1_000
    )
    print(f"the transcript is there {time.monotonic() - began:.1f} s later")
    lines: list[list[str | None]] = await who.page.locator(".said").evaluate_all(
        """(lines) => lines.map((line) =>
             [line.querySelector(".said-name")?.textContent ?? null, line.querySelector(".said-words").textContent])"""
    )
    told: Told = []
    for name, words in lines:
        told.append((name or told[-1][0], str(words)))
    return told


def written_as_said(told: Told, speakers: tuple[Listener, ...]) -> None:
    """Nearly every word, and every sentence under the name of who said it."""
    expected = " ".join(said_by(each) for each in speakers)
    wrong = word_error_rate(expected, " ".join(words for _name, words in told))
    print(f"the recording's transcript has {wrong:.1%} of {len(expected.split())} words wrong in {len(told)} sentences")
    print(*told, sep="\n")
    assert wrong <= RECORDED_WRONG_MAX
    for name, words in told:
        assert name == nearest(words, speakers), f"{name} did not say: {words}"


def said_by(speaker: Listener) -> str:
    return " ".join(text for text, _start, _end in spoken(speaker.name.lower())[:SENTENCES])


def nearest(words: str, speakers: tuple[Listener, ...]) -> str:
    """Who said a sentence, or several that follow each other, that is most like this."""

    def distance(speaker: Listener) -> float:
        texts = [text for text, _start, _end in spoken(speaker.name.lower())[:SENTENCES]]
        runs = [" ".join(texts[first:last]) for first in range(len(texts)) for last in range(first + 1, len(texts) + 1)]
        return min(word_error_rate(run, words) for run in runs)

    return min(speakers, key=distance).name


async def falls_silent(who: Listener) -> None:
    await eventually(who, quiet=True)


async def hears(who: Listener) -> None:
    await eventually(who, quiet=False)


async def eventually(who: Listener, *, quiet: bool, within_s: float = 12.0) -> None:
    """A pause between two sentences is no silence: that takes two seconds."""
    deadline = time.monotonic() + within_s
    loudest = -1.0
    while time.monotonic() < deadline:
        loudest = await who.loudest(2.0)
        if (loudest < SILENT) is quiet:
            return
    pytest.fail(f"{who.name} hears {'something' if quiet else 'nothing'}: {loudest:.4f}")


async def mute_and_push_to_talk(ana: Listener, otto: Listener) -> None:
    await hears(otto)
    await ana.page.keyboard.press("m")
    await expect(ana.voice).to_contain_text("Muted")
    await falls_silent(otto)
    await expect(otto.mark_of("Ana")).to_have_text("muted")
    await ana.sees("You are muted. Press M to be heard.")
    await ana.page.keyboard.down(" ")
    await expect(ana.voice).to_contain_text("You are heard")
    await hears(otto)
    await ana.page.keyboard.up(" ")
    await expect(ana.voice).to_contain_text("Muted")
    await falls_silent(otto)
    await ana.press("Sound settings")
    await ana.sees("Your microphone works. It hears you.")
    await ana.check_accessible("the settings of the sound")
    await ana.page.keyboard.press("Escape")
    await ana.page.keyboard.press("m")
    await expect(ana.voice).to_contain_text("You are heard")
    await hears(otto)


async def muted_by_a_moderator(mara: Person, ana: Listener, otto: Listener) -> None:
    await mara.press("What to do with Ana")
    await mara.pick("Mute")
    await expect(ana.voice).to_contain_text("Muted")
    await ana.sees("Mara muted you. You can unmute yourself.")
    await falls_silent(otto)
    await ana.page.keyboard.press("m")
    await hears(otto)
    await mara.press("What to do with Ana")
    await mara.pick("Rights and role")
    await mara.page.get_by_role("dialog").get_by_text("may speak").click()
    await mara.page.keyboard.press("Escape")
    await expect(ana.voice).to_contain_text("May not speak")
    await falls_silent(otto)
    await mara.press("What to do with Ana")
    await mara.pick("Rights and role")
    await mara.page.get_by_role("dialog").get_by_text("may speak").click()
    await mara.page.keyboard.press("Escape")
    await expect(ana.voice).to_contain_text("You are heard")
    await hears(otto)
