"""What a pure function costs, to be compared with what something else costs: machines differ, ratios less."""

from collections.abc import Callable
from time import thread_time


def cost_s(work: Callable[[], object]) -> float:
    """Seconds of this thread's CPU, the best of three runs."""

    def once() -> float:
        started = thread_time()
        work()
        return thread_time() - started

    return min(once() for _ in range(3))
