"""Sound that people bring: announced with its length, sent in pieces that a lost connection does not lose, then looked at by what is in
it (media/probe.py) and kept sealed (attacks 54-58, 60). What its sender says of it is description only.

    POST /recordings  ->  PATCH /recordings/{id}/content?offset=0 …  ->  POST /recordings/{id}/complete
"""

import asyncio
import hashlib
import os
from collections.abc import Awaitable
from datetime import datetime
from io import BytesIO
from tempfile import TemporaryFile
from typing import Annotated, BinaryIO
from uuid import UUID

from pydantic import Field, ValidationError, WithJsonSchema

from live.api.call import Call
from live.api.recordings import Sound, as_sound
from live.api.route import Family, IdPath, Upload, Who
from live.keys import CHECKS
from live.problems import Fault, Problem, faults_of, invalid, not_found
from live.worker import transcriber_setting
from media.probe import Probed, ProbeRefused, probe
from media.vault import Unsealable, seal_records, unseal
from persistence.jobs import Jobs
from persistence.models.recording import (
    UPLOAD,
    AudioType,
    AudioTypeField,
    Description,
    FileBytes,
    FileName,
    LessonId,
    NewRecording,
)
from persistence.models.validation import Invalid
from persistence.recording_keys import RecordingKeys
from persistence.recordings import Recordings, StoredFile
from persistence.uploads import NotNow, TooMuch, Turn, Uploads, UploadStatus
from persistence.uploads import Upload as Announced
from rooms.feature import Enqueue, Wire
from rooms.ids import AnyId

family = Family("uploads", "Bringing sound that was recorded elsewhere: W076, W100-W103.")

PIECE_BYTES_MAX = 8 * 1024 * 1024
PIECE_TYPE = "application/offset+octet-stream"
SHA256 = r"^[0-9a-fA-F]{64}$"


class NewUpload(Wire):
    """`bytes` exactly. `mimeType` and `metadata` are what its sender takes it for; what counts is what is in it."""

    file_name: FileName
    bytes: FileBytes
    sha256: Annotated[str, Field(pattern=SHA256)] | None = None
    mime_type: Annotated[AudioTypeField, WithJsonSchema({"type": "string"})] = AudioType.WEBM
    module_id: AnyId | None = None
    lesson_id: LessonId | None = None
    metadata: Description = Description()


class UploadState(Wire):
    """`offset`: where the next piece begins. `refusal` says why it was refused."""

    id: AnyId
    bytes: int
    offset: int
    status: UploadStatus
    refusal: str | None = None
    piece_bytes_max: int = PIECE_BYTES_MAX
    expires_at: datetime


class OffsetQuery(Wire):
    """Where this piece begins: the `offset` that the last answer named."""

    offset: Annotated[int, Field(ge=0, le=2**31)]


@family.post("/recordings", Who.ACCOUNT, status=201, refuses=("limit_reached",))
async def announce_upload(call: Call, body: NewUpload) -> UploadState:
    """Begins an upload of at most 100 MB: WAV, MP3, WebM or M4A. What is not finished within a day is forgotten."""
    await Recordings(call.database).require_module(call.user, _new_recording(body))
    announced = body.model_dump(mode="json", by_alias=True, exclude_none=True)
    noise = UUID(call.new_id()).bytes if call.key is not None else None
    sha256 = bytes.fromhex(body.sha256) if body.sha256 else None
    try:
        upload = await Uploads(call.database).announce(call.user, announced, body.bytes, sha256, noise)
    except TooMuch:
        raise Problem("limit_reached", "too many uploads are open, or there is no room for another") from None
    call.location = f"/recordings/{upload.id}/upload"
    return _state(upload)


@family.get("/recordings/{upload_id}/upload", Who.ACCOUNT)
async def read_upload(call: Call, upload_id: IdPath) -> UploadState:
    """How much of it is here; after a lost connection it goes on from `offset`."""
    return _state(await _own(call, upload_id))


async def _require_own(call: Call, upload_id: str) -> None:
    """Before a piece of somebody else's is read."""
    await _own(call, upload_id)


@family.patch(
    "/recordings/{upload_id}/content",
    Who.ACCOUNT,
    takes=(PIECE_TYPE, "application/octet-stream"),
    bytes_max=PIECE_BYTES_MAX,
    admits=_require_own,
    refuses=("upload.offset", "upload.busy", "upload.over"),
)
async def add_piece(call: Call, upload_id: IdPath, query: OffsetQuery, body: Upload) -> UploadState:
    """The next piece, whole: of a piece whose connection was lost nothing is kept."""
    uploads = Uploads(call.database)
    turn = await _turn(call, upload_id, uploads.take_turn(call.user, upload_id, query.offset))
    try:
        _require_fits(turn, body.data)
        await call.store.put(turn.name, await _sealed(call, turn, turn.name, body.data))
    except BaseException:
        await uploads.give_back(turn)
        raise
    try:
        return _state(await uploads.wrote(turn, len(body.data)))
    except NotNow as late:
        await call.store.delete(turn.name)
        raise Problem(late.code) from None


@family.post(
    "/recordings/{upload_id}/complete",
    Who.ACCOUNT,
    status=201,
    refuses=("upload.incomplete", "upload.busy", "upload.over", "unsupported_media_type", "too_large", "overloaded"),
)
async def complete_upload(call: Call, upload_id: IdPath) -> Sound:
    """Looks at the whole. It becomes a recording with this id, and is written down; or it is refused, for good."""
    if (await _own(call, upload_id)).status is not UploadStatus.STORED:
        async with call.request.app[CHECKS]:
            await _check(call, await _turn(call, upload_id, Uploads(call.database).check(call.user, upload_id)))
    recording = await Recordings(call.database).get(upload_id, call.user)
    if recording is None:
        raise not_found()
    call.location = f"/recordings/{upload_id}"
    return as_sound(call, recording)


@family.delete("/recordings/{upload_id}/upload", Who.ACCOUNT, status=204, refuses=("upload.over",))
async def cancel_upload(call: Call, upload_id: IdPath) -> None:
    """Forgets an upload that is not completed, or was refused."""
    if not await Uploads(call.database).cancel(call.user, upload_id):
        await _own(call, upload_id)
        raise Problem("upload.over", "it is being looked at, or is a recording already")
    await _forget_pieces(call, upload_id)
    await RecordingKeys(call.database).shred(upload_id, UPLOAD)


def _require_fits(turn: Turn, piece: bytes) -> None:
    if not piece:
        raise invalid([Fault("is empty", pointer="")])
    if len(piece) > turn.upload.size - turn.upload.bytes_here:
        raise Problem("too_large", "this is more than was announced")


# -- steps ------------------------------------------------------------------------------------------------------------------


async def _check(call: Call, turn: Turn) -> None:
    uploads, recordings = Uploads(call.database), Recordings(call.database)
    announced = NewUpload.model_validate(turn.upload.announced)
    try:
        data = await _whole(call, turn)
        probed = await _probed(data)
        name = f"uploads/{turn.upload.id}/sound.sealed"
        await call.store.put(name, await _sealed(call, turn, name, data))
        file = StoredFile(
            name, AudioType(probed.mime_type), probed.duration_s, len(data), probed.sample_rate, probed.channels
        )
        await recordings.add_upload(turn.upload.id, call.user, _new_recording(announced), file)
    except (_Refused, Invalid) as refused:
        code = refused.code if isinstance(refused, _Refused) else "unknown_module"
        if await uploads.end(turn, code):
            await call.store.delete_tree(f"uploads/{turn.upload.id}")
            await _forget_pieces(call, turn.upload.id)
            await RecordingKeys(call.database).shred(turn.upload.id, UPLOAD)
        raise (refused.problem if isinstance(refused, _Refused) else refused) from None
    except BaseException:
        await uploads.give_back(turn)
        raise
    if transcriber_setting(call.settings) == "none":
        await recordings.processed([turn.upload.id])
    else:
        job = Enqueue("transcribe_upload", turn.upload.id, {"audioRecordingId": turn.upload.id})
        await Jobs(call.database).enqueue(job)
    await uploads.end(turn)
    await _forget_pieces(call, turn.upload.id)


class _Refused(Exception):
    def __init__(self, code: str, problem: Problem) -> None:
        super().__init__(code)
        self.code = code
        self.problem = problem


async def _whole(call: Call, turn: Turn) -> bytes:
    """Put together and compared with what was announced."""
    key = await RecordingKeys(call.database).make(None, turn.upload.id, UPLOAD)
    held = BytesIO()
    for name in turn.upload.pieces:
        sealed = await call.store.read(name)
        try:
            held.write(await asyncio.to_thread(unseal, sealed or b"", key, name))
        except Unsealable:
            raise _Refused("lost", invalid([Fault("a piece of it was lost: send it again", pointer="")])) from None
    data = held.getvalue()
    digest = await asyncio.to_thread(lambda: hashlib.sha256(data).digest())
    if len(data) != turn.upload.size or turn.upload.sha256 not in (None, digest):
        raise _Refused("checksum", invalid([Fault("is not what was sent: the sum differs", pointer="/sha256")]))
    return data


async def _probed(data: bytes) -> Probed:
    def in_a_file() -> BinaryIO:
        """That lies on no disk where the kernel has such."""
        anonymous = hasattr(os, "memfd_create")
        file: BinaryIO = os.fdopen(os.memfd_create("upload"), "w+b") if anonymous else TemporaryFile()  # noqa: SIM115
        file.write(data)
        file.flush()
        return file

    file = await asyncio.to_thread(in_a_file)
    try:
        return await probe(file)
    except ProbeRefused as refused:
        if refused.code in ("unsupported", "codec"):
            problem = Problem("unsupported_media_type", refused.detail)
        elif refused.code in ("too_large", "too_long"):
            problem = Problem("too_large", refused.detail)
        else:
            problem = invalid([Fault(refused.detail, pointer="")])
        raise _Refused(refused.code, problem) from None
    finally:
        file.close()


async def _sealed(call: Call, turn: Turn, name: str, data: bytes) -> bytes:
    key = await RecordingKeys(call.database).make(None, turn.upload.id, UPLOAD)
    return await asyncio.to_thread(lambda: b"".join(seal_records([data], key, name)))


async def _turn(call: Call, upload_id: str, asked: Awaitable[Turn | None]) -> Turn:
    try:
        turn = await asked
    except NotNow as not_now:
        held = await _own(call, upload_id)
        raise Problem(not_now.code, f"{held.bytes_here} of {held.size} bytes are here") from None
    if turn is None:
        raise not_found()
    return turn


async def _own(call: Call, upload_id: str) -> Announced:
    held = await Uploads(call.database).find(call.user, upload_id)
    if held is None:
        raise not_found()
    return held


async def _forget_pieces(call: Call, upload_id: str) -> None:
    await call.store.delete_tree(f"pieces/{upload_id}")


def _new_recording(body: NewUpload) -> NewRecording:
    told = body.model_dump(by_alias=True, exclude={"bytes", "sha256"})
    try:
        return NewRecording.model_validate({**told, "fileSizeBytes": body.bytes})
    except ValidationError as error:  # what of it does not go together
        raise invalid(faults_of(error)) from None


def _state(upload: Announced) -> UploadState:
    return UploadState(
        id=upload.id,
        bytes=upload.size,
        offset=upload.bytes_here,
        status=upload.status,
        refusal=upload.refusal,
        expires_at=upload.expires_at,
    )
