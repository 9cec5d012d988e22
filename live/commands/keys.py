"""`keys`: the keys under which personal data lies in the database are exchanged for new ones, beside a running server; and SECRET_KEY,
without one."""

import os
import sys
from pathlib import Path

import typer

from live.commands.ground import DataDir, Postgres, run, settings_of, with_database
from persistence.database import Database
from persistence.keys import ROTATED, Rotation
from persistence.keys_wrapping import WrappingRefused, wrap_anew

commands = typer.Typer(no_args_is_help=True, help="Keys of the database.")

FORMER = "SECRET_KEY_BEFORE"


@commands.command()
def rotate() -> None:
    """New data keys, and everything sealed anew with them. Servers go on meanwhile; interrupted, it is gone on with by a worker or by
    calling it again."""

    async def carry_out(database: Database) -> None:
        rotation = Rotation(database)
        await rotation.begin()
        print("new keys are made; every process learns of them within a minute")
        await rotation.carry_out()
        for each in await rotation.state():
            if each.active and each.purpose in ROTATED:
                print(f"key {each.id} ({each.purpose}): {each.resealed} rows")

    with_database(carry_out)


@commands.command()
def rewrap(data_dir: DataDir = Path("data")) -> None:
    """After SECRET_KEY was changed: wraps all keys with it. The former one is taken from SECRET_KEY_BEFORE. No server may run."""
    former = os.environ.get(FORMER, "")
    if not former:
        sys.exit(f"{FORMER} is not set: it is the SECRET_KEY this database was made with")
    settings = settings_of(os.environ, data_dir=data_dir)
    with Postgres(settings) as postgres:
        try:
            wrapped = run(wrap_anew(postgres.settings.database_url, former, settings.secret_key))
        except WrappingRefused as error:
            sys.exit(str(error))
        postgres.bring_up_to_date()  # the passwords of the logins are derived from it
    print(f"{wrapped} keys wrapped anew")
    if settings.backup_key is None:
        print(f"backups go on under the former key if you set BACKUP_KEY to it: {FORMER}'s value")
