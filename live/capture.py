"""What the home of a session's sound records of it: as long as the log says that a recording runs, its desk has somewhere to
write to, and every voice that may be kept has its key. Follows the log at once where something must not be written any more;
what needs the database or a disk is done beside it, in order, by one task.

When the log says a recording is over, its files are closed and then the recording is settled (persistence/media_homes.py):
"this home writes nothing more of it". The job that finalises, which the append of `recording.stopped` has queued already, waits
until it is settled or until nobody holds the session's lease any more (live/worker.py); a home that died settles nothing. So a
home settles every recording that is over, also one it never wrote, and opens files only while the log says that the run goes on.

Whoever withdraws their consent is not written any more from then on; what was written is destroyed by the job that the append of
`recording.withdrawn` queued, which waits likewise.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog

from media.desk import Desk, sound_clock
from media.recorder import Recording
from persistence.database import Unavailable
from persistence.recordings import Recordings
from rooms.ids import SessionId, UserId
from rooms.recording import Run, RunStatus, current, may_be_recorded
from rooms.room import RoomState

log = structlog.get_logger("capture")
MIX = "mix"
AGAIN_S = 1.0


class Capture:
    """`settle` says that a recording is closed here, `restand` is called when more people may be recorded than before."""

    def __init__(
        self,
        session: SessionId,
        generation: int,
        desk: Desk,
        rows: Recordings,
        folder: Path,
        settle: Callable[[str], Awaitable[None]],
        restand: Callable[[], None],
    ) -> None:
        self._session = session
        self._generation = generation
        self._desk = desk
        self._rows = rows
        self._folder = folder
        self._settle = settle
        self._restand = restand
        self._run: Run | None = None  # by the log
        self._recording: Recording | None = None
        self._target: Recording | None = None  # what the desk writes to
        self._recording_id: str | None = None  # whose files and keys we hold
        self._keys: dict[str, bytes] = {}
        self._wanted: set[str] = set()  # tracks that need a key
        self._over: set[str] = set()  # recordings to settle
        self._settled: set[str] = set()
        self._told_incomplete: str | None = None
        self._changed = asyncio.Event()
        self._turn = asyncio.Lock()
        self._task = asyncio.create_task(self._work(), name=f"capture {session}")

    @property
    def is_running(self) -> bool:
        return self._run is not None or self._recording is not None

    # -- the log, at once -----------------------------------------------------------------------------------------------

    def follow(self, room: RoomState) -> None:
        recording = room.recording
        before, self._run = self._run, current(recording)
        if recording is not None:
            running = self._run.id if self._run is not None else None
            self._over |= {each.id for each in recording.runs if each.id != running} - self._settled
        self._point()
        if self._run != before or self._over:
            self._changed.set()

    def _point(self) -> None:
        """The desk writes exactly while the log says so."""
        run = self._run
        writes = run is not None and run.status is RunStatus.RECORDING and run.id == self._recording_id
        target = self._recording if writes else None
        if target is not self._target:
            self._target = target
            self._desk.record(target)

    def records(self, room: RoomState, user: UserId) -> bool:
        """Whether their voice is to be kept now: the log allows it, and there is a key to seal it with."""
        if self._run is None or not may_be_recorded(room, user):
            return False
        if self._run.id == self._recording_id and user in self._keys:
            return True
        if user not in self._wanted:
            self._wanted.add(user)
            self._changed.set()
        return False

    # -- what follows, in order -----------------------------------------------------------------------------------------

    async def _work(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                async with self._turn:
                    await self._catch_up()
            except Exception as error:
                if not isinstance(error, Unavailable):
                    log.exception("recording does not follow", session=self._session)
                await asyncio.sleep(AGAIN_S)
                self._changed.set()

    async def _catch_up(self) -> None:
        """Raises Unavailable, and is then called again: what was done is not done twice."""
        await self._drop_what_is_over()
        await self._open()
        while self._over:
            over = next(iter(self._over))
            await self._settle(over)
            self._over.discard(over)
            self._settled.add(over)

    async def _drop_what_is_over(self) -> None:
        run = self._run.id if self._run is not None else None
        if run != self._recording_id:
            if self._recording is not None:
                recording, self._recording = self._recording, None
                self._point()
                await recording.close()
            self._recording_id = None
            self._keys = {}

    async def _open(self) -> None:
        run = self._run
        if run is None:
            return
        self._recording_id = run.id
        wanted, self._wanted = self._wanted | {MIX}, set()
        for track in wanted - self._keys.keys():
            key = await self._rows.begin(self._session, run.id, track, run.started_at)
            if self._run is None or self._run.id != run.id:  # over meanwhile: the next turn sees to it
                return
            self._keys[track] = key
        if self._recording is None:
            self._recording = Recording(
                self._folder, run.id, self._generation, run.started_at, self._keys.__getitem__, sound_clock
            )
        self._point()
        self._restand()

    # -- from time to time ----------------------------------------------------------------------------------------------

    def beat(self) -> None:
        """What is missing in the files stands in them, and is told with the recording; operators hear of it now."""
        why = self._recording.incomplete if self._recording is not None else None
        if why is not None and why != self._told_incomplete:
            log.error("a recording is incomplete", session=self._session, recording=self._recording_id, why=why)
        self._told_incomplete = why

    async def close(self) -> None:
        """What is open is finished; if the recording is over by the log, that is settled."""
        async with self._turn:
            await self._stop_working()
            if self._recording is not None:
                recording, self._recording = self._recording, None
                self._point()
                await recording.close()
            if self._run is None:
                try:
                    await self._catch_up()
                except Unavailable:
                    log.warning("a recording is settled by the end of the lease", session=self._session)

    async def _stop_working(self) -> None:
        while not self._task.done():
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=0.5)
