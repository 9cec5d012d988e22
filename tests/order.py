"""What a process of `make test` takes next. Some of the tests wait for most of their time, some compute all the time, some need a browser;
each kind has processes that take it first, so that the machine is never idle and never has all of one kind at a time.

Of a kind, those files begin first that take longest, so that the last process of a run is not left alone with one of them. A file that
is not named comes after all that are. `pytest --durations=0` tells what takes how long.
"""

from collections.abc import Sequence
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

IN_REAL_TIME = (
    # what is heard while it is made, and shares of the machine
    "tests/faults/test_kill_recording.py",
    "tests/faults/test_wire_recorded.py",
    "tests/live/test_captions.py",
    "tests/live/test_worker.py",
    "tests/live/test_sound_homes.py",
    "tests/live/test_sound.py",
    "tests/attacks/test_sound.py",
    "tests/live/test_sound_recorded.py",
    "tests/attacks/test_floods.py",
    "tests/attacks/test_identity.py",
    "tests/faults/test_kill_server.py",
)
LONGEST = (
    # of the browser
    "tests/browser/test_accessibility.py",
    "tests/browser/test_journey_replay.py",
    "tests/browser/test_journey_breakouts.py",
    "tests/browser/test_journey_sound.py",
    "tests/browser/test_journey_board.py",
    "tests/browser/test_journey_phone.py",
    "tests/browser/test_journey_workshop.py",
    "tests/browser/test_journey_kill.py",
    # of everything else: what waits and what computes, in turn
    "tests/persistence/test_backup.py",
    "tests/faults/test_many_processes.py",
    "tests/laws/test_laws.py",
    "tests/faults/test_kill_archive.py",
    "tests/laws/test_never_visible.py",
    "tests/faults/test_f8_full_disks.py",
    "tests/faults/test_f5_failover.py",
    "tests/faults/test_f16_slow_readers.py",
    "tests/media/test_finalise.py",
    "tests/live/test_serving.py",
    "tests/api/test_schema_fuzz.py",
    "tests/laws/test_received_bytes.py",
    "tests/faults/test_two_servers.py",
    "tests/attacks/test_in_a_browser.py",
    "tests/faults/test_f3_frozen_server.py",
    "tests/media/test_transcriber.py",
    "tests/faults/test_commit_failures.py",
    "tests/persistence/test_event_log.py",
    "tests/attacks/test_unconsented.py",
    "tests/persistence/test_embedded.py",
    "tests/faults/test_f9_slow_recordings_disk.py",
    "tests/api/test_uploads.py",
    "tests/faults/test_f19_poison_event.py",
    "tests/media/test_recorder.py",
    "tests/faults/test_f25_exhaustion.py",
    "tests/persistence/test_erasure.py",
    "tests/faults/test_kill_postgres.py",
    "tests/live/test_restored.py",
    "tests/faults/test_f18_damaged_rows.py",
    "tests/media/test_desk.py",
    "tests/faults/test_f6_slow_postgres.py",
    "tests/persistence/test_database.py",
    "tests/faults/test_f14_clock_steps.py",
    "tests/persistence/test_committer.py",
    "tests/persistence/test_attendance.py",
    "tests/faults/test_f26_soak.py",
    "tests/faults/test_f7_postgres_pool.py",
    "tests/persistence/test_replica.py",
    "tests/live/test_heartbeat.py",
    "tests/persistence/test_documented_tables.py",
    "tests/faults/test_retries.py",
    "tests/api/test_attacks.py",
    "tests/persistence/test_projections.py",
    "tests/live/test_workers.py",
    "tests/api/test_keys.py",
    "tests/persistence/test_schema.py",
    "tests/attacks/test_rooms_apart.py",
    "tests/persistence/test_plans.py",
    "tests/api/test_recordings.py",
    "tests/api/test_values.py",
    "tests/attacks/test_authorisation.py",
    "tests/media/test_timeline.py",
    "tests/attacks/test_commands.py",
    "tests/rooms/test_engagement.py",
    "tests/attacks/test_malformed.py",
    "tests/laws/test_drawn_together.py",
    "tests/api/test_authorisation.py",
    "tests/api/test_openapi.py",
)
PLACES = {path: place for place, path in enumerate(IN_REAL_TIME + LONGEST)}
HALVED = {"tests/browser/test_accessibility.py": "phone"}
"""Files that two processes share: in the names of one half's tests is that word."""
REAL_TIME, BROWSER, OTHERS = range(3)
FIRST = (REAL_TIME, BROWSER, BROWSER, OTHERS)
"""The kind that each process takes as long as there is any; those after the last are like it."""


class ByFile(LoadFileScheduling):  # type: ignore[misc]  # of a package without types
    """Of pytest-xdist: each file is one process's."""

    def _split_scope(self, nodeid: str) -> str:
        file, _, test = nodeid.partition("::")
        half = HALVED.get(file)
        return f"{file} {half}" if half is not None and half in test else file

    def _assign_work_unit(self, node: Any) -> None:
        kind = FIRST[min(self.nodes.index(node), len(FIRST) - 1)]
        scope = next((scope for scope in self.workqueue if _kind_of(scope) == kind), None)
        if scope is not None:
            self.workqueue.move_to_end(scope, last=False)
        super()._assign_work_unit(node)


def _kind_of(scope: str) -> int:
    if scope in IN_REAL_TIME:
        return REAL_TIME
    return BROWSER if scope.startswith("tests/browser/") else OTHERS


def in_order(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """File by file, each as it was."""
    return sorted(items, key=lambda item: PLACES.get(item.nodeid.partition("::")[0], len(PLACES)))
