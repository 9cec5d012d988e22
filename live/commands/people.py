"""`person`: what somebody asks about their own data, for whoever operates the machine (domain.md 4.5, 4.6). Both are carried out at once,
beside a running server or without one.
"""

import os
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias
from uuid import uuid4

import typer

from live.commands.ground import settings_of, with_database
from live.settings import Settings
from persistence.database import Database
from persistence.directory import Directory
from persistence.erasure import TOMBSTONES, persons_in, reapply_erasures
from persistence.jobs import Job
from persistence.models.privacy import PrivacyKind, PrivacyRequest
from persistence.privacy import AskedAlready, HostsSession, OnlyAdministrator, PrivacyRequests
from persistence.recording_keys import RecordingKeys
from rooms.ids import UserId

if TYPE_CHECKING:
    from live.privacy import Privacy
    from media.store import Store

commands = typer.Typer(no_args_is_help=True, help="What somebody asks about their own data.")


@commands.command()
def export(
    email: str, into: Annotated[Path, typer.Option(help="A file that is not there yet.")] = Path("my-data.zip")
) -> None:
    """Writes a ZIP with all that is kept about somebody, and nothing of others."""

    from live.privacy import place_of
    from media.vault import unseal

    async def make(privacy: "Privacy", database: Database, store: "Store", person: UserId) -> None:
        request = await PrivacyRequests(database).ask_export(str(uuid4()), person, None)
        await privacy.export(_job(request))
        key = await RecordingKeys(database).get(request.id, "export")
        sealed = await store.read(place_of(request.id))
        assert key is not None
        assert sealed is not None
        descriptor = os.open(into, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(unseal(sealed, key, place_of(request.id)))
        print(into)

    _with_person(email, make)


@commands.command()
def erase(email: str, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Forgets somebody for good, at once."""
    if not yes:
        typer.confirm(f"What {email} wrote and said will be gone for good. Go on?", abort=True)

    async def make(privacy: "Privacy", database: Database, _store: "Store", person: UserId) -> None:
        requests = PrivacyRequests(database)
        try:
            request = await requests.ask_erasure(str(uuid4()), person, None, timedelta(0))
        except AskedAlready:  # after their 30 days, or now
            request = await requests.latest(person, PrivacyKind.ERASE)  # type: ignore[assignment]  # it is there
        await privacy.erase(_job(request))
        print(person)

    _with_person(email, make)


@commands.command(name="erase-again")
def erase_again() -> None:
    """After a Postgres of your own was restored, and before it is served: forgets again whoever was erased since."""
    from live.storage import open_store

    async def make(database: Database, settings: Settings) -> None:
        store = open_store(settings)
        try:
            async with database.connection() as connection:
                print(await reapply_erasures(connection, store, persons_in(await store.list(TOMBSTONES))))
        finally:
            await store.close()

    settings = settings_of(os.environ)
    with_database(lambda database: make(database, settings))


Work: TypeAlias = "Callable[[Privacy, Database, Store, UserId], Awaitable[None]]"


def _with_person(email: str, work: Work) -> None:
    from live.failpoints import Failpoints
    from live.finalising import NotYet
    from live.privacy import Privacy
    from live.storage import open_store

    settings = settings_of(os.environ)

    async def told(database: Database) -> None:
        person = await Directory(database).find(email)
        if person is None:
            sys.exit("nobody has an account with this address")
        store = open_store(settings)
        try:
            privacy = Privacy(database, store, Failpoints(settings.failpoints), settings.data_dir / "work")
            await work(privacy, database, store, person)
        except AskedAlready:
            sys.exit("that is asked for already: a worker carries it out")
        except HostsSession:
            sys.exit("they host a session that is not over: it is handed over, or cancelled, first")
        except OnlyAdministrator:
            sys.exit("nobody would be left who can give roles")
        except NotYet:
            sys.exit("they host a session that is not over")
        except FileExistsError:
            sys.exit("there is such a file already")
        finally:
            await store.close()

    with_database(told)


def _job(request: PrivacyRequest) -> Job:
    """As a worker would lease it; the one that does will find nothing to do."""
    return Job(request.id, None, request.kind, request.id, {"requestId": request.id}, 1)
