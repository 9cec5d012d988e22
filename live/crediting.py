"""The job that follows a session's end: everybody who attended is credited (persistence/attendance.py). Durable as its append, so it
is carried out also where nobody worked when the session ended; done twice it changes nothing."""

from functools import partial

from live.failpoints import Failpoints
from persistence.attendance import Attendances
from persistence.database import Database
from persistence.jobs import Job
from rooms.feature import Enqueue


class Crediting:
    def __init__(self, database: Database, failpoints: Failpoints) -> None:
        self._attendances = Attendances(database)
        self._failpoints = failpoints

    async def attendance(self, job: Job) -> tuple[Enqueue, ...]:
        assert job.session is not None
        await self._attendances.credit(job.session, partial(self._failpoints.reach, "worker_credited"))
        return ()
