"""Every limit of the live server, with its unit and what happens beyond it (invariant 9). Knows no connection and no rule.

Rates are token buckets on the monotonic clock; `LIMITS_FACTOR` multiplies rates, bursts and the caps of connections.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from resource import RLIMIT_NOFILE, getrlimit
from time import monotonic

# -- Messages: a violation counts as malformed; beyond MALFORMED_MAX the connection is closed with `protocol`. --
MESSAGE_BYTES_MAX = 64_000  # WebSocket close 1009
DEPTH_MAX = 32
NODES_MAX = 20_000  # a drawn line of 5,000 points has 15,000
MALFORMED_MAX = 5
CONTROLS_PER_BEAT_MAX = 50  # pongs and pings in a second, then closed with `rate`

# -- Time: beyond it the connection is closed without a word. --
CONNECT_WITHIN_S = 5.0
PING_EVERY_S = 10.0
PONG_WITHIN_S = 5.0
CLOSE_WITHIN_S = 2.0

# -- Work waiting: beyond it the ack says `overloaded` with `retryAfter`. --
INBOX_COMMANDS_MAX = 64  # per connection, unanswered
ROOM_COMMANDS_MAX = 1_000  # per session, waiting for their append
BATCH_COMMANDS_MAX = 200  # decided in one round; the rest waits for the next
HOSTS_MAX = 5_000  # sessions held in memory; one more is `unavailable` until another was let go
RETRY_OVERLOADED_S = 1.0
RETRY_UNAVAILABLE_S = 1.0
ANSWER_WITHIN_S = 5.0  # then `unavailable`: the outcome is unknown until the command is sent again

# -- Behind: the connection is closed with `slow`; it resumes where it stands. --
OUTBOX_BYTES_MAX = 1_048_576
OUTBOX_EVENTS_MAX = 1_000
OUTBOX_BEHIND_S_MAX = 10.0
TRANSPORT_BYTES = 65_536  # handed to the kernel's side at a time, the rest waits in the outbox
UNSENT_BYTES = 131_072  # TCP_NOTSENT_LOWAT: what the kernel holds back before it says full

# -- Resume: beyond it a snapshot marked `resync`. --
RESUME_EVENTS_MAX = 5_000
RING_EVENTS = 2_000  # recent events in memory; older ones come from the database
FRAME_EVENTS_MAX = 200  # of one frame of a tail

# -- Pace --
COVER_WITHIN_S = 4.0  # an invisible range is covered by a frame at most this late (the promise is 5 s)
POLL_EVERY_S = 0.5  # for what other processes appended
SIGNALS_EVERY_S = 0.1  # newest of each sender and kind wins in between
SIGNAL_BYTES_MAX = 4_096  # as it is passed on; dropped beyond it (attack 51)
SIGNALS_WAITING_MAX = 16  # of one sender, that do not replace each other; more are dropped
STOOD_STILL_S = (
    10.0  # a process that did nothing for so long sends everybody back: others count its people as gone since then
)
REVOCATION_EVERY_S = 1.0  # sign-ins revoked elsewhere (the promise is 2 s)
SNAPSHOT_EVENTS = (
    500  # at least, since the last: a long log has them further apart, so that all of them cost no more than it
)
SNAPSHOT_EVENTS_MAX = 2_000  # that much is folded in a tenth of a second
IDLE_HOST_S = 60.0
QUARANTINE_S = 10.0  # until a damaged session is tried again; meanwhile it is `session.damaged`
QUARANTINED_MAX = 5_000  # remembered; the longest known are tried again earlier
RECENT_COMMANDS = 5_000  # answered again from memory; older ones from the database
QUALITY_EVERY_S = 10.0

# -- Sound: an offer beyond it is answered `audio.refused` with its code and, where later may do, `retryIn`. --
OFFER_BYTES_MAX = 32_768  # `bad_request` (attack 62); every other signal stays small
PEERS_MAX = 500  # of this process, times the factor; `overloaded`
OFFERS_WAITING_MAX = 50  # being answered at once by this process; `overloaded`
RETRY_OFFER_S = 1.0
HOME_RENEWED_EVERY_S = 1.0
HOME_LEFT_AFTER_S = 60.0  # nobody speaks, hears or is recorded any more
GONE_FOR_S = 20.0  # whose last connection broke keeps their sound so long (the promise is 30 s)
LEVELS_EVERY_S = 0.1
STANDS_EVERY_S = 1.0  # rights that end by the clock are seen so late at most; everything else at once
REPORTS_WAITING_MAX = 200  # of speech that the log could not take; the oldest are lost

# -- What is too large for the log and the socket --
INTAKE_BYTES_MAX = 200_000_000  # of large bodies on their way in, this process; beyond it `overloaded` with Retry-After
INTAKE_PER_USER_MAX = 4  # at once; beyond it `rate_limited`
UPLOADS_CHECKED_AT_ONCE = 1  # of sound, at most 100 MB each; the others wait
PICTURES_AT_ONCE = 2  # decoded, by this process; a large one takes some 300 MB
KEPT_BYTES_MAX = 64_000_000  # answers that many ask for at the same time; the longest unused are made again
ANSWER_PIECE_BYTES = 65_536
ANSWER_PIECE_WITHIN_S = 10.0  # who reads more slowly is cut off (attack 39)
BODY_BEGINS_WITHIN_S = 10.0
BODY_BYTES_PER_S_MIN = 10_000.0  # who sends more slowly gets `too_slow` (attack 38)

# -- Refusals: each answered, but a connection that is refused this often is closed with `rate`. --
REFUSALS_MAX = 100
REFUSALS_WITHIN_S = 10.0

# -- Connections: refused with 503 and Retry-After before the upgrade; per user with `limit_reached`. --
CONNECTIONS = 10_000  # or as many files as may be open
CONNECTIONS_PER_ADDRESS = 500
CONNECTIONS_PER_USER = 20
FILES_RESERVED = 200  # of those that may be open: for health, for REST, for Postgres
LOOP_LAG_MAX_S = 0.5  # a process that is this late takes nobody in until it has caught up
POOL_WAIT_MAX_S = 1.0  # likewise of one whose connections to Postgres are not enough
BUCKETS_MAX = 50_000  # remembered keys of one rate; the longest unused are forgotten, which is in their favour

# -- Stopping --
DRAIN_S = 15.0
DRAIN_GRACE_S = 0.3  # for commands that are on their way already
DRAIN_SPREAD_S = 10.0
DRAIN_PEOPLE_PER_S = 100  # few come back sooner
SETTLE_S = 5.0  # for commands that were taken; whoever still has none is answered when they ask again
CUT_OFF_AFTER_S = 6.0  # without Postgres, while another process has it: everybody is sent there (the promise is 10 s)
SHED_SPREAD_S = 2.0


@dataclass(frozen=True, slots=True)
class Rate:
    per_second: float
    burst: float

    def times(self, factor: float) -> "Rate":
        return Rate(self.per_second * factor, self.burst * factor)


COMMANDS_PER_CONNECTION = Rate(10, 30)
COMMANDS_PER_USER = Rate(20, 60)
COMMANDS_PER_ADDRESS = Rate(300, 900)  # a classroom of 50 behind one address
CHAT_PER_USER = Rate(2, 5)
JOINS_PER_CONNECTION = Rate(1, 10)
SIGNALS_PER_CONNECTION = Rate(40, 80)  # dropped beyond it; pointing, drawing and typing at once come to 30 a second
OFFERS_PER_USER = Rate(1, 3)  # `rate_limited` with `retryIn`; each costs keys and a handshake
CONNECTS_PER_ADDRESS = Rate(5, 60)
REST_PER_USER = Rate(10, 50)
REST_PER_ADDRESS = Rate(100, 500)
UPLOADS_PER_USER = Rate(1, 120)  # all pages of a presentation, then one a second
LOGIN_PER_ACCOUNT = Rate(5 / 60, 5)
LOGIN_PER_ADDRESS = Rate(20 / 60, 20)  # tries that failed, or are not answered yet
INVITATION_PER_ADDRESS = Rate(20 / 60, 200)  # a classroom looks at its link and opens it
VERIFY_PER_ADDRESS = Rate(1, 30)  # numbers of certificates that somebody checks


_ROUNDING = 1e-6  # of a token, or of a second


class Bucket:
    """Of one key. Known is only when it is full again: before that it lacks what flows in until then."""

    __slots__ = ("burst", "clock", "full_at", "per_second", "period_s", "slack_s")

    def __init__(self, rate: Rate, clock: Callable[[], float]) -> None:
        self.burst, self.per_second, self.clock = rate.burst, rate.per_second, clock
        self.period_s = 1.0 / rate.per_second  # one token flows in
        self.slack_s = (rate.burst - 1.0) / rate.per_second  # full again within that: there is one to take
        self.full_at = 0.0

    def take(self, cost: float) -> float:
        level, now = self.level()
        if level < cost - _ROUNDING:
            return (cost - level) / self.per_second
        self.full_at = now + (self.burst - level + cost) / self.per_second
        return 0.0

    def give_back(self, cost: float) -> None:
        self.full_at -= cost / self.per_second

    def level(self) -> tuple[float, float]:
        """And when that was."""
        now = self.clock()
        return self.burst - max(0.0, self.full_at - now) * self.per_second, now


class Buckets:
    """One rate for many keys. `take` answers 0.0 when allowed, else the seconds to wait."""

    def __init__(self, rate: Rate, factor: float = 1.0, clock: Callable[[], float] = monotonic) -> None:
        self.rate = rate.times(factor)
        self._clock = clock
        self._of: OrderedDict[Hashable, Bucket] = OrderedDict()

    def of(self, key: Hashable) -> Bucket:
        """To be kept by whoever takes from it again and again."""
        found = self._of.get(key)
        if found is None:
            found = self._of[key] = Bucket(self.rate, self._clock)
            if len(self._of) > BUCKETS_MAX:
                self._of.popitem(last=False)
        else:
            self._of.move_to_end(key)
        return found

    def take(self, key: Hashable, cost: float = 1.0) -> float:
        return self.of(key).take(cost)

    def give_back(self, key: Hashable, cost: float = 1.0) -> None:
        """What was taken turned out not to count."""
        self.of(key).give_back(cost)


def take_all(wanted: Sequence[Bucket]) -> float:
    """Takes one from each bucket, or from none: the longest wait when any is empty. In few steps, because every command is asked;
    all of `wanted` have one clock."""
    now, longest = wanted[0].clock(), _ROUNDING
    for bucket in wanted:
        wait = bucket.full_at - now - bucket.slack_s
        if wait > longest:
            longest = wait
    if longest > _ROUNDING:
        return longest
    for bucket in wanted:
        if bucket.full_at < now:
            bucket.full_at = now
        bucket.full_at += bucket.period_s
    return 0.0


class Limits:
    """The buckets of this process. Every process has its own; together they allow at most their number times as much."""

    def __init__(self, factor: float = 1.0, clock: Callable[[], float] = monotonic) -> None:
        self.factor = factor
        self.commands_per_connection = Buckets(COMMANDS_PER_CONNECTION, factor, clock)
        self.commands_per_user = Buckets(COMMANDS_PER_USER, factor, clock)
        self.commands_per_address = Buckets(COMMANDS_PER_ADDRESS, factor, clock)
        self.chat_per_user = Buckets(CHAT_PER_USER, factor, clock)
        self.joins_per_connection = Buckets(JOINS_PER_CONNECTION, factor, clock)
        self.signals_per_connection = Buckets(SIGNALS_PER_CONNECTION, factor, clock)
        self.offers_per_user = Buckets(OFFERS_PER_USER, factor, clock)
        self.connects_per_address = Buckets(CONNECTS_PER_ADDRESS, factor, clock)
        self.rest_per_user = Buckets(REST_PER_USER, factor, clock)
        self.rest_per_address = Buckets(REST_PER_ADDRESS, factor, clock)
        self.uploads_per_user = Buckets(UPLOADS_PER_USER, factor, clock)
        self.login_per_account = Buckets(LOGIN_PER_ACCOUNT, factor, clock)
        self.login_per_address = Buckets(LOGIN_PER_ADDRESS, factor, clock)
        self.invitation_per_address = Buckets(INVITATION_PER_ADDRESS, factor, clock)
        self.verify_per_address = Buckets(VERIFY_PER_ADDRESS, factor, clock)
        self.connections = max(1, min(int(CONNECTIONS * factor), getrlimit(RLIMIT_NOFILE)[0] - FILES_RESERVED))
        self.peers = max(1, int(PEERS_MAX * factor))
        self.connections_per_address = int(CONNECTIONS_PER_ADDRESS * factor)
        self.connections_per_user = int(CONNECTIONS_PER_USER * factor)
