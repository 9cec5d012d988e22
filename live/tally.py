"""What this process counts while it works: plain numbers that cost a fraction of a microsecond to raise. Read by live/metrics.py when
somebody asks; knows neither names of metrics nor anybody's name.
"""

from collections import Counter

from persistence.durations import Durations

OK = "ok"


class Tally:
    """`answers`: to commands, by the code of the refusal or `ok`, however they came; `refusals`: of whatever came over a socket, by code;
    `turned_away`: connections that were not opened, by why; `joins`: fresh, resumed, resync; `resyncs`: positions that were not gone on
    from, by why. `unknown`: commands whose outcome nobody could be told. `repeated`: commands that had been accepted before."""

    def __init__(self) -> None:
        self.ack = Durations()  # from a command's arrival to its answer, of those that were accepted
        self.answers: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.turned_away: Counter[str] = Counter()
        self.joins: Counter[str] = Counter()
        self.resyncs: Counter[str] = Counter()
        self.repeated = 0
        self.unknown = 0
        self.delivered = 0  # events, once for every session with somebody in it here
        self.found_by_poll = 0  # times that events of another process were found by asking, not by being told
