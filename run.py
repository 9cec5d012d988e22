"""The command line: demo, serve, worker, migrate, rebuild, user. Puts settings together and starts things; knows no rule of the workshop."""

import asyncio
import json
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, TypeVar
from uuid import UUID

import typer
from aiohttp import web
from pydantic import ValidationError

from live.certificate import self_signed
from live.demo import BOT_NAMES, CAST
from live.keys import DEMO, SETTINGS
from live.serving import AfterStart, write_log
from live.serving import serve as serve_until_stopped
from live.settings import DEFAULT_PORT, Settings, SettingsRefused, read_settings
from live.worker_process import keep_worker, work_until_stopped
from persistence.database import Database, Unavailable
from persistence.directory import AddressTaken, Directory, LastAdministrator
from persistence.embedded import Embedded, NoPostgres
from persistence.event_log import EventLog
from persistence.migrate import MigrationRefused, migrate
from persistence.models.user import NewUser, PlatformRole
from persistence.preconditions import Unsafe
from persistence.projections import Projector
from persistence.tokens import Tokens
from rooms.ids import SessionId, UserId

ROOT = Path(__file__).resolve().parent
EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - asked for on the command line
SECRET_FILE = "secret.key"  # noqa: S105 - a name of a file
T = TypeVar("T")

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
users = typer.Typer(no_args_is_help=True, help="Accounts and their platform roles.")
app.add_typer(users, name="user")

Host = Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 allows the local network too.")]
Port = Annotated[int, typer.Option(min=1, max=65_535)]
DataDir = Annotated[Path, typer.Option(help="Where the embedded Postgres and the demo's secrets live.")]
TlsCert = Annotated[Path | None, typer.Option(help="Certificate chain, PEM; with --tls-key.")]
TlsKey = Annotated[Path | None, typer.Option(help="Its private key, PEM.")]
TlsSelfSigned = Annotated[bool, typer.Option("--tls-self-signed", help="Make a certificate; browsers warn once.")]
Workers = Annotated[int, typer.Option(min=1, help="Processes; more than one needs REDIS_URL.")]
NoWorker = Annotated[bool, typer.Option("--no-worker", help="Recordings wait for a worker started elsewhere.")]
RoleOption = Annotated[list[PlatformRole], typer.Option("--role", help="May be given several times.")]


@app.command()
def demo(
    host: Host = "127.0.0.1",
    port: Port = DEFAULT_PORT,
    data_dir: DataDir = Path("data"),
    bots: Annotated[int, typer.Option(min=0, max=len(BOT_NAMES), help="People who are not there.")] = 4,
    workers: Workers = 1,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    tls_self_signed: TlsSelfSigned = False,
    no_worker: NoWorker = False,
) -> None:
    """A workshop to walk into: embedded Postgres, a seeded session and its cast."""
    _require_one(workers)
    data_dir.mkdir(parents=True, exist_ok=True)
    environ = {**os.environ, "SECRET_KEY": _own_secret(data_dir)}
    settings = _with_tls(_settings(environ, host, port, data_dir, demo=True), tls_cert, tls_key, tls_self_signed)
    with _Postgres(settings) as postgres:
        postgres.bring_up_to_date()
        _run(serve_until_stopped(postgres.settings, _seed_and_show(bots), beside=_beside(postgres, no_worker)))


@app.command()
def serve(
    host: Host = "127.0.0.1",
    port: Port = DEFAULT_PORT,
    data_dir: DataDir = Path("data"),
    workers: Workers = 1,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    tls_self_signed: TlsSelfSigned = False,
    no_worker: NoWorker = False,
) -> None:
    """The server, on the database of DATABASE_URL, which `migrate` has brought up to date, or on an embedded one of its own."""
    _require_one(workers)
    settings = _with_tls(_settings(os.environ, host, port, data_dir), tls_cert, tls_key, tls_self_signed)
    with _Postgres(settings) as postgres:
        _run(serve_until_stopped(postgres.settings, beside=_beside(postgres, no_worker)))


@app.command()
def worker(
    data_dir: DataDir = Path("data"),
    with_parent: Annotated[bool, typer.Option(hidden=True, help="End when standard input does.")] = False,
) -> None:
    """Works on recordings: makes them, writes them down. `serve` and `demo` start one; more may run beside it, on the same data."""
    settings = _settings(os.environ, data_dir=data_dir)
    if not settings.database_url:
        sys.exit("DATABASE_URL is not set: an embedded Postgres has a worker already, its server's")
    _run(work_until_stopped(settings, with_parent=with_parent))


@app.command(name="migrate")
def migrate_database() -> None:
    """Brings the database of DATABASE_URL to this release, as its owner or a superuser; without one, the embedded of DATA_DIR."""
    with _Postgres(_settings(os.environ)) as postgres:
        applied = postgres.applied or postgres.bring_up_to_date()
    print("\n".join(applied) or "nothing to do")


@app.command()
def rebuild(
    session: Annotated[
        list[UUID] | None, typer.Argument(help="Ids of sessions; without one, all that have a log.")
    ] = None,
) -> None:
    """Makes the rows that stand for a session (status, participants, counters, scores) again from its log alone."""

    async def make_again(database: Database) -> None:
        event_log = EventLog(database)
        projector, made, last = Projector(database, event_log), 0, None
        named = [SessionId(str(each)) for each in session or ()]
        while found := named or await event_log.sessions(last):
            for each in found:
                try:
                    await projector.rebuild(each)
                except LookupError:
                    sys.exit("there is no such session")
            made, last, named = made + len(found), found[-1], []
            if session:
                break
        print(f"{made} sessions rebuilt")

    _with_database(make_again)


@users.command()
def add(
    email: str,
    name: Annotated[str, typer.Option(help="The name everybody is shown.")],
    role: RoleOption = [PlatformRole.LEARNER],  # noqa: B006 - typer copies it
) -> None:
    """Makes an account. The password is asked for, or read from standard input."""
    password = _ask_password()

    async def make(directory: Directory, _tokens: Tokens) -> None:
        first, _, last = name.partition(" ")
        new = NewUser(
            email=email, first_name=first, last_name=last or first, full_name=name, password=password, roles=tuple(role)
        )
        print(await directory.create_user(new))

    _with_people(make)


@users.command(name="role")
def set_role(email: str, role: RoleOption) -> None:
    """Exactly these platform roles from now on."""

    async def change(directory: Directory, _tokens: Tokens) -> None:
        await directory.set_roles(await _found(directory, email), role, None)

    _with_people(change)


@users.command(name="password")
def set_password(email: str) -> None:
    """Sets a new password and ends every sign-in made with the old one."""
    password = _ask_password()

    async def change(directory: Directory, tokens: Tokens) -> None:
        user = await _found(directory, email)
        await directory.set_password(user, password)
        await tokens.revoke_all(user)

    _with_people(change)


# -- the demo ---------------------------------------------------------------------------------------------------------------


class _Postgres:
    """DATABASE_URL's, or the embedded one of the data directory, which ends with the process that started it, however that ends.
    `settings` name the database once it runs."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.embedded = None if settings.database_url else Embedded(settings.data_dir)
        self.applied: list[str] = []

    def __enter__(self) -> "_Postgres":
        if self.embedded is not None:
            try:
                self.settings = replace(self.settings, database_url=self.embedded.start())
            except (NoPostgres, OSError) as error:
                sys.exit(f"cannot start: {error}")
            self.applied = self.bring_up_to_date()
        return self

    def bring_up_to_date(self) -> list[str]:
        """The migrations that were missing; nobody else looks after an embedded one."""
        return _run(migrate(self.settings.database_url, self.settings.secret_key))

    def __exit__(self, *_error: object) -> None:
        if self.embedded is not None:
            self.embedded.stop()

    async def keep(self) -> None:
        if self.embedded is not None:
            await self.embedded.keep()


def _beside(postgres: _Postgres, no_worker: bool) -> Callable[[], Coroutine[None, None, None]]:
    """What goes on as long as the server does."""

    async def beside() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(postgres.keep())
            if not no_worker:
                tasks.create_task(keep_worker(postgres.settings))

    return beside


def _own_secret(data_dir: Path) -> str:
    """The demo's, made once, so that tokens and what is encrypted survive a restart."""
    if given := os.environ.get("SECRET_KEY"):
        return given
    path = data_dir / SECRET_FILE
    with suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
    return path.read_text().strip()


def _seed_and_show(bots: int) -> AfterStart:
    async def seed_and_show(served: web.Application) -> None:
        demo = served[DEMO]
        await demo.seed(bots)
        _show_links(served[SETTINGS])
        if bots:
            _send_bots(served[SETTINGS], demo.errand_of(BOT_NAMES[:bots]))

    return seed_and_show


def _show_links(settings: Settings) -> None:
    print("\nThe workshop is open. Click to come in as")
    for member in CAST:
        print(f"  {member.name:5} ({member.role.value:11})  {settings.url}/demo/{member.name.lower()}")
    if settings.host in EVERYWHERE and settings.lan_address:
        print(f"From this network: {settings.scheme}://{settings.lan_address}:{settings.port}/")
    print(flush=True)


def _send_bots(settings: Settings, errand: dict[str, Any]) -> None:
    """They go when their standard input ends, which it does however this process ends."""
    bots = subprocess.Popen([sys.executable, "-m", "bench.bots"], cwd=ROOT, stdin=subprocess.PIPE)
    assert bots.stdin is not None
    url = f"{settings.scheme}://127.0.0.1:{settings.port}"
    bots.stdin.write(json.dumps({"url": url, **errand}).encode() + b"\n")
    bots.stdin.flush()


# -- settings and errors ----------------------------------------------------------------------------------------------------


def _settings(
    environ: Mapping[str, str],
    host: str | None = None,
    port: int | None = None,
    data_dir: Path | None = None,
    *,
    demo: bool = False,
) -> Settings:
    lan = _lan_address() if host in EVERYWHERE else host
    try:
        return read_settings(environ, host=host, port=port, data_dir=data_dir, lan_address=lan, demo=demo)
    except SettingsRefused as error:
        sys.exit(str(error))


def _with_tls(settings: Settings, certificate: Path | None, key: Path | None, own: bool) -> Settings:
    if own:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        return replace(settings, tls=self_signed(settings.data_dir, settings.addresses))
    if (certificate is None) != (key is None):
        sys.exit("--tls-cert and --tls-key go together")
    return replace(settings, tls=(certificate, key)) if certificate and key else settings


def _lan_address() -> str | None:
    """Of the interface that leads out; asking the routing table sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, suppress(OSError):
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])
    return None


def _require_one(workers: int) -> None:
    if workers > 1:
        sys.exit(
            "REDIS_URL is not set: more than one worker needs it"
            if not os.environ.get("REDIS_URL")
            else "several workers on one port are not built yet: start several servers on one database"
        )


def _run(work: Coroutine[Any, Any, T]) -> T:
    """What an operator can put right is one line, not a traceback."""
    try:
        return asyncio.run(work)
    except (Unsafe, MigrationRefused, NoPostgres, Unavailable, OSError) as error:
        sys.exit(f"cannot start: {error}")


def _with_database(work: Callable[[Database], Awaitable[None]]) -> None:
    async def connected(settings: Settings) -> None:
        database = await Database.open(
            settings.database_url,
            settings.secret_key,
            engine_dsn=settings.database_engine_url,
            app_dsn=settings.database_app_url,
            connections=2,
        )
        try:
            await work(database)
        finally:
            await database.close()

    with _Postgres(_settings(os.environ)) as postgres:
        _run(connected(postgres.settings))


def _with_people(work: Callable[[Directory, Tokens], Awaitable[None]]) -> None:
    async def told(database: Database) -> None:
        try:
            await work(Directory(database), Tokens(database))
        except AddressTaken:
            sys.exit("somebody has an account with this address already")
        except LastAdministrator:
            sys.exit("nobody would be left who can give roles")
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            sys.exit(f"{first['loc'][-1]}: {first['msg']}")

    _with_database(told)


async def _found(directory: Directory, email: str) -> UserId:
    user = await directory.find(email)
    if user is None:
        sys.exit("nobody has an account with this address")
    return user


def _ask_password() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\n")


if __name__ == "__main__":
    write_log()
    app()
