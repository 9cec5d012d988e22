"""Where on the recording's timeline a voice's packets belong. RTP timestamps say exactly how packets lie to each other, arrival
times say where they lie at all; this puts both together, so that no loss, jitter, stall, mute, jump or wrap ever shifts what
comes after (traps D30, M20). Knows no file, no codec but the length of a packet, and no clock: `at` and `now` are told.

Positions are samples at 48 kHz since the start of the recording, multiples of 2.5 ms; a slot is 960 of them. They only grow and
packets never overlap. What lies between two packets is silence; nobody has to say so.

A *run* is a stretch of one voice whose timestamps go as the clock goes. Its place is where the least delayed packets put it: a
packet can be late, never early. That bound follows the sender's clock as it drifts, and the place follows the bound: in pauses
for nothing, within speech only when they are 40 ms apart. Packets are held for `HOLD_S`, at first longer, so a run's place is
known before its first packet is given out, and packets that overtook each other are in order again.

Timestamps that come from the future begin a new run at once (a jump, another SSRC). Timestamps from the past are either a stall
that drains, faster than the clock, and then its packets belong where they say; or a sender that jumped back, or stood still
while muted, and then they go on as the clock goes and begin a new run. So do those that are a little late all at once and stay
it, which no jitter does; a queue in the network grows step by step.
"""

from bisect import insort
from dataclasses import dataclass, field
from typing import NamedTuple

from media.framing import sounding_samples

RATE = 48_000
SLOT = 960
GRID = 120  # 2.5 ms, the shortest Opus frame: every gap can be filled with whole frames
HOLD_S = 0.4
HOLD_AT_FIRST_S = 0.8  # of a run: 13 packets of 60 ms, of which one was hardly delayed
EARLY_S = 0.5
LATE_S = 0.5
STEP_S = 0.12
STEP_SHARE = 0.75  # of a step, by which all that follow are late as well
STEP_PACKETS = 12
DRAINING_RATIO = 1.5
DRAINING_S_MAX = 15.0
HELD_MAX = 2_000
DRIFT_PER_S = 0.0005
ADRIFT = round(0.040 * RATE)
ADRIFT_IN_PAUSE = round(0.005 * RATE)
PAUSE = round(0.1 * RATE)
WRAP = 1 << 32


class Placed(NamedTuple):
    position: int
    samples: int
    packet: bytes

    @property
    def end(self) -> int:
        return self.position + self.samples


@dataclass(frozen=True, order=True)
class _Heard:
    """A packet with its timestamp unwrapped, in samples."""

    timestamp: int
    at: float = field(compare=False)
    packet: bytes = field(compare=False)
    samples: int = field(compare=False)

    @property
    def delay(self) -> float:
        """Seconds; it cannot have been sent before its last sample was spoken."""
        return self.at - (self.timestamp + self.samples) / RATE


class _Run:
    def __init__(self, first: _Heard, late_by: float = 0.0) -> None:
        self.held = [first]
        self.first = self.newest = self.latest = first
        self.late_by = late_by  # against the run before it
        self.least_delay = first.delay
        self._bound_at = first.at
        self.place: int | None = None  # position of timestamp 0, once something was given out

    def lateness(self, heard: _Heard) -> float:
        return heard.delay - self.least_delay

    def add(self, heard: _Heard) -> None:
        insort(self.held, heard)
        self.newest, self.latest = max(self.newest, heard), heard
        self.least_delay += max(0.0, heard.at - self._bound_at) * DRIFT_PER_S
        self._bound_at = max(self._bound_at, heard.at)
        self.least_delay = min(self.least_delay, heard.delay)


class Timeline:
    """One voice. `hear` what comes; `due` gives out, in order, what is settled."""

    def __init__(self) -> None:
        self._run: _Run | None = None
        self._late: _Run | None = None  # packets from the past, until it is clear why
        self._settled: list[Placed] = []
        self._newest_timestamp = 0
        self.end = 0  # position after the last packet given out

    def hear(self, packet: bytes, rtp_timestamp: int, at: float) -> None:
        """Raises nothing: a packet that is no Opus is left out."""
        samples = sounding_samples(packet)
        if not samples:
            return
        heard = _Heard(self._unwrapped(rtp_timestamp), at, packet, samples)
        run = self._run
        if run is None:
            self._run = _Run(heard)
        elif (lateness := run.lateness(heard)) < -EARLY_S:
            self._begin(_Run(heard))
        elif lateness <= LATE_S and not self._is_step(run, heard):
            self._take_back_late(run)
            run.add(heard)
        else:
            self._hear_late(run, heard)
        if sum(len(each.held) for each in (self._run, self._late) if each) > HELD_MAX:
            self._begin(None)

    def due(self, now: float) -> list[Placed]:
        """What was heard at least `HOLD_S` ago (`HOLD_AT_FIRST_S` where a run begins), each once."""
        if self._late and now - self._late.newest.at > HOLD_S:  # nothing more came that would say that it is a stall
            self._end_late(self._late)
        if self._run:
            self._settle(self._run, now - HOLD_S)
        given, self._settled = self._settled, []
        return given

    def cut(self, now: float, position: int | None = None) -> list[Placed]:
        """The voice fell silent (muted, left): what is held is given out now, but nothing from `position` on."""
        self._begin(None)
        given = [each for each in self.due(now) if position is None or each.position < position]
        if given:
            self.end = given[-1].end
        return given

    def _unwrapped(self, timestamp: int) -> int:
        """The nearest to the newest one: also right across 2^32, in both directions."""
        step = (timestamp - self._newest_timestamp) % WRAP
        self._newest_timestamp += step - WRAP if step >= WRAP // 2 else step
        return self._newest_timestamp

    def _is_step(self, run: _Run, heard: _Heard) -> bool:
        """Whether it, or what came before it, may be the first of many that are as late."""
        if self._late:
            return run.lateness(heard) >= self._late.late_by * STEP_SHARE
        lateness = run.lateness(heard)
        return lateness >= STEP_S and heard.delay - run.latest.delay >= lateness * STEP_SHARE

    def _hear_late(self, run: _Run, heard: _Heard) -> None:
        late = self._late
        if late is None or not -DRAINING_S_MAX <= late.lateness(heard) <= LATE_S:
            if late:
                self._end_late(late)
            self._late = _Run(heard, late_by=run.lateness(heard))
            return
        late.add(heard)
        spoken, passed = (late.newest.timestamp - late.first.timestamp) / RATE, heard.at - late.first.at
        draining = spoken > passed * DRAINING_RATIO and passed < DRAINING_S_MAX
        if passed >= HOLD_S and not draining:
            self._end_late(late)

    def _end_late(self, late: _Run) -> None:
        """No stall: a run of its own, unless a few were just a little late."""
        self._begin(late if late.late_by > LATE_S or len(late.held) >= STEP_PACKETS else self._run)

    def _take_back_late(self, run: _Run) -> None:
        """The stall is over: its packets belong where their timestamps say."""
        if self._late:
            for each in self._late.held:
                insort(run.held, each)
            self._late = None

    def _begin(self, run: _Run | None) -> None:
        """What was held of the run until now is settled; then that one, or none."""
        if self._run and self._late and self._late is not run and self._late.late_by <= LATE_S:
            self._take_back_late(self._run)
        for each in (self._run, self._late):
            if each and each is not run:
                self._settle(each, None)
        self._run, self._late = run, None

    def _settle(self, run: _Run, heard_until: float | None) -> None:
        """Gives out in order of timestamps; one that still has to wait holds back those after it."""
        if heard_until is not None and run.place is None and heard_until + HOLD_S - run.first.at < HOLD_AT_FIRST_S:
            return
        while run.held and (heard_until is None or run.held[0].at <= heard_until):
            placed = self._placed(run, run.held.pop(0))
            if placed:
                self._settled.append(placed)
                self.end = placed.end

    def _placed(self, run: _Run, heard: _Heard) -> Placed | None:
        wanted = round(run.least_delay * RATE)
        if run.place is None:
            run.place = wanted
        apart = abs(wanted - run.place)
        pause = heard.timestamp + run.place - self.end
        if apart > ADRIFT or (apart > ADRIFT_IN_PAUSE and pause >= PAUSE):
            run.place = wanted
        position = (heard.timestamp + run.place) // GRID * GRID
        if 0 < self.end - position <= heard.samples // 2:  # two runs that just touch
            run.place += self.end - position
            position = self.end
        return Placed(position, heard.samples, heard.packet) if position >= self.end else None
