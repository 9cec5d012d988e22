"""What processes write about themselves, and how: on standard error, one JSON object a line."""

import logging
import os
import signal
import sys

import structlog
from structlog.typing import EventDict, WrappedLogger


def write_log() -> None:
    """On standard error. No access log: addresses of pages say who was where, and those of machines who it was."""
    shape_log(_end_without_memory)
    logging.basicConfig(format="%(message)s", stream=sys.stderr, level=logging.INFO, force=True)
    for handler in logging.getLogger().handlers:
        handler.addFilter(_is_written)
    for name in ("engineio.server", "socketio.server", "aiohttp.access", "aioice", "aiortc"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    logging.getLogger("asyncpg.pool").setLevel(logging.ERROR)  # a traceback for each try while Postgres starts again


def _end_without_memory(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Whatever failed for want of memory was left half done, and nobody knows where (F25): the process ends at once, as by a kill, and is
    started again; what was acknowledged is in the log. Every failure that is caught in general is written down, so it passes here."""
    told = event.get("exc_info")
    _end_for(sys.exc_info()[1] if told is True else told)
    return event


def _is_written(record: logging.LogRecord) -> bool:
    """Of others' failures, too: asyncio's, aiohttp's."""
    _end_for(record.exc_info[1] if record.exc_info else None)
    return True


def _end_for(error: object) -> None:
    if isinstance(error, MemoryError):
        os.write(sys.stderr.fileno(), b'{"event": "no memory left: MemoryError", "level": "critical"}\n')
        os.kill(os.getpid(), signal.SIGKILL)


def shape_log(*first: structlog.typing.Processor) -> None:
    """One JSON object a line, through the standard library's logging like everybody's."""
    structlog.configure(
        processors=[
            *first,
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
