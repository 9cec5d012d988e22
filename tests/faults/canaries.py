"""Words written for few, told from the bytes that everybody received (I8), independent of the rules of visibility: each text of the
load carries a canary, and whoever wrote it noted for whom.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.faults.log import Log, Violation
from tests.faults.oracle import Oracle
from tests.faults.recording import History

CANARY = re.compile(r"canary[0-9a-f]{16}")

# Events that bring words to everybody which so far were for few.
PUBLISHING = frozenset({"question.approved", "question.reopened", "poll.opened"})
DELIVERIES = frozenset({"events", "snapshot", "joined", "state", "rest", "ack", "bye"})


@dataclass(frozen=True)
class Secret:
    """`audience`: `everyone`, `staff`, or a list of users; its author always."""

    author: str
    audience: str | tuple[str, ...]


def secrets_of(histories: Sequence[History]) -> dict[str, Secret]:
    found = {}
    for history in histories:
        for line in history.lines:
            if line.kind == "secret":
                audience = line.body["audience"]
                found[line.body["canary"]] = Secret(
                    history.user, audience if isinstance(audience, str) else tuple(audience)
                )
    return found


def check_secrets(history: History, oracle: Oracle, secrets: Mapping[str, Secret]) -> Iterator[Violation]:
    published = _published(oracle.log)
    here = 0
    for line in history.lines:
        if line.kind not in DELIVERIES:
            continue
        here = max(here, int(line.body.get("upto") or line.body.get("seq") or 0))
        for canary in set(CANARY.findall(line.raw)):
            secret = secrets.get(canary)
            if secret is None:
                yield Violation("I8", history.name, f"{canary} of another session in {line.kind}")
            elif not _may_read(history.user, secret, oracle, here) and published.get(canary, here + 1) > here:
                yield Violation(
                    "I8", history.name, f"{canary}, written for {secret.audience}, in {line.kind} at {here}"
                )


def _may_read(user: str, secret: Secret, oracle: Oracle, seq: int) -> bool:
    if user == secret.author or secret.audience == "everyone":
        return True
    if secret.audience == "staff":
        return oracle.standing(user, seq).staff
    return user in secret.audience


def _published(log: Log) -> dict[str, int]:
    """From which number on everybody may read it."""
    found: dict[str, int] = {}
    for recorded in log.written:
        event = recorded.event
        if event.type in PUBLISHING or getattr(event, "pending", None) is False:
            for canary in CANARY.findall(event.model_dump_json()):
                found.setdefault(canary, recorded.seq)
    return found
