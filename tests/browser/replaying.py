"""A workshop played by the rules on a clock of their own, faster than real time, and what a server would answer about it to one
reader: its pages of events, its views, its recording and its transcript. The sound is that of tests/speech, as one WebM file.

Everything about the session comes from the rules themselves (`visible`, `view`, `standing_at`); the shapes of recordings and
transcripts are those of docs/protocol.md's REST surface.
"""

import asyncio
import base64
import json
import time
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from playwright.async_api import Locator, Page, Route

from live.frames import event_item
from rooms.ids import UserId
from rooms.lifecycle import SessionFeature
from rooms.room import STATE, RoomState, apply
from rooms.standings import standing_at
from rooms.visibility import view, visible
from tests.browser.workshop import Person
from tests.rooms.rehearsal import ANA, BEN, MARA, OTTO, SESSION, THEO, Rehearsal, person

Document = dict[str, Any]
SPEECH = Path(__file__).parents[1] / "speech"
CAST = {MARA: "Mara", THEO: "Theo", ANA: "Ana", BEN: "Ben", OTTO: "Otto"}
EXTRA = ("Cleo", "Dora", "Emil", "Fynn", "Gita", "Hugo", "Ida", "Jan", "Kim", "Lea", "Mio", "Nia", "Pia", "Quin", "Rae")
NAMES: dict[UserId, str] = {**CAST, **{person(name): name for name in EXTRA}}
FEATURES = ("poll", "qa", "chat", "whiteboard", "breakout", "recording")
RATE = 48_000
FRAME = RATE // 50
COLUMN = RATE // 10
"""Samples of one height of the waveform."""
WITHIN_MS = 15_000
POSITION = "Position"
LINES = (
    "Shall we start with the garden?",
    "I like the **second** sketch.",
    "Where does the water go?",
    "The corn stands too close to the wall.",
    "Could you draw that once more?",
)


# -- The workshop --


class Played(Rehearsal):
    """One workshop in which everything happens once."""

    def __init__(self, **given: Any) -> None:
        features = tuple(SessionFeature.model_validate({"type": each}) for each in FEATURES)
        super().__init__(lobby=False, features=features, title="A garden on paper", **given)
        self.drawn = 0

    def begin(self, extra: tuple[str, ...] = ()) -> None:
        self.do(MARA, {"type": "session.start"})
        for user in (MARA, THEO, ANA, BEN):
            self.wait(1)
            self.join(user, {MARA: "instructor", THEO: "assistant"}.get(user, "participant"))  # type: ignore[arg-type]
        self.wait(2)
        self.do(MARA, {"type": "session.activate"})
        for name in extra:
            self.wait(0.2)
            self.join(person(name))

    def say(self, user: UserId, text: str, **more: Any) -> str:
        self.wait(1)
        return str(self.do(user, {"type": "chat.send", "text": text, **more})[0].event.message_id)  # type: ignore[attr-defined]

    def poll(self, question: str, options: list[str], *, seconds: float = 1) -> str:
        self.wait(seconds)
        made = self.do(
            MARA, {"type": "poll.create", "question": question, "kind": "single", "options": options, "results": "live"}
        )
        poll = str(made[0].event.poll_id)  # type: ignore[attr-defined]
        self.do(MARA, {"type": "poll.open", "pollId": poll})
        return poll

    def vote(self, user: UserId, poll: str, choice: int) -> None:
        self.wait(1)
        self.do(user, {"type": "poll.vote", "pollId": poll, "choices": [choice]})

    def draw(self, user: UserId, x: int, **more: Any) -> None:
        self.drawn += 1
        shape = {
            "type": "rectangle",
            "x": x,
            "y": 40 + 7 * (self.drawn % 30),
            "width": 120,
            "height": 60,
            "strokeColor": "#1e1e1e",
        }
        element = {
            "id": f"shape{self.drawn}",
            "version": 1,
            "versionNonce": self.drawn,
            "index": f"a{self.drawn:05}",
            **shape,
            **more,
        }
        self.do(user, {"type": "board.change", "boardId": "main", "elements": [element]})

    def write(self, user: UserId, text: str, x: int, y: int) -> None:
        self.draw(
            user,
            x,
            type="text",
            text=text,
            originalText=text,
            y=y,
            fontSize=28,
            fontFamily=5,
            width=15 * len(text),
            height=35,
        )


def short_workshop() -> Played:
    """About a minute in which everything is seen once."""
    played = Played()
    played.begin()
    played.say(MARA, "Welcome, all of you")
    message = played.say(ANA, LINES[0])
    played.do(BEN, {"type": "chat.react", "messageId": message, "emoji": "👍"})
    played.wait(2)
    played.do(MARA, {"type": "stage.show", "kind": "board", "target": "main"})
    played.write(MARA, "Ideas for a garden", 40, 0)
    for step in range(4):
        played.wait(1)
        played.draw(MARA, 40 + 140 * step)
    played.wait(1)
    played.do(BEN, {"type": "hand.raise", "toPoint": True})
    asked = played.do(BEN, {"type": "question.ask", "text": "How deep are the roots of corn?"})
    question = str(asked[0].event.question_id)  # type: ignore[attr-defined]
    played.wait(1)
    played.do(ANA, {"type": "question.upvote", "questionId": question})
    poll = played.poll("Which sketch is the best?", ["The first", "The second", "None"])
    played.vote(ANA, poll, 1)
    played.vote(BEN, poll, 1)
    played.vote(ANA, poll, 0)
    played.wait(3)
    played.do(MARA, {"type": "poll.close", "pollId": poll})
    played.do(MARA, {"type": "question.answer", "questionId": question, "state": "now"})
    played.do(MARA, {"type": "stage.show", "kind": "question", "target": question})
    played.wait(4)
    played.do(MARA, {"type": "question.answer", "questionId": question, "text": "As deep as it is tall."})
    made = played.do(
        MARA, {"type": "breakout.create", "rooms": [{"name": "Beans", "members": [ANA, BEN]}, {"name": "Corn"}]}
    )
    played.do(MARA, {"type": "breakout.open", "setId": made[0].event.set_id})  # type: ignore[attr-defined]
    played.wait(1)
    played.say(ANA, "Only we two are here")
    played.say(MARA, "Said while they were away")
    played.wait(2)
    played.do(MARA, {"type": "breakout.close", "seconds": 0})
    played.wait(1)
    played.say(BEN, "Back again")
    played.wait(6)
    played.do(MARA, {"type": "session.end"})
    return played


def long_workshop(events: int, minutes: float) -> Played:
    """Twenty people, as lively as that many events in that time are."""
    played, dice = Played(), Random(1)
    played.begin(EXTRA)
    people = [ANA, BEN, *map(person, EXTRA)]
    pause = minutes * 60 / events
    poll, voted = "", set[UserId]()
    while len(played.log) < events:
        played.wait(pause)
        user, n = dice.choice(people), len(played.log)
        if n % 300 < 3 and (poll == "" or len(voted) > 5):
            poll, voted = played.poll(f"Question {n // 300} of the day?", ["Yes", "No", "Both"], seconds=0), set()
        elif n % 5 == 0:
            played.draw(user if user == MARA else MARA, dice.randrange(3_000))
        elif n % 5 == 1 and poll:
            played.do(user, {"type": "poll.vote", "pollId": poll, "choices": [dice.randrange(3)]})
            voted.add(user)
        elif n % 25 == 2:
            played.do(user, {"type": "question.ask", "text": f"{dice.choice(LINES)} ({n})"})
        elif n % 25 == 7:
            raised = any(each.user == user for each in played.room.hands.raised) if played.room.hands else False
            played.do(user, {"type": "hand.lower" if raised else "hand.raise"})
        elif n % 100 == 12:
            played.do(MARA, {"type": "stage.show", "kind": "board", "target": "main"})
        if len(played.log) == n:  # nothing of that, or nothing that changed anything
            played.do(user, {"type": "chat.send", "text": f"{dice.choice(LINES)} {n}"})
    played.do(MARA, {"type": "session.end"})
    return played


# -- What one reader is answered --


class Answers:
    """As a server answers `user`. `users` puts other ids in the place of the rehearsal's."""

    def __init__(
        self, played: Played, user: UserId, sound: "Sound | None" = None, users: dict[UserId, str] | None = None
    ) -> None:
        self.played, self.user, self.sound, self.users = played, user, sound, users or {}
        room = played.room
        self.events = [
            event_item(shown)
            for each in played.log
            if (shown := visible(each, standing_at(room, user, each.seq))) is not None
        ]
        self.people = {each: {"name": name} for each, name in NAMES.items()}

    @property
    def begin(self) -> Any:
        return next(each.at for each in self.played.log if each.event.type == "session.activated")

    def session(self) -> Document:
        life = self.played.room.lifecycle
        times = {"scheduledStart": life.scheduled_start, "scheduledEnd": life.scheduled_end}
        times |= {"actualStart": life.actual_start, "actualEnd": life.actual_end}
        told = {name: value.isoformat() for name, value in times.items() if value is not None}
        plain = {"id": SESSION, "title": life.title, "instructorId": MARA, "status": str(life.status), "features": []}
        return {**plain, **told, "maxParticipants": 50, "metadata": {}}

    def page(self, after: int, limit: int) -> Document:
        items = [each for each in self.events if each["seq"] > after][:limit]
        last = self.played.room.seq
        upto = items[-1]["seq"] if len(items) == limit else last
        more = str(upto) if upto < last else None
        return {"epoch": "e", "after": after, "upto": upto, "items": items, "nextCursor": more, "people": self.people}

    def state(self, seq: int) -> Document:
        room = RoomState()
        for each in self.played.log[:seq]:
            room = apply(room, each)
        seen = view(room, standing_at(self.played.room, self.user, seq))
        told = json.loads(STATE.dump_json(seen, by_alias=True, exclude_none=True))
        return {"seq": seq, "view": told, "people": self.people}

    def turns(self) -> list[int]:
        """Where the reader's standing changed after the first admission."""
        held = self.played.room.standings
        changes = held.changes.get(self.user, ()) if held is not None else ()
        first = next((index for index, each in enumerate(changes) if each.admitted), len(changes))
        return [each.seq for each in changes[first + 1 :]]

    def recordings(self, *, inline: bool = False) -> Document:
        if self.sound is None:
            return {"items": []}
        data = base64.b64encode(self.sound.peaks).decode()
        peaks = f"data:application/octet-stream;base64,{data}" if inline else "/api/v1/recordings/mix/peaks"
        url = "sound/mix-1.webm" if inline else "/api/v1/recordings/mix/content?t=signed"
        part = {"id": "mix", "part": 1, "fromS": 0, "durationS": self.sound.length_s, "url": url}
        track = {"track": "mix", "own": False, "parts": [part], "peaks": peaks}
        started = (self.begin + timedelta(seconds=self.sound.starts_s)).isoformat()
        item = {
            "recordingId": "r1",
            "startedAt": started,
            "lengthS": self.sound.length_s,
            "stage": "ready",
            "tracks": [track],
        }
        return {"items": [item]}

    def transcript(self, status: str = "completed") -> Document:
        segments = self.sound.segments if self.sound is not None and status == "completed" else []
        return {"recordings": [{"recordingId": "r1", "status": status, "language": "en", "segments": segments}]}

    def archive(self) -> Document:
        views = [self.state(seq) for seq in [0, *self.turns()]]
        return {
            "format": 1,
            "session": self.session(),
            "you": {"userId": self.user, "staff": self.user in (MARA, THEO)},
            "events": self.events,
            "people": self.people,
            "recordings": self.recordings(inline=True),
            "transcript": self.transcript() if self.sound is not None else None,
            "views": views,
            "images": {},
        }

    def told(self, document: Any) -> str:
        text = json.dumps(document)
        for ours, theirs in self.users.items():
            text = text.replace(ours, theirs)
        return text


async def serve(page: Page, answers: Answers, *, transcript: str | None = "completed") -> None:
    """Answers the page's questions about the session in the server's place. `transcript` None: there is none at all."""

    async def answer(route: Route) -> None:
        address = route.request.url.split("/api/v1/", 1)[1]
        path, _, query = address.partition("?")
        asked = dict(each.split("=") for each in query.split("&") if "=" in each)
        tail = path.removeprefix(f"live-sessions/{SESSION}").strip("/")
        document = answered(tail, asked)
        missing = {"code": "not_found", "status": 404}
        body = answers.told(missing if document is None else document)
        await route.fulfill(status=404 if document is None else 200, content_type="application/json", body=body)

    def answered(tail: str, asked: dict[str, str]) -> Document | None:
        match tail:
            case "":
                return answers.session()
            case "events":
                return answers.page(int(asked.get("cursor", "0")), int(asked["limit"]))
            case "state":
                return answers.state(int(asked["at"]))
            case "recordings":
                return answers.recordings()
            case "transcript.json" if transcript is not None:
                return answers.transcript(transcript)
        return None

    for pattern in (f"**/api/v1/live-sessions/{SESSION}", f"**/api/v1/live-sessions/{SESSION}/**"):
        await page.route(pattern, answer)
    if answers.sound is not None:
        await serve_sound(page, answers.sound)


async def serve_sound(page: Page, sound: "Sound") -> None:
    async def content(route: Route) -> None:
        wanted = route.request.headers.get("range", "bytes=0-").removeprefix("bytes=").split("-")
        start = int(wanted[0] or 0)
        stop = int(wanted[1]) + 1 if wanted[1] else len(sound.webm)
        headers = {
            "content-type": "audio/webm",
            "accept-ranges": "bytes",
            "content-range": f"bytes {start}-{stop - 1}/{len(sound.webm)}",
        }
        await route.fulfill(status=206, headers=headers, body=sound.webm[start:stop])

    await page.route("**/api/v1/recordings/mix/content*", content)
    await page.route(
        "**/api/v1/recordings/mix/peaks",
        lambda route: route.fulfill(body=sound.peaks, content_type="application/octet-stream"),
    )


# -- Sound --


@dataclass(frozen=True)
class Sound:
    """`starts_s`: how long after the session began the recording did."""

    webm: bytes
    peaks: bytes
    length_s: float
    starts_s: float
    segments: list[Document]


def speech(tmp: Path, *, starts_s: float = 4.0, repeat: int = 1) -> Sound:
    """Mara, Ana and Ben one after the other, with silence in between, as one file; again and again for a long session."""
    spoken = json.loads((SPEECH / "spoken.json").read_text())
    gap = np.zeros(RATE, np.int16)
    pieces: list[NDArray[np.int16]] = []
    once: list[Document] = []
    for name, user in (("mara", MARA), ("ana", ANA), ("ben", BEN)):
        at = sum(map(len, pieces)) / RATE
        once += [
            {"userId": user, "start": at + each["from"], "end": at + each["to"], "text": each["text"]}
            for each in spoken[name]
        ]
        pieces += [_decoded(SPEECH / f"{name}.ogg"), gap]
    pcm = np.concatenate(pieces)
    pcm = pcm[: len(pcm) // FRAME * FRAME]
    length = len(pcm) / RATE
    columns = np.abs(pcm[: len(pcm) // COLUMN * COLUMN].astype(np.int32)).reshape(-1, COLUMN)
    peaks = (columns.max(axis=1) * 255 // 32768).astype(np.uint8).tobytes()
    segments = [
        {**each, "start": each["start"] + n * length, "end": each["end"] + n * length}
        for n in range(repeat)
        for each in once
    ]
    return Sound(_webm(tmp / "mix.webm", pcm, repeat), peaks * repeat, round(repeat * length, 2), starts_s, segments)


def _decoded(file: Path) -> NDArray[np.int16]:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    with av.open(str(file)) as container:
        frames = [each.to_ndarray()[0] for frame in container.decode(audio=0) for each in resampler.resample(frame)]
    return np.concatenate(frames).astype(np.int16)


def _webm(file: Path, pcm: NDArray[np.int16], repeat: int) -> bytes:
    """Encoded once; its packets follow each other as often as wanted."""
    with av.open(str(file), "w", format="webm") as container:
        stream = container.add_stream("libopus", rate=RATE, layout="mono")
        stream.bit_rate = 24_000
        packets: list[bytes] = []
        for start in range(0, len(pcm), FRAME):
            frame = av.AudioFrame.from_ndarray(pcm[None, start : start + FRAME], format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
            packets += [bytes(each) for each in stream.encode(frame)]
        for n in range(repeat * len(packets)):
            packet = av.Packet(packets[n % len(packets)])
            packet.stream, packet.time_base = stream, Fraction(1, RATE)
            packet.pts = packet.dts = n * FRAME
            packet.duration = FRAME
            container.mux(packet)
    return file.read_bytes()


# -- What a reader does and sees --


async def position(who: Person) -> int:
    return int(str(await who.page.get_by_role("slider", name=POSITION).get_attribute("aria-valuenow")))


async def until(who: Person, seconds: float) -> None:
    deadline = time.monotonic() + WITHIN_MS / 1_000
    while await position(who) < int(seconds):
        assert time.monotonic() < deadline, f"it stands at {await position(who)}, not at {seconds}"
        await asyncio.sleep(0.1)


async def drawn(board: Locator) -> None:
    """Waits until the elements of a board are on its canvas, too: it is painted at its own time."""
    deadline = time.monotonic() + WITHIN_MS / 1_000
    while (points := await _painted(board)) <= 500:
        assert time.monotonic() < deadline, f"nothing is drawn but {points} points"
        await asyncio.sleep(0.1)


async def _painted(board: Locator) -> int:
    """How many points of the canvas are not bare. Its paper is the page's, and a drawing seen from afar is faint."""
    counted: int = await board.locator("canvas").first.evaluate(
        """(canvas) => {
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          let painted = 0;
          for (let at = 3; at < data.length; at += 4) if (data[at] > 0) painted += 1;
          return painted;
        }"""
    )
    return counted


async def taken(who: Person, entry: str, button: str = "Take along") -> bytes:
    """What an entry of that menu saves."""
    await who.press(button)
    async with who.page.expect_download(timeout=WITHIN_MS) as downloading:
        await who.pick(entry)
    path = await (await downloading.value).path()
    return path.read_bytes()
