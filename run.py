"""The command line: demo, serve, worker, migrate, rebuild, user, person, backup, keys. Puts settings together and starts things; knows no rule of the workshop.

A command imports the part that it starts: whoever makes an account does not wait for the sound.
"""

import asyncio
import gc
import os
import secrets
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from live.commands import backups, keys, people, users
from live.commands.ground import SECRET_FILE, DataDir, Postgres, run, settings_of, with_database
from live.journal import write_log
from live.settings import DEFAULT_PORT, Settings
from persistence.database import Database
from rooms.ids import SessionId

if TYPE_CHECKING:
    from live.serving import AfterStart

BOTS_MAX = 12
WORKERS_MAX = 64

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
app.add_typer(users.commands, name="user")
app.add_typer(backups.commands, name="backup")
app.add_typer(people.commands, name="person")
app.add_typer(keys.commands, name="keys")

Host = Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 allows the local network too.")]
Port = Annotated[int, typer.Option(min=1, max=65_535)]
TlsCert = Annotated[Path | None, typer.Option(help="Certificate chain, PEM; with --tls-key.")]
TlsKey = Annotated[Path | None, typer.Option(help="Its private key, PEM.")]
TlsSelfSigned = Annotated[bool, typer.Option("--tls-self-signed", help="Make a certificate; browsers warn once.")]
Workers = Annotated[int, typer.Option(min=1, max=WORKERS_MAX, help="Processes; more than one needs REDIS_URL.")]
WithParent = Annotated[bool, typer.Option(hidden=True, help="End when standard input does.")]
Member = Annotated[int, typer.Option(hidden=True, help="Which of several this is.")]
Listener = Annotated[int, typer.Option(hidden=True, help="Their open port.")]
NoWorker = Annotated[bool, typer.Option("--no-worker", help="Recordings wait for a worker started elsewhere.")]


@app.command()
def demo(
    host: Host = "127.0.0.1",
    port: Port = DEFAULT_PORT,
    data_dir: DataDir = Path("data"),
    bots: Annotated[int, typer.Option(min=0, max=BOTS_MAX, help="People who are not there.")] = 4,
    workers: Workers = 1,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    tls_self_signed: TlsSelfSigned = False,
    no_worker: NoWorker = False,
    member: Member = 0,
    listener: Listener = -1,
) -> None:
    """A workshop to walk into: embedded Postgres, a seeded session and its cast."""
    from live.showing import seed_and_show

    _require_redis(workers)
    data_dir.mkdir(parents=True, exist_ok=True)
    environ = {**os.environ, "SECRET_KEY": _own_secret(data_dir)}
    settings = _with_tls(settings_of(environ, host, port, data_dir, demo=True), tls_cert, tls_key, tls_self_signed)
    if member:
        _serve_as(member, listener, settings, seed_and_show(bots, shown=member == 1))
        return
    with Postgres(settings, archived=not no_worker) as postgres:
        postgres.bring_up_to_date()
        if workers > 1:
            _serve_by_many(workers, postgres, no_worker, "demo", bots)
        else:
            _serve_by_one(postgres, no_worker, seed_and_show(bots))


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
    with_parent: WithParent = False,
    member: Member = 0,
    listener: Listener = -1,
) -> None:
    """The server, on the database of DATABASE_URL, which `migrate` has brought up to date, or on an embedded one of its own."""
    _require_redis(workers)
    settings = _with_tls(settings_of(os.environ, host, port, data_dir), tls_cert, tls_key, tls_self_signed)
    if member:
        _serve_as(member, listener, settings)
        return
    with Postgres(settings, archived=not no_worker) as postgres:
        if workers > 1:
            _serve_by_many(workers, postgres, no_worker, "serve", with_parent=with_parent)
        else:
            _serve_by_one(postgres, no_worker, with_parent=with_parent)


@app.command()
def worker(
    data_dir: DataDir = Path("data"),
    with_parent: WithParent = False,
) -> None:
    """Works on recordings: makes them, writes them down. `serve` and `demo` start one; more may run beside it, on the same data."""
    settings = settings_of(os.environ, data_dir=data_dir)
    if not settings.database_url:
        sys.exit("DATABASE_URL is not set: an embedded Postgres has a worker already, its server's")
    from live.worker_process import work_until_stopped

    run(work_until_stopped(settings, with_parent=with_parent))


@app.command(name="migrate")
def migrate_database() -> None:
    """Brings the database of DATABASE_URL to this release, as its owner or a superuser; without one, the embedded of DATA_DIR."""
    with Postgres(settings_of(os.environ)) as postgres:
        applied = postgres.applied or postgres.bring_up_to_date()
    print("\n".join(applied) or "nothing to do")


@app.command()
def rebuild(
    session: Annotated[
        list[UUID] | None, typer.Argument(help="Ids of sessions; without one, all that have a log.")
    ] = None,
) -> None:
    """Makes the rows that stand for a session (status, participants, counters, scores) again from its log alone, and credits anew what
    was attended, where that differs."""
    from persistence.attendance import Attendances
    from persistence.event_log import EventLog
    from persistence.projections import Projector

    async def make_again(database: Database) -> None:
        event_log = EventLog(database)
        projector, attendances, made, last = Projector(database, event_log), Attendances(database), 0, None
        named = [SessionId(str(each)) for each in session or ()]
        while found := named or await event_log.sessions(last):
            for each in found:
                try:
                    await projector.rebuild(each)
                    await attendances.credit(each)
                except LookupError:
                    sys.exit("there is no such session")
            made, last, named = made + len(found), found[-1], []
            if session:
                break
        print(f"{made} sessions rebuilt")

    with_database(make_again)


def _serve_by_one(
    postgres: Postgres, no_worker: bool, after_start: "AfterStart | None" = None, *, with_parent: bool = False
) -> None:
    from live.serving import serve as serve_until_stopped  # now that it will be

    run(
        serve_until_stopped(
            postgres.settings, after_start, beside=_beside(postgres, no_worker, with_parent=with_parent)
        )
    )


def _serve_by_many(
    workers: int, postgres: Postgres, no_worker: bool, name: str, bots: int | None = None, *, with_parent: bool = False
) -> None:
    """Postgres, its migrations and backups, and the worker on recordings are the parent's, once for all."""
    from live.workers import Workers, command_of

    settings = postgres.settings

    def command(number: int) -> list[str]:
        more = [] if bots is None else ["--bots", str(bots if number == 1 else 0)]
        return [*command_of(settings, name), *more]

    async def serve_all() -> None:
        await Workers(settings, workers, command).serve(_beside(postgres, no_worker, with_parent=with_parent))

    run(serve_all())


def _serve_as(number: int, listener: int, settings: Settings, after_start: "AfterStart | None" = None) -> None:
    from live.member import Member
    from live.serving import serve as serve_until_stopped

    run(serve_until_stopped(settings, after_start, member=Member(number, listener)))


def _beside(
    postgres: Postgres, no_worker: bool, *, with_parent: bool = False
) -> Callable[[], Coroutine[None, None, None]]:
    """What goes on as long as the server does."""
    from live.worker_process import end_with_parent, keep_worker

    async def beside() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(postgres.keep())
            if with_parent:
                tasks.create_task(end_with_parent())
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


def _with_tls(settings: Settings, certificate: Path | None, key: Path | None, own: bool) -> Settings:
    if own:
        from live.certificate import self_signed

        settings.data_dir.mkdir(parents=True, exist_ok=True)
        return replace(settings, tls=self_signed(settings.data_dir, settings.addresses))
    if (certificate is None) != (key is None):
        sys.exit("--tls-cert and --tls-key go together")
    return replace(settings, tls=(certificate, key)) if certificate and key else settings


def _require_redis(workers: int) -> None:
    if workers > 1 and not os.environ.get("REDIS_URL"):
        sys.exit("REDIS_URL is not set: more than one worker needs it")


if __name__ == "__main__":
    gc.disable()  # until all is imported, of which nothing is garbage: a sixth of the time to start (live/commands/ground.py)
    write_log()
    app()
