"""Pictures on boards: brought by whoever may draw there, kept by the store, shown to whoever was in their room since they came
(attacks 19, 52, 54). The log holds who brought what for which room; the bytes are in no event and in no address.
"""

from hashlib import sha256
from typing import Annotated
from uuid import UUID, uuid5

from pydantic import Field

from live.api.call import Call
from live.api.route import BASE, Family, File, IdPath, SessionPath, Upload, Who
from live.problems import Fault, Problem, invalid, not_found
from media.pictures import MIME_TYPES, PICTURE_BYTES_MAX, Picture, TooLarge, Unfit
from rooms.board_book import MAIN, Boards
from rooms.boards import AddImage, page_to_bring_to
from rooms.breakout_results import ways_to_read
from rooms.feature import Wire
from rooms.ids import AnyId, SessionId
from rooms.people import standing_of
from rooms.standings import was_in

family = Family("images", "Pictures on boards.")
PATH = "/live-sessions/{session_id}/images"
KINDS = tuple(MIME_TYPES)
HEADERS = {
    "Cache-Control": "private, max-age=31536000, immutable",
    "Content-Disposition": "inline",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class ImageQuery(Wire):
    """`boardId`: the page it is for; without it, the first page of the room one is in."""

    board_id: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,64}$")] | None = None


class Brought(Wire):
    """`url` is read with one's token, like everything."""

    image_id: AnyId
    mime_type: str
    width: int
    height: int
    bytes: int
    url: str


async def _require_may_bring(call: Call, session_id: SessionId) -> None:
    """Before ten megabytes are taken from somebody who may not; the rules are asked again afterwards."""
    wait = call.limits.uploads_per_user.take(call.user)
    if wait > 0:
        raise Problem("rate_limited", retry_after_s=wait)
    board_id = await _board_of(call, session_id, call.request.query.get("boardId"))
    page_to_bring_to(await call.room(session_id), board_id, call.context(session_id))


async def _board_of(call: Call, session: SessionId, named: str | None) -> str:
    return named or standing_of(await call.room(session), call.user).room or MAIN


@family.post(
    PATH,
    Who.MEMBER,
    status=201,
    takes=KINDS,
    bytes_max=PICTURE_BYTES_MAX,
    admits=_require_may_bring,
    cost=2,
    refuses=("board.locked", "limit_reached", "feature_off", "session.not_active", "session.paused", "session.ended"),
)
async def add_image(call: Call, session_id: SessionPath, query: ImageQuery, body: Upload) -> Brought:
    """Brings a PNG, JPEG or WebP picture of at most 10 MB and 40 megapixels for a board on which one may draw.

    It is decoded and written anew: upright, without what cameras and programs write beside it. Moving pictures and SVG are
    refused. A board then shows it by an element whose `fileId` is its `imageId`, or as the background of a page.
    """
    board_id = await _board_of(call, session_id, query.board_id)
    picture = await _cleaned(call, body)
    image_id = str(
        uuid5(UUID(call.new_id()), sha256(picture.data).hexdigest())
    )  # never another picture under an old id
    await call.store.put(_place(session_id, image_id), picture.data)
    about = {
        "image_id": image_id,
        "mime_type": picture.mime_type,
        "width": picture.width,
        "height": picture.height,
        "bytes": len(picture.data),
    }
    try:
        await call.submit(session_id, AddImage.model_validate({"board_id": board_id, **about}))
    except Problem as problem:
        if problem.code != "unavailable":  # then it may have come through
            await call.store.delete(_place(session_id, image_id))
        raise
    call.location = f"/live-sessions/{session_id}/images/{image_id}"
    return Brought.model_validate({**about, "url": BASE + call.location})


async def _cleaned(call: Call, body: Upload) -> Picture:
    try:
        return await call.studio.clean(body.data, body.content_type)
    except TooLarge as error:
        raise Problem("too_large", str(error)) from None
    except Unfit as error:
        raise invalid([Fault(str(error), pointer="")]) from None


@family.get(PATH + "/{image_id}", Who.MEMBER, etag=True, produces=KINDS)
async def read_image(call: Call, session_id: SessionPath, image_id: IdPath) -> File:
    """The picture, for staff, for whoever was in its room when it came or later, and for who may read the results of that room;
    it never changes."""
    room = await call.room(session_id)
    boards = room.boards or Boards()
    image = boards.images.get(image_id)
    if image is None:
        raise not_found()
    was_there = was_in(room, call.user, image.room, image.seq)
    if not was_there and not any(
        each.is_in(image.room) for each in ways_to_read(room, await call.standing(session_id))
    ):
        raise not_found()
    place = _place(session_id, image_id)

    async def read() -> bytes | None:
        return await call.kept.get(place, lambda: call.store.read(place))

    return File(read, image.mime_type, version=image_id, headers=HEADERS)


def _place(session: SessionId, image_id: str) -> str:
    return f"images/{session}/{image_id}"
