"""What holds for every test: no traffic beyond this machine, no skips, seeds that are printed, ports of its own.

Databases are in databases.py; servers and browsers are fixtures of the folders that use them.
"""

import asyncio.format_helpers
import ipaddress
import os
import random
import socket
import sys
import traceback
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from hypothesis import HealthCheck, Verbosity, settings

from tests.databases import cluster, database, dsn  # noqa: F401  fixtures for every folder

DEBUG_FRAMES = 3
PORTS = range(20_000, 32_000)
"""Below the range from which the kernel takes the ports of outgoing connections."""

TELLING = ("tests/laws/", "tests/faults/", "tests/browser/", "tests/attacks/")
"""Tests whose printed words are part of the result."""


def _few_frames(f: FrameType | None = None, limit: int | None = None) -> traceback.StackSummary:
    """The innermost ones, and nobody asks the disk whether their files have changed."""
    found: list[traceback.FrameSummary] = []
    frame = f
    while frame is not None and len(found) < (limit or DEBUG_FRAMES):
        code = frame.f_code
        found.append(traceback.FrameSummary(code.co_filename, frame.f_lineno, code.co_name, lookup_line=False))
        frame = frame.f_back
    return traceback.StackSummary.from_list(reversed(found))


# asyncio's debug mode notes where every future, task and callback was made: with the whole stack that is half the time of a run
traceback.extract_stack.__defaults__ = (None, DEBUG_FRAMES)
asyncio.format_helpers.extract_stack = _few_frames

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
    """A random port, so that test processes side by side seldom meet; somebody may still take it before you do."""
    for _ in range(100):
        port = random.choice(PORTS)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port found in 100 tries")


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
