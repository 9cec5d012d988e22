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
session.damaged              what is stored of it is not what was written: the operator has to see to it
participant.banned           for good, until a moderator lifts it
participant.denied           turned away at the door
participant.not_admitted     still waiting, or removed
chat.locked                  only moderators write now
chat.slow                    one message every so often; carries `retry_after_s`
poll.not_open                it was never opened, or is a draft
poll.closed                  it does not take votes any more
poll.already_voted           an anonymous vote cannot be changed
poll.anonymous               an anonymous poll cannot be reopened, only copied
question.closed              answered, dismissed or merged: nothing more can be done to it
breakout.not_open            these rooms are not open yet, or none are
breakout.full                the room has no place left
breakout.closed              the room is closed, and so is what happened in it
board.locked                 only moderators draw on this page now
board.full                   this page has as many elements, or has had, as a page may
recording.running            it is being recorded already
recording.not_running        nothing is being recorded
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
