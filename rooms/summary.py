"""A few plain sentences about a session, made from the log's evidence alone (W189).

Says only what everybody in the session could know, so nothing of what happened in breakout rooms; names nobody, and quotes
no participant; the question of a poll and its most chosen answer are quoted once everybody may see them.
"""

from datetime import datetime

from rooms.engagement import Reckoning
from rooms.evidence import AskedPoll, Evidence
from rooms.roles import Role


def summary(evidence: Evidence, at: datetime) -> str:
    """As of `at`; once the session is over it no longer depends on it."""
    if evidence.started_at is None:
        return "The session did not take place."
    said = [_length(evidence, at), _people(evidence), _polls(evidence), *_results(evidence), _talk(evidence)]
    return " ".join(each for each in said if each)


def _length(evidence: Evidence, at: datetime) -> str:
    reckoning = Reckoning(evidence, at)
    live = f"The session ran for {_count(round(reckoning.live_s / 60), 'minute')}"
    away = sum((end - start).total_seconds() for start, end in evidence.outages if end is not None)
    return (
        f"{live}, interrupted by {_count(max(1, round(away / 60)), 'minute')} without a server." if away else f"{live}."
    )


def _people(evidence: Evidence) -> str:
    came = [guest.role for guest in evidence.guests.values() if guest.stays]
    watching = came.count(Role.OBSERVER)
    others = f" and {_count(watching, 'observer')}" if watching else ""
    participants = _count(came.count(Role.PARTICIPANT), "participant")
    return f"{participants}{others} came, at most {evidence.most_present} people were present at once."


def _polls(evidence: Evidence) -> str:
    polls = [poll for poll in evidence.polls.values() if poll.room is None]
    answers = sum(poll.answered for poll in polls)
    return f"{_count(len(polls), 'poll')} got {_count(answers, 'answer')}." if polls else ""


def _results(evidence: Evidence) -> list[str]:
    shown = sorted(
        (poll for poll in evidence.polls.values() if poll.closed is not None and poll.room is None),
        key=lambda poll: poll.open[0][0],
    )
    return [result for poll in shown if (result := _result(poll))]


def _result(poll: AskedPoll) -> str:
    if not poll.counts or not any(poll.counts):
        return ""
    most = max(poll.counts)
    first = " and ".join(option for option, count in zip(poll.options, poll.counts, strict=False) if count == most)
    return f"“{poll.question}” – {first} ({most} of {poll.answered})."


def _talk(evidence: Evidence) -> str:
    accepted = [each for each in evidence.questions.values() if each.accepted and each.room is None]
    said = [_count(evidence.messages, "message")] if evidence.messages else []
    if accepted:
        answered = sum(each.answered for each in accepted)
        said.append(f"{_count(len(accepted), 'question')}, {answered} of them answered")
    return f"There were {' and '.join(said)}." if said else ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
