"""A session to keep: sound, words, chat, polls, boards, attendance, and the replay page with all of it inside, as one file. It holds
what its reader may see, neither more nor less: the events as they had them, the view as it was for them, the tracks they may hear.

Made while it is read; nothing of it is kept here, so what is withdrawn later is in no archive of ours.
"""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from live.api.attendance import as_csv, attendance_of
from live.api.call import Call
from live.api.history import encoded_view, replayed_to, standing_at_seq, visible_after
from live.api.recordings import SessionRecording, Track, open_sound, peaks_name, recordings_of
from live.api.route import Family, Listing, Named, SessionPath, Streamed, Who
from live.api.sessions import Session, read_seen
from live.api.slices import find_item
from live.api.transcripts import SessionTranscript, lines_of, transcripts_of
from live.api.zipped import Zipped
from live.frames import event_item
from live.pages import DIST
from live.problems import Problem
from live.sealed import SealedSound
from media.transcripts import as_vtt
from persistence.recordings import Recordings
from rooms.board_book import Boards
from rooms.boards import FEATURE as BOARDS
from rooms.breakout_results import ways_to_read
from rooms.chat import listed
from rooms.ids import SessionId, UserId
from rooms.room import RoomState
from rooms.visibility import view

family = Family("archive", "A session as one file.")

CONTENT_TYPE = "application/zip"
PAGE = DIST / "replay.html"
PLACE = b'<script type="application/json" id="archive">null</script>'
EVENTS_MAX = 200_000
EVENTS_AT_ONCE = 200
VIEWS_MAX = 200
IMAGES_BYTES_MAX = 40_000_000  # inside the page; more of them lie beside it
READ_BYTES = 1_048_576
_RECORDINGS = TypeAdapter(Listing[SessionRecording])
_SESSION = TypeAdapter(Session)
_TRANSCRIPT = TypeAdapter(SessionTranscript)


@family.get("/live-sessions/{session_id}/archive.zip", Who.MEMBER, produces=CONTENT_TYPE, cost=20)
async def read_archive(call: Call, session_id: SessionPath) -> Streamed:
    """Everything one may see and hear of it: `sound/`, `transcript.vtt`, `chat.csv`, `polls.csv`, `boards/*.excalidraw`, for staff
    `attendance.csv`, and `replay.html`, which plays it all from disk.
    """
    room = await call.room(session_id)
    standing = await call.standing(session_id)
    if not standing.admitted and not call.sender.admin:
        raise Problem("forbidden", "you have not been let in")
    archive = _Archive(call, session_id, room)
    await archive.gather()
    return Streamed(archive.pieces(), CONTENT_TYPE, f"session-{session_id}.zip")


class _Archive:
    """`gather` reads what is small, and may fail; `pieces` then sends, the sound straight from the store."""

    def __init__(self, call: Call, session: SessionId, room: RoomState) -> None:
        self._call = call
        self._session = session
        self._room = room
        self._zip = Zipped()
        self._sound: dict[str, SealedSound] = {}
        self._texts: dict[str, bytes] = {}
        self._pictures: dict[str, bytes] = {}

    async def gather(self) -> None:
        recordings = await self._recordings()
        events = await self._events()
        names = await self._names(events)
        images = await self._images()
        await self._write_texts(names)
        await self._write_boards(images)
        transcript = SessionTranscript(recordings=await transcripts_of(self._call, self._session))
        page = {
            "format": 1,
            "session": _plain(_SESSION, await read_seen(self._call, self._session)),
            "you": {"userId": self._call.user, "staff": (await self._call.standing(self._session)).staff},
            "events": events,
            "people": {user: {"name": name} for user, name in names.items()},
            "recordings": recordings,
            "transcript": _plain(_TRANSCRIPT, transcript),
            "views": await self._views(),
            "images": images,
        }
        self._texts["replay.html"] = await asyncio.to_thread(_page, page)

    async def pieces(self) -> AsyncIterator[bytes]:
        for name, text in self._texts.items():
            yield await self._zip.add(name, text)
        for name, picture in self._pictures.items():
            yield await self._zip.add(name, picture)
        for name, sound in self._sound.items():
            async for piece in self._zip.stream(name, _read(sound)):
                yield piece
        yield self._zip.end()

    # -- sound and words ------------------------------------------------------------------------------------------------

    async def _recordings(self) -> dict[str, Any]:
        """As REST lists them, but with addresses within the archive."""
        items = await recordings_of(self._call, self._session)
        told = [
            each.model_copy(update={"tracks": tuple([await self._track(number, track) for track in each.tracks])})
            for number, each in enumerate(items, 1)
        ]
        return {"items": _plain(_RECORDINGS, Listing(items=tuple(told)))["items"]}

    async def _track(self, number: int, track: Track) -> Track:
        """The mix with its sound; of the others only that they are there: everybody's own voice is one's own to fetch."""
        name = "mix" if track.track == "mix" else str(track.user_id)
        parts = []
        for part in track.parts if track.track == "mix" or track.own else ():
            address = f"sound/{number}-{name}-{part.part}.webm"
            recording = await Recordings(self._call.database).get(part.id, self._call.user)
            if recording is not None:
                self._sound[address] = await open_sound(self._call, recording, recording.store_name)
                parts.append(part.model_copy(update={"url": address}))
        peaks = await self._peaks(track) if parts and track.peaks else None
        return track.model_copy(update={"parts": tuple(parts), "peaks": peaks})

    async def _peaks(self, track: Track) -> str | None:
        recording = await Recordings(self._call.database).get(track.parts[0].id, self._call.user)
        if recording is None:
            return None
        data = await (await open_sound(self._call, recording, peaks_name(recording))).read_all()
        return None if data is None else f"data:application/octet-stream;base64,{b64encode(data).decode()}"

    async def _write_texts(self, names: dict[UserId, str]) -> None:
        standing = await self._call.standing(self._session)
        seen = view(self._room, standing)

        def name(user: object) -> str:
            return names.get(UserId(str(user)), "")

        if lines := await lines_of(self._call, self._session):
            self._texts["transcript.vtt"] = as_vtt(lines, name).encode()
        self._texts["chat.csv"] = as_csv(("time", "channel", "name", "text"), _chat(seen, name))
        self._texts["polls.csv"] = as_csv(("poll", "question", "kind", "status", "option", "votes"), _polls(seen))
        if await self._call.staffs(self._session):
            self._texts["attendance.csv"] = await attendance_of(self._call, self._session)

    # -- the log --------------------------------------------------------------------------------------------------------

    async def _events(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        after = 0
        while after < self._room.seq and len(found) < EVENTS_MAX:
            page, after = await visible_after(self._call, self._session, self._room, after, EVENTS_AT_ONCE, types=None)
            found += [event_item(each) for each in page]
        return found

    async def _views(self) -> list[dict[str, Any]]:
        """At the beginning, and wherever the reader came to see something else."""
        changes = self._room.standings.changes.get(self._call.user, ()) if self._room.standings is not None else ()
        views = []
        for seq in [0, *(each.seq for each in changes)][:VIEWS_MAX]:
            past = await replayed_to(self._call, self._session, self._room, seq)
            encoded, _named = await asyncio.to_thread(encoded_view, past, standing_at_seq(self._call, self._room, seq))
            views.append({"seq": past.seq, "view": json.loads(encoded)})
        return views

    async def _names(self, events: Sequence[dict[str, Any]]) -> dict[UserId, str]:
        """Of whom the session knows, as far as they are spoken of."""
        seen: dict[UserId, Named] = await self._call.people(list(events), of=self._room)
        _encoded, in_view = await asyncio.to_thread(encoded_view, self._room, await self._call.standing(self._session))
        seen |= await self._call.people(in_view, of=self._room)
        return {user: named.name for user, named in seen.items()}

    # -- boards ---------------------------------------------------------------------------------------------------------

    async def _images(self) -> dict[str, str]:
        """Those one may see, inside the page as long as there is room."""
        boards = self._room.boards or Boards()
        images: dict[str, str] = {}
        held = 0
        ways = [*ways_to_read(self._room, await self._call.standing(self._session))]
        for image in boards.images.values():
            if not any(each.is_in(image.room) for each in ways):
                continue
            data = await self._call.store.read(f"images/{self._session}/{image.id}")
            if data is None:
                continue
            held += len(data)
            if held <= IMAGES_BYTES_MAX:
                images[image.id] = f"data:{image.mime_type};base64,{b64encode(data).decode()}"
            else:
                images[image.id] = f"images/{image.id}.{image.mime_type.rpartition('/')[2]}"
                self._pictures[images[image.id]] = data
        return images

    async def _write_boards(self, images: dict[str, str]) -> None:
        boards, standing = self._room.boards or Boards(), await self._call.standing(self._session)
        for page in boards.pages.values():
            found = find_item(BOARDS, self._room, standing, page.id)
            if found is None:
                continue
            elements = (await asyncio.to_thread(found[1][1])).get("elements", [])
            if elements:
                self._texts[f"boards/{page.id}.excalidraw"] = _excalidraw(elements, images)


def _excalidraw(elements: Iterable[dict[str, Any]], images: dict[str, str]) -> bytes:
    """https://docs.excalidraw.com/docs/codebase/json-schema"""
    elements = [{key: value for key, value in each.items() if not key.startswith("_")} for each in elements]
    used = {each["fileId"] for each in elements if each.get("fileId")}
    files = {
        name: {"id": name, "mimeType": address[5:].partition(";")[0], "dataURL": address, "created": 0}
        for name, address in images.items()
        if name in used and address.startswith("data:")
    }
    drawing = {
        "type": "excalidraw",
        "version": 2,
        "source": "atelier",
        "elements": elements,
        "appState": {},
        "files": files,
    }
    return json.dumps(drawing, ensure_ascii=False, separators=(",", ":"), default=str).encode()


def _chat(seen: RoomState, name: Any) -> Iterable[tuple[str, ...]]:
    for message in listed(seen.chat) if seen.chat is not None else ():
        if not message.deleted:
            yield _time(message.at), _channel(message.channel), name(message.sender), message.text


def _channel(channel: str) -> str:
    return "direct" if ":" in channel else channel


def _polls(seen: RoomState) -> Iterable[tuple[str, ...]]:
    for poll in seen.polls.in_order() if seen.polls is not None else ():
        about = (poll.id, poll.question, poll.kind.value, poll.status.value)
        if poll.tally is None:
            yield (*about, "", "")
            continue
        options = poll.options or tuple(str(number) for number in range(1, len(poll.tally.counts) + 1))
        for option, votes in [*zip(options, poll.tally.counts, strict=False), *poll.tally.words]:
            yield (*about, option, str(votes))


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


async def _read(sound: SealedSound) -> AsyncIterator[bytes]:
    for start in range(0, sound.size, READ_BYTES):
        piece = await sound.read(start, min(start + READ_BYTES, sound.size))
        if not piece:
            raise Problem("unavailable")
        yield piece


def _page(told: dict[str, Any]) -> bytes:
    """The page with everything in it. A `<` would end the script, or begin another (attack 53)."""
    written = json.dumps(told, ensure_ascii=False, separators=(",", ":"), default=str).replace("<", "\\u003c")
    return _template(PAGE).replace(PLACE, PLACE.replace(b"null", written.encode()), 1)


def _template(page: Path) -> bytes:
    return page.read_bytes() if page.is_file() else b"<!doctype html><title>Atelier</title>" + PLACE


def _plain(adapter: TypeAdapter[Any], value: Any) -> Any:
    return adapter.dump_python(value, mode="json", by_alias=True, exclude_none=True)
