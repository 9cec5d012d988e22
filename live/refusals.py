"""One line in the log for each refusal, and never more than a few a second: a flood is counted, not written (trap D9). A line
holds a code and a type of command; nobody's words, and nobody's name.
"""

import structlog

from live.limits import Buckets, Rate

log = structlog.get_logger("refused")
LINES = Rate(20, 100)
KIND_LENGTH_MAX = 40


class Refusals:
    def __init__(self) -> None:
        self._lines = Buckets(LINES)
        self._unwritten = 0

    def note(self, code: str, command: object, channel: str, detail: str | None = None) -> None:
        """`detail` is one of our own sentences."""
        if self._lines.take(None):
            self._unwritten += 1
            return
        more = {"unwritten": self._unwritten} if self._unwritten else {}
        self._unwritten = 0
        if detail:
            more["detail"] = detail  # type: ignore[assignment]
        log.info("refused", code=code, command=_kind(command), channel=channel[:8], **more)


def _kind(command: object) -> str | None:
    """Whatever a client calls a command may be anything: only what looks like one is written."""
    if isinstance(command, str) and len(command) <= KIND_LENGTH_MAX and command.replace(".", "").isalnum():
        return command
    return None
