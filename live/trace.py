"""A command on its way, for operators: where its time went when its answer was late, and at level debug every stage it passes. Its
trace is the beginning of its id, which the event carries too, so that another process names the same trace where it delivers
the event (docs/operations.md, Logs and traces).

A line holds ids of sessions, types, numbers and times: nobody's words, and nobody's id. A command that may be secret, an anonymous
vote, has no trace anywhere: a line with its id would lead to who sent it (design.md 5).
"""

import logging
from collections.abc import Iterable, Sequence, Sized
from functools import partial

import structlog

from live.drafts import Waiting
from persistence.committer import Passage
from rooms.feature import Command, Recorded
from rooms.ids import SessionId

NAME = "trace"
SLOW_S = 0.5  # an answer that takes longer is a line at level info
TRACE_CHARACTERS = 8
TRACES_MAX = 50  # of one line

log = structlog.get_logger(NAME)
_logger = logging.getLogger(NAME)


def follow(*, everything: bool) -> None:
    """Which of the lines are written by this process."""
    _logger.setLevel(logging.DEBUG if everything else logging.INFO)


is_followed = partial(_logger.isEnabledFor, logging.DEBUG)
"""Asked before a line is put together: it is not, as a rule. A partial, because every command asks three times."""


def taken(session: SessionId, waiting: Waiting) -> None:
    """Into the session's queue."""
    if is_followed() and not _may_be_secret(waiting.command):
        log.debug("taken", session=session, trace=_trace(waiting.command_id), command=waiting.command.type)


def committed(session: SessionId, upto: int, waiting: Iterable[Waiting]) -> None:
    """Durable, and about to be answered."""
    if is_followed():
        log.debug("committed", session=session, upto=upto, traces=_traces(waiting))


def delivered(session: SessionId, events: Sequence[Recorded], connections: Sized) -> None:
    """Also of what another process committed."""
    if is_followed():
        traces = [_trace(each.command) for each in events[:TRACES_MAX] if each.command is not None]
        log.debug("delivered", session=session, upto=events[-1].seq, connections=len(connections), traces=traces)


def tell_slow(
    session: SessionId,
    waiting: Sequence[Waiting],
    begun_at: float,
    passage: Passage,
    answered_at: float,
    shown_at: float,
) -> None:
    """One line for a round with a late answer, about the command that waited longest: milliseconds in the inbox and the session's queue,
    in deciding, in the committer's queue, in Postgres, and until everybody here was sent what came of it."""
    told = [each for each in waiting if not _may_be_secret(each.command)]
    oldest = min(told, key=lambda each: each.arrived, default=None)
    if oldest is None or answered_at - oldest.arrived < SLOW_S:
        return
    taken_at = passage.taken_at or answered_at
    known_at = passage.known_at or answered_at
    log.info(
        "slow",
        session=session,
        trace=_trace(oldest.command_id),
        command=oldest.command.type,
        commands=len(waiting),
        took_ms=_ms(answered_at - oldest.arrived),
        inbox_ms=_ms(oldest.since - oldest.arrived),
        queue_ms=_ms(begun_at - oldest.since),
        postgres_ms=_ms(known_at - taken_at),
        between_ms=_ms(taken_at - begun_at),
        delivery_ms=_ms(shown_at - answered_at),
    )


def _traces(waiting: Iterable[Waiting]) -> list[str]:
    told = [_trace(each.command_id) for each in waiting if not _may_be_secret(each.command)]
    return told[:TRACES_MAX]


def _trace(command_id: str) -> str:
    return command_id[:TRACE_CHARACTERS]


def _ms(seconds: float) -> float:
    return round(seconds * 1_000, 1)


def _may_be_secret(command: Command) -> bool:
    """Of any kind that ever is, whatever the state says of this one."""
    return type(command).is_secret_in is not Command.is_secret_in
