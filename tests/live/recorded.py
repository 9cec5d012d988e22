"""A session of which something was recorded, without the wait: the log says that a recording ran, the recorder wrote what each voice
said and when, and nobody has finalised it yet.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from itertools import pairwise
from uuid import uuid4

import av
import numpy as np
from aiohttp import web

from live.hosts import Hosts
from live.keys import DATABASE, HOSTS, SETTINGS
from media.opus import FRAME, RATE, Encoder, Pcm
from media.recorder import Recording
from persistence.recordings import Recordings
from rooms.feature import Command
from rooms.ids import SessionId, UserId
from rooms.recording import ConsentToRecording, StartRecording, StopRecording, current
from tests.media.speech import FOLDER, spoken

MIX = "mix"
Said = Sequence[tuple[float, Pcm]]
"""(second of the recording, samples at 48 kHz)"""


@cache
def voice_48k(name: str) -> Pcm:
    with av.open(io.BytesIO((FOLDER / f"{name}.ogg").read_bytes()), "r", format="ogg") as container:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
        frames = [each for frame in container.decode(audio=0) for each in resampler.resample(frame)]
    return np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames]).astype(np.int16)


def sentence_48k(name: str, number: int) -> Pcm:
    _text, start, end = spoken(name)[number]
    return voice_48k(name)[int(start * RATE) : int((end + 0.1) * RATE)]


def tone(hertz: float, length_s: float) -> Pcm:
    return (9_000 * np.sin(np.arange(int(length_s * RATE)) * 2 * np.pi * hertz / RATE)).astype(np.int16)


@dataclass(frozen=True)
class Taken:
    session: SessionId
    recording: str


async def submit(hosts: Hosts, session: SessionId, user: UserId, command: Command) -> None:
    ack = await hosts.submit(session, user, command, str(uuid4()))
    assert ack.ok, ack


async def record(
    app: web.Application,
    session: SessionId,
    staff: UserId,
    voices: Mapping[UserId, Said],
    length_s: float,
    *,
    stop: bool = True,
) -> Taken:
    """Everybody consents; `stop` ends it `length_s` after its start by the log's clock."""
    hosts = app[HOSTS]
    for user in voices:
        await submit(hosts, session, user, ConsentToRecording(given=True))
    await _lease(app, session, 3_600)  # the recorder here is this one, not the server's
    await submit(hosts, session, staff, StartRecording())
    run = current((await hosts.read(session)).recording)
    assert run is not None
    rows = Recordings(app[DATABASE])
    keys = {track: await rows.begin(session, run.id, track, run.started_at) for track in (MIX, *voices)}
    ends_at = run.started_at + timedelta(seconds=length_s)
    taking = Recording(app[SETTINGS].capture_dir, run.id, 1, run.started_at, keys.__getitem__, clock=lambda: ends_at)
    whole = int(length_s * RATE) // FRAME * FRAME
    total = np.zeros(whole, np.int32)
    for user, said in voices.items():
        for at_s, pcm in said:
            start = int(at_s * RATE) // FRAME * FRAME
            piece = pcm[: (whole - start) // FRAME * FRAME]
            total[start : start + len(piece)] += piece
            encoder = Encoder()
            for offset in range(0, len(piece) // FRAME * FRAME, FRAME):
                position = start + offset
                packet = encoder.encode(piece[offset : offset + FRAME])
                taking.hear(user, packet, position + 4_711, (position + FRAME) / RATE)
    encoder = Encoder()
    for slot, (start, stop_) in enumerate(pairwise(range(0, whole + 1, FRAME))):
        if total[start:stop_].any():
            taking.mix(slot, encoder.encode(np.clip(total[start:stop_], -32_768, 32_767).astype(np.int16)))
    await taking.close()
    assert taking.incomplete is None
    host = await hosts.get(session)
    host._parts = replace(host._parts, clock=lambda: ends_at)
    if stop:
        await submit(hosts, session, staff, StopRecording())
        await _lease(app, session, 0)
    return Taken(session, run.id)


async def _lease(app: web.Application, session: SessionId, lasts_s: int) -> None:
    async with app[DATABASE].connection() as connection:
        await connection.execute(
            "INSERT INTO live.media_homes (session_id, process_id, lease_until) "
            "VALUES ($1, gen_random_uuid(), clock_timestamp() + $2 * interval '1 s') "
            "ON CONFLICT (session_id) DO UPDATE SET lease_until = excluded.lease_until",
            session,
            lasts_s,
        )
