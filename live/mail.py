"""Letters to people, when the operator gave a mail server (SMTP_URL): so far only the link to set a new password.

A letter is written and sent beside the request that asked for it, so nobody can tell from an answer, or from the time it takes,
whether an account exists. At most LETTERS_MAX are under way; what comes then is dropped and said in the log, without the address.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

import aiosmtplib
import structlog

from persistence.database import Unavailable

log = structlog.get_logger("mail")

LETTERS_MAX = 100
SEND_WITHIN_S = 20.0


@dataclass(frozen=True)
class Letter:
    to: str
    subject: str
    text: str


class Mail:
    """`url`: smtp://[user:password@]host[:port] (STARTTLS when offered) or smtps://…; `sender` is the From of every letter."""

    def __init__(self, url: str, sender: str) -> None:
        self._server = urlsplit(url)
        self._sender = sender
        self._under_way: set[asyncio.Task[None]] = set()

    def send(self, write: Callable[[], Awaitable[Letter | None]]) -> None:
        """`write` may find that nobody is to be written to."""
        if len(self._under_way) >= LETTERS_MAX:
            log.warning("a letter was dropped: too many wait")
            return
        task = asyncio.create_task(self._send(write))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _send(self, write: Callable[[], Awaitable[Letter | None]]) -> None:
        server = self._server
        try:
            letter = await write()
            if letter is None:
                return
            message = EmailMessage()
            message["From"], message["To"], message["Subject"] = self._sender, letter.to, letter.subject
            message.set_content(letter.text)
            await aiosmtplib.send(
                message,
                hostname=server.hostname,
                port=server.port,
                username=unquote(server.username) if server.username else None,
                password=unquote(server.password) if server.password else None,
                use_tls=server.scheme == "smtps",
                timeout=SEND_WITHIN_S,
            )
        except (aiosmtplib.SMTPException, OSError, ValueError, Unavailable) as error:
            log.warning("a letter could not be sent", why=type(error).__name__)

    async def close(self) -> None:
        """Letters under way are finished."""
        await asyncio.gather(*self._under_way)
