"""Journey: three people in one room, each in a browser of their own. Mara and Ana speak different natural sentences, Otto listens.

Everybody hears the others and not themselves: what each page received is taken out of it and written down by the engine that writes
down recordings. Then all that can be done to a voice: mute, push to talk, a moderator's mute, a server that is killed.
"""

import asyncio
import time
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from media.speech import Pcm
from media.transcriber import FasterWhisper
from tests.browser.hearing import SILENT, Listener, listener, write_microphone
from tests.browser.workshop import Demo, Person, enter_demo, person
from tests.media.speech import spoken, word_error_rate, words_of

BEFORE_S = 3.0  # the file begins when the microphone is switched on, and the way to the room has to be there by then
WITHIN_S = 10.0
"""Two seconds are asked for; five times as much where everything runs on one small machine."""

BACK_WITHIN_S = 30.0
ROUNDS_MAX = 3
WORDS_WRONG_MAX = 0.2
"""Of what was heard live, through two lossy encoders; a recording is measured elsewhere, and more strictly."""


pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def voices(tmp_path: Path) -> dict[str, Path]:
    return {name: write_microphone(tmp_path / f"{name}.wav", name, before_s=BEFORE_S) for name in ("mara", "ana")}


async def test_all_hear_each_other_and_not_themselves(demo: Demo, voices: dict[str, Path]) -> None:
    async with (
        listener("Mara", voices["mara"]) as mara,
        listener("Ana", voices["ana"]) as ana,
        listener("Otto") as otto,
    ):
        everybody = (mara, ana, otto)
        await come_in(demo, *everybody)
        await switched_on(mara)
        await heard_by_all_but_themselves(mara, everybody)
        await mara.page.keyboard.press("m")
        await expect(mara.voice).to_contain_text("Muted")
        await switched_on(ana)
        await heard_by_all_but_themselves(ana, everybody)
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


async def heard_by_all_but_themselves(speaker: Listener, everybody: tuple[Listener, ...]) -> None:
    """Sound is lost where the machine has too much to do for it: then it is listened to again."""
    engine = await asyncio.to_thread(FasterWhisper)
    name = speaker.name.lower()
    others = [each for each in everybody if each is not speaker]
    unheard = {each.name: 1.0 for each in others}
    for _round in range(ROUNDS_MAX):
        heard = await listen_once(name, speaker, others)
        assert abs(heard.pop(speaker.name)).max() < SILENT * 32_768, f"{speaker.name} hears themselves"
        for listening, pcm in heard.items():
            told = await asyncio.to_thread(engine.transcribe, pcm, "en")
            wrong = words_wrong(name, " ".join(each.text for each in told.segments))
            print(f"{listening} heard {speaker.name} with {wrong:.1%} of the words wrong")
            unheard[listening] = min(wrong, unheard[listening])
        if max(unheard.values()) <= WORDS_WRONG_MAX:
            return
    pytest.fail(f"{speaker.name} was not understood: {unheard}")


async def listen_once(name: str, speaker: Listener, others: list[Listener]) -> dict[str, Pcm]:
    """What all pages received while every sentence was said at least once."""
    for each in (speaker, *others):
        await each.begin_to_listen()
    for each in others:
        await expect(each.mark_of(speaker.name)).to_contain_text("speaks", timeout=10_000)
    sentences = spoken(name)
    await asyncio.sleep(BEFORE_S + sentences[-1][2] + max(end - start for _text, start, end in sentences))
    return {each.name: await each.heard() for each in (speaker, *others)}


def words_wrong(name: str, heard: str) -> float:
    """Of all the words of the sentences, wherever each of them was heard best: the microphone begins again and again."""
    words = words_of(heard)
    wrong = 0.0
    for text, _start, _end in spoken(name):
        length = len(words_of(text))
        windows = [words[at : at + length] for at in range(max(1, len(words) - length + 1))]
        wrong += length * min(word_error_rate(text, " ".join(window)) for window in windows)
    return wrong / sum(len(words_of(text)) for text, _start, _end in spoken(name))


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
