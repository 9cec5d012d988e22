"""Peer reviews: staff ask a learner for one, the learner writes it, the author reads it; of an anonymous one not by whom
(B204-B215, D71)."""

from live.api.bootcamp.opening import once
from live.api.call import Call
from live.api.resource import Resource
from live.api.route import Family, Paging
from persistence.connection import Connection
from persistence.entities import Entity
from persistence.models.bootcamp.review import NewPeerReview, PeerReview, PeerReviewChange
from rooms.ids import AnyId

family = Family("bootcamp peer reviews", "What learners say to each other's submissions.")
AUTHOR = "SELECT app.submission_owner($1)"


class PeerReviewFilter(Paging):
    """`assigned`: to oneself. There is none by reviewer: it would tell who wrote what is anonymous."""

    submission_id: AnyId | None = None
    assigned: bool | None = None


async def shown(call: Call, connection: Connection, review: PeerReview) -> PeerReview:
    hidden = review.is_anonymous and await once(call, connection, AUTHOR, review.submission_id) == call.user
    return review.model_copy(update={"reviewer_id": None}) if hidden else review


PEER_REVIEWS = Resource(
    family,
    "/bootcamp/peer-reviews",
    "peer_review",
    Entity(
        "bootcamp.peer_reviews",
        PeerReview,
        conditions={"assigned": "(reviewer_id = app.current_user_id()) = {}"},
    ),
    shown=shown,
)

PEER_REVIEWS.listed("Those one writes, of one's submissions, and of courses that one teaches.", PeerReviewFilter)
PEER_REVIEWS.read("One review.")
PEER_REVIEWS.made("By staff: asks another learner of the course for a review.", NewPeerReview, refuses=("conflict",))
PEER_REVIEWS.changed("Writes the review that one was asked for.", PeerReviewChange)
PEER_REVIEWS.removed("By staff: takes it back.")
