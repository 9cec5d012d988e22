"""Why a command is refused. A code is stable for ever: it is the same in a socket ack, in a REST problem and in the docs.

forbidden                    the actor lacks the right
bad_request                  the command is malformed, or names something impossible
not_found                    it names something that does not exist, or that the actor may not know
feature_off                  the session was set up without this feature
limit_reached                a documented limit of the session is reached
id_reused                    this command id was used before with another content
rate_limited, overloaded, unavailable, internal     said by the server around the rules (live/limits.py)
session.illegal_transition   carries `allowed`, the statuses that may follow now
session.not_active           not started yet
session.paused               participants wait until it resumes
session.ended                over, or cancelled
session.owned                a session is never without an owner
participant.banned, participant.denied, participant.not_admitted, participant.not_present
chat.locked, chat.slow       `chat.slow` carries `retry_after_s`
poll.not_open, poll.already_voted, poll.anonymous, poll.closed
question.closed
"""


class Refused(Exception):
    """Raised by `decide`; the command then has no effect at all."""

    def __init__(
        self, code: str, detail: str = "", *, retry_after_s: float | None = None, allowed: tuple[str, ...] = ()
    ) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail or code
        self.retry_after_s = retry_after_s
        self.allowed = allowed
