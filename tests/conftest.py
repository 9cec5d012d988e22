"""What holds for every test: no traffic beyond this machine, no skips, seeds that are printed, ports of its own.

Databases are in databases.py; servers and browsers are fixtures of the folders that use them.
"""

import gc
import ipaddress
import os
import random
import socket
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Verbosity, settings

from tests.databases import cluster, database, dsn, redis  # noqa: F401  fixtures for every folder
from tests.loops import use_debug_mode
from tests.order import ByFile, in_order

PORTS = range(20_000, 32_000)
"""Below the range from which the kernel takes the ports of outgoing connections."""
PROCESSES_MAX = 8

TELLING = ("tests/laws/", "tests/faults/", "tests/browser/", "tests/attacks/")
"""Tests whose printed words are part of the result."""


use_debug_mode()

settings.register_profile("default", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("fast", settings.get_profile("default"), max_examples=20, verbosity=Verbosity.quiet)
settings.register_profile("long", settings.get_profile("default"), max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def _refuse_strangers(event: str, args: tuple[Any, ...]) -> None:
    """Fails the test that would talk to another machine; names are resolved before they arrive here."""
    if event != "socket.connect" or not isinstance(args[1], tuple):
        return
    host = str(args[1][0]).partition("%")[0]
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = host in {"localhost", ""}
    if not local:
        raise PermissionError(f"a test may not connect to {args[1]!r}: loopback only")


sys.addaudithook(_refuse_strangers)


@pytest.fixture
def free_port() -> Callable[[], int]:
    """Gives a port of this machine that nobody listens on; ask again for another one."""
    return find_free_port


def find_free_port() -> int:
    """A random port of those that are this process's own among the processes of a run; none is given twice."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    own = [port for port in PORTS[number % PROCESSES_MAX :: PROCESSES_MAX] if port not in _given]
    for port in random.sample(own, 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            _given.add(port)
            return port
    raise RuntimeError("no free port found in 100 tries")


_given: set[int] = set()


def pytest_collection_finish(session: pytest.Session) -> None:
    """What was imported stays: no collection looks at it again, as in a server (live/serving.py)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items[:] = in_order(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile | None:
    return ByFile(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What runs measured and counted, and their seeds, is shown at the end, also of one that passed."""
    for report in terminalreporter.stats.get("passed", []):
        if report.nodeid.startswith(TELLING) and report.capstdout.strip():
            terminalreporter.write_sep("-", report.nodeid)
            terminalreporter.write_line(report.capstdout)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A skipped test is a failed run: what a test needs is installed by `make test`, on every machine."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and reporter.stats.get("skipped") and session.exitstatus == pytest.ExitCode.OK:
        reporter.write_line("a test was skipped, which counts as a failure here", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
