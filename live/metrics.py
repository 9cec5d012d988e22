"""What this process tells Prometheus (docs/operations.md, Metrics): its own registry, filled when somebody asks from numbers that the
parts keep of themselves. Nothing here is on the way of a command, and no label names a session, a person or what they said.

Listens on METRICS_ADDRESS only, never where the workshop is served; each further process of the machine takes the next free port.
"""

import asyncio
import errno
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from live.checker import Checker
from live.gateway import Gateway
from live.hosts import Hosts
from live.tally import Tally
from live.watch import Watch, resident_bytes
from media.writer import WRITER
from persistence.committer import Committer
from persistence.database import Database
from persistence.durations import BOUNDS_S, Durations

log = structlog.get_logger("metrics")
PREFIX = "atelier_"
PORTS_TRIED = 64


class Told(Collector):
    """Asked by the registry; everything is read at that moment."""

    def page(self) -> bytes:
        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        return generate_latest(registry)


@dataclass(frozen=True)
class Metrics(Told):
    """Of a server."""

    tally: Tally
    hosts: Hosts
    gateway: Gateway
    committer: Committer
    database: Database
    checker: Checker
    watch: Watch

    def collect(self) -> Iterator[Metric]:
        yield from self._commands()
        yield from self._delivery()
        yield from self._process()
        yield from self._beside()

    def _commands(self) -> Iterator[Metric]:
        tally, committer = self.tally, self.committer
        yield counters("commands", "Commands by their answer: ok, or the code of the refusal.", "answer", tally.answers)
        yield counters("reject", "Refusals of whatever came over a socket, by code.", "code", tally.refusals)
        yield histogram(
            "ack_commit_seconds", "From a command's arrival to its ok, which is after the commit.", tally.ack
        )
        yield histogram("commit_queue_seconds", "A batch waits for the committer's next round.", committer.queued)
        yield histogram("commit_seconds", "A round of the committer in Postgres.", committer.statements)
        yield gauge("commit_waiting", "Batches that are in no round yet.", committer.waiting)
        yield counter("events", "Events committed by this process.", committer.appended)
        yield counter("dup_cmd", "Commands that had been accepted before, answered as then.", tally.repeated)
        yield counter("unknown_outcome", "Commands whose sender could not be told what became of them.", tally.unknown)

    def _delivery(self) -> Iterator[Metric]:
        tally, gateway = self.tally, self.gateway
        held = self.hosts.held()
        waiting = [channel.waiting_bytes for channel in list(gateway.wire.engine.sockets.values())]
        yield counter(
            "delivered_events", "Events shown to a session that has somebody connected here.", tally.delivered
        )
        yield gauge(
            "fanout_lag_seq", "Events by which the furthest connection is behind its session.", self.watch.fanout_lag()
        )
        yield counter(
            "hint_missed", "Events of another process found by asking, not by being told.", tally.found_by_poll
        )
        yield counters("resync", "Connections that could not go on from their place, by why.", "reason", tally.resyncs)
        yield counters("joins", "Joins: fresh, resumed, resync.", "kind", tally.joins)
        yield gauge("connections", "People's connections.", len(gateway.connections()))
        yield counters("connections_refused", "Connections not opened, by why.", "reason", tally.turned_away)
        yield counters("closes", "Connections that ended, by why.", "code", gateway.wire.engine.closes)
        yield gauge("outbox_bytes", "Bytes that wait to be sent to slow connections, together.", sum(waiting))
        yield gauge("outbox_bytes_max", "The same of the connection for which most waits.", max(waiting, default=0))
        yield gauge("sessions_hosted", "Sessions held in memory.", len(held))
        yield gauge("sessions_watched", "Of these, with somebody connected here.", sum(each.watched for each in held))

    def _process(self) -> Iterator[Metric]:
        yield gauge("loop_lag_seconds", "How late the event loop has been of late.", self.gateway.wire.engine.lag_s)
        yield gauge("draining", "1 while everybody is being sent away.", self.gateway.draining)
        yield histogram("pool_wait_seconds", "Until a connection to Postgres was lent.", self.database.waits)
        lent = GaugeMetricFamily(PREFIX + "pool_in_use", "Connections to Postgres that are lent.", labels=["pool"])
        size = GaugeMetricFamily(PREFIX + "pool_size", "Of how many there may be.", labels=["pool"])
        for pool, (in_use, most) in self.database.in_use().items():
            lent.add_metric([pool], in_use)
            size.add_metric([pool], most)
        yield lent
        yield size
        yield gauge("memory_bytes", "Resident memory of this process.", resident_bytes())
        yield gauge("tasks", "Tasks of the event loop.", len(asyncio.all_tasks()))

    def _beside(self) -> Iterator[Metric]:
        checker, jobs = self.checker, self.watch.jobs
        yield gauge(
            "recorder_gap_seconds", "Sound of a recording that is on no disk yet; the worst.", WRITER.unwritten_s()
        )
        yield counter(
            "recorder_lost_seconds", "Sound that a disk refused, or a killed process took along.", WRITER.lost_s
        )
        yield counter("checked_events", "Numbers of logs that the checker looked at (I2).", checker.events_seen)
        yield counter("checked_frames", "Frames that the checker looked at (I3).", checker.frames_seen)
        yield counters("violations", "Invariants that the checker found broken.", "invariant", checker.violations)
        waiting = GaugeMetricFamily(PREFIX + "jobs", "Durable work, by kind and state.", labels=["kind", "status"])
        for each in jobs:
            for status, count in (("queued", each.queued), ("running", each.running), ("dead", each.dead)):
                waiting.add_metric([each.kind, status], count)
        yield waiting
        if self.watch.store_bytes is not None:
            yield gauge("store_bytes", "What lies in the store's folder.", self.watch.store_bytes)


def gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(PREFIX + name, text, value=float(value))


def counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(PREFIX + name, text, value=value)


def counters(name: str, text: str, label: str, values: Mapping[Any, float]) -> Metric:
    family = CounterMetricFamily(PREFIX + name, text, labels=[label])
    for value, count in sorted(values.items()):
        family.add_metric([value], count)
    return family


def histogram(name: str, text: str, durations: Durations) -> Metric:
    upto = list(accumulate(durations.counts))
    bounds = [*map(str, BOUNDS_S), "+Inf"]
    family = HistogramMetricFamily(PREFIX + name, text)
    family.add_metric([], buckets=list(zip(bounds, upto, strict=True)), sum_value=durations.sum_s)
    return family


@asynccontextmanager
async def listening(metrics: Told, host: str, port: int) -> AsyncIterator[int]:
    """On this port, or the next one that is free; which one stands in the log. Where none is, the workshop goes on without."""
    app = web.Application()

    async def tell(_request: web.Request) -> web.Response:
        return web.Response(body=metrics.page(), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})

    app.router.add_get("/metrics", tell)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0, handler_cancellation=True)
    await runner.setup()
    try:
        yield await _listen(runner, host, port)
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, host: str, port: int) -> int:
    """0: nowhere."""
    for each in range(port, min(port + PORTS_TRIED, 65_536)):
        try:
            await web.TCPSite(runner, host, each).start()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                continue
            log.error("metrics cannot be told there", host=host, port=each, why=error.strerror)  # noqa: TRY400
            return 0
        log.info("telling metrics", host=host, port=each)
        return each
    log.error("metrics cannot be told there", host=host, port=port, why="no port is free")
    return 0
