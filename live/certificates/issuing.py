"""Makes certificates out: by whoever leads a course, and by itself when somebody has completed one (domain.md 2.3). Its number, what it
says, the name of that and the look are decided here, in one place; who may ask is decided by the rights of the table.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from uuid import uuid4

import structlog

from live.certificates.content import canonical, cid, statement
from live.certificates.number import certificate_number
from live.settings import Settings
from persistence.certificates import CERTIFICATES, Completed, completed, course_title, note_problem, series_of
from persistence.connection import Connection
from persistence.database import Database
from persistence.directory import Directory
from persistence.entities import made_of
from persistence.jobs import Job
from persistence.models.bootcamp.certificate import Certificate, CertificateMetadata, NewCertificate
from rooms.feature import Enqueue
from rooms.ids import UserId

log = structlog.get_logger("certificates")
VERIFY = "/verify"  # a page for people, which asks GET /bootcamp/verify/{number}


@dataclass(frozen=True)
class Unprintable(Exception):
    """`field` of a NewCertificate whose words a page cannot show; `why` says which characters."""

    field: str
    why: str


async def prepare() -> None:
    """Before a transaction begins: what draws takes long to import, and meanwhile the loop has others to serve."""
    await asyncio.to_thread(import_module, "live.certificates.page")


async def make_out(
    connection: Connection,
    new: NewCertificate,
    *,
    row_id: str,
    holder: str,
    url: str,
    issued_by: UserId | None,
) -> Certificate:
    """Not stored yet; its number is the next one, also where the transaction fails afterwards. `prepare` first. Raises Unprintable."""
    at = datetime.now(UTC).replace(microsecond=0)
    holder = _printable(holder, "user_id")
    said = CertificateMetadata(
        course_title=_printable(await course_title(connection, new.course_id) or "", "course_id"),
        issuer=url,
        course_ids=new.course_ids,
        issued_by=issued_by,
        distinction=new.distinction and _printable(new.distinction, "distinction"),
    )
    serial, template = await series_of(connection, new.certificate_type)
    number = certificate_number(at.year, serial)
    made = Certificate(
        id=row_id,
        user_id=new.user_id,
        course_id=new.course_id,
        certificate_type=new.certificate_type,
        certificate_number=number,
        issue_date=at,
        expiry_date=new.expiry_date.replace(microsecond=0) if new.expiry_date else None,
        blockchain_hash=None,
        verification_url=f"{url}{VERIFY}/{number}",
        is_revoked=False,
        revoked_at=None,
        revoked_reason=None,
        metadata=said,
        holder_name=holder,
        shows_holder=False,
        template_id=template,
    )
    return made.model_copy(update={"blockchain_hash": cid(canonical(statement(made, holder)))})


def _printable(text: str, field: str) -> str:
    from live.certificates.page import Undrawable, drawable  # prepared

    try:
        if text:
            return drawable(text)
    except Undrawable as error:
        raise Unprintable(field, str(error)) from None
    raise Unprintable(field, "there is nothing with this id that you may name")


class Issuing:
    """The job that follows the completion of a course."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._url = settings.url

    async def issue(self, job: Job) -> tuple[Enqueue, ...]:
        """Once: somebody whose certificate was revoked gets another one from whoever revoked it, not from us. What cannot be
        printed is said where those look who can help."""
        enrollment = str(job.payload["enrollmentId"])
        await prepare()
        async with self._database.transaction() as connection:
            found = await completed(connection, enrollment)
            if found is not None:
                await self._issue(connection, enrollment, found)
        return ()

    async def _issue(self, connection: Connection, enrollment: str, found: Completed) -> None:
        names = await Directory(self._database).names({found.user_id})
        new = NewCertificate(user_id=found.user_id, course_id=found.course_id)
        row_id = str(uuid4())
        try:
            made = await make_out(
                connection,
                new,
                row_id=row_id,
                holder=names.get(found.user_id, ""),
                url=self._url,
                issued_by=None,
            )
        except Unprintable as error:
            log.warning("a certificate cannot be printed", enrollment=enrollment, field=error.field)
            await note_problem(connection, enrollment, f"{PROBLEMS[error.field]} {error.why}")
            return
        columns = {name: value for name, value in made_of(made).items() if name != "id"}
        await CERTIFICATES.add(connection, self._database.keys, row_id, columns)


PROBLEMS = {"user_id": "The holder's name", "course_id": "The course's title"}
