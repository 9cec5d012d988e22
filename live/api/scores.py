"""Taking part as numbers: participants, their scores with every point explained, and the session as a whole. All of it is
projected from the log within seconds; one's own is for oneself and for staff (domain.md 4.2, 6).
"""

from collections.abc import Sequence

from pydantic import ConfigDict, Field

from live.api.attendance import CONTENT_TYPE, CsvQuery, as_csv
from live.api.call import Call
from live.api.route import Audited, Family, File, Listing, Named, Paging, SessionPath, UserPath, Who
from live.api.sessions import Session, read_seen
from live.problems import not_found
from persistence.models.participant import SessionParticipant
from persistence.pages import LIMIT_MAX
from persistence.sessions import Sessions
from rooms.engagement import Component, Part
from rooms.feature import Wire
from rooms.ids import SessionId, UserId
from rooms.roles import Role

family = Family("participants", "Who took part, and how: W201-W223.")
PATH = "/live-sessions/{session_id}"


class Breakdown(Wire):
    """Every point, with the rows of the log it stands on; `final` once the session is over. Each `sentence` names a text."""

    model_config = ConfigDict(extra="ignore")  # of what a later release may store

    version: int
    final: bool
    parts: dict[Component, Part] = Field(default_factory=dict)


class Score(Wire):
    """`scored` is false for staff and observers; `breakdown` explains every point of the others."""

    user_id: UserId
    role: Role
    scored: bool
    participation_score: int | None = None
    total_time_minutes: float
    interaction_count: int
    questions_asked: int
    polls_answered: int
    breakdown: Breakdown | None = None


class Engagement(Wire):
    """The whole session and whom the reader may see of it: staff everybody, others themselves. Scores 0 to 100."""

    engagement_score: float | None = None
    participant_count: int
    median_score: float | None = None
    count: int = Field(default=0, description="participants with a score")
    items: tuple[Score, ...]
    people: dict[UserId, Named]


class Summary(Wire):
    """What happened, for everybody who was there; `summary` is written at the end."""

    session: Session
    summary: str | None = None
    participant_count: int
    engagement_score: float | None = None
    you: Score | None = None
    people: dict[UserId, Named]


@family.get(PATH + "/participants", Who.MEMBER)
async def list_participants(call: Call, session_id: SessionPath, query: Paging) -> Listing[SessionParticipant]:
    """Rows of whoever was let in, by first join: staff see everybody's, others their own."""
    return await call.listing(
        await Sessions(call.database).participants(session_id, call.user, query.limit, query.cursor)
    )


@family.get(PATH + "/participants/{user_id}/score", Who.MEMBER, etag=True, audited=Audited("live.session_participants"))
async def read_score(call: Call, session_id: SessionPath, user_id: UserPath) -> Score:
    """One's own, or for staff anybody's."""
    for each in await _participants(call, session_id):
        if each.user_id == user_id:
            return _score(each)
    raise not_found()


@family.get(PATH + "/engagement", Who.MEMBER, etag=True)
async def read_engagement(call: Call, session_id: SessionPath) -> Engagement:
    """How the session was taken part in."""
    session = await read_seen(call, session_id)
    scores = tuple(_score(each) for each in await _participants(call, session_id))
    overall = (session.metadata.model_extra or {}).get("engagement", {})
    return Engagement(
        engagement_score=session.metadata.engagement_score,
        participant_count=session.metadata.participant_count,
        median_score=overall.get("median"),
        count=overall.get("count", 0),
        items=scores,
        people=await call.people(*scores),
    )


@family.get(
    PATH + "/engagement.csv", Who.STAFF, produces=CONTENT_TYPE, cost=5, audited=Audited("live.session_participants")
)
async def export_engagement(call: Call, session_id: SessionPath, query: CsvQuery) -> File:
    """The same for a spreadsheet."""
    scores = [_score(each) for each in await _participants(call, session_id)]
    names = await call.directory.names({each.user_id for each in scores})
    columns = ("userId", "name", "role", "participationScore", "totalTimeMinutes", "interactionCount", "questionsAsked")
    rows = [
        (
            each.user_id,
            names.get(each.user_id, ""),
            each.role,
            "" if each.participation_score is None else str(each.participation_score),
            f"{each.total_time_minutes:g}",
            str(each.interaction_count),
            str(each.questions_asked),
            str(each.polls_answered),
        )
        for each in scores
    ]
    body = as_csv((*columns, "pollsAnswered"), rows, bom=query.bom)
    return File(body, CONTENT_TYPE, f"engagement-{session_id}.csv")


@family.get(PATH + "/summary", Who.MEMBER, etag=True)
async def read_summary(call: Call, session_id: SessionPath) -> Summary:
    """The session in short, with one's own part in it."""
    session = await read_seen(call, session_id)
    own = next((each for each in await _participants(call, session_id) if each.user_id == call.user), None)
    return Summary(
        session=session,
        summary=session.metadata.summary,
        participant_count=session.metadata.participant_count,
        engagement_score=session.metadata.engagement_score,
        you=_score(own) if own is not None else None,
        people=await call.people(session),
    )


async def _participants(call: Call, session: SessionId) -> Sequence[SessionParticipant]:
    """All that row-level security shows the reader."""
    held, found = Sessions(call.database), list[SessionParticipant]()
    cursor: str | None = None
    while True:
        page = await held.participants(session, call.user, LIMIT_MAX, cursor)
        found += page.items
        if (cursor := page.next_cursor) is None:
            return found


def _score(participant: SessionParticipant) -> Score:
    scored = participant.role is Role.PARTICIPANT
    metadata = participant.metadata
    held = (metadata.model_extra or {}).get("scoreBreakdown")
    return Score(
        user_id=participant.user_id,
        role=participant.role,
        scored=scored,
        participation_score=participant.participation_score if scored else None,
        total_time_minutes=metadata.total_time_minutes,
        interaction_count=metadata.interaction_count,
        questions_asked=metadata.questions_asked,
        polls_answered=metadata.polls_answered,
        breakdown=Breakdown.model_validate(held) if held and scored else None,
    )
