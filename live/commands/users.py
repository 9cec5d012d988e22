"""`user`: accounts and their platform roles, for whoever operates the machine."""

import sys
from collections.abc import Awaitable, Callable
from typing import Annotated

import typer
from pydantic import ValidationError

from live.commands.ground import with_database
from persistence.database import Database
from persistence.directory import AddressTaken, Directory, LastAdministrator
from persistence.models.user import NewUser, PlatformRole
from persistence.tokens import Tokens
from rooms.ids import UserId

commands = typer.Typer(no_args_is_help=True, help="Accounts and their platform roles.")

RoleOption = Annotated[list[PlatformRole], typer.Option("--role", help="May be given several times.")]


@commands.command()
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


@commands.command(name="role")
def set_role(email: str, role: RoleOption) -> None:
    """Exactly these platform roles from now on."""

    async def change(directory: Directory, _tokens: Tokens) -> None:
        await directory.set_roles(await _found(directory, email), role, None)

    _with_people(change)


@commands.command(name="password")
def set_password(email: str) -> None:
    """Sets a new password and ends every sign-in made with the old one."""
    password = _ask_password()

    async def change(directory: Directory, tokens: Tokens) -> None:
        user = await _found(directory, email)
        await directory.set_password(user, password)
        await tokens.revoke_all(user)

    _with_people(change)


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

    with_database(told)


async def _found(directory: Directory, email: str) -> UserId:
    user = await directory.find(email)
    if user is None:
        sys.exit("nobody has an account with this address")
    return user


def _ask_password() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\n")
