"""asyncio's debug mode in every test: all that it refuses, and of what it notes for a reader only as much as is asked for.

It refuses coroutines as callbacks and calls from other threads, tells of coroutines nobody awaited and of callbacks that are slow. Beside
that it notes where every future, task and callback was made and how it looked when it was cancelled, which is a quarter of a run.
`DEBUG_FRAMES=10` brings the notes back: ten frames tell where a task came from.
"""

import asyncio
import asyncio.constants
import asyncio.events
import asyncio.format_helpers
import contextvars
import os
import sys
import traceback
from collections.abc import Callable
from inspect import CO_COROUTINE
from traceback import StackSummary, walk_stack
from types import BuiltinMethodType, FrameType, FunctionType, MethodType
from typing import Any

DEBUG_FRAMES = int(os.environ.get("DEBUG_FRAMES", "0"))
"""How much of the stack is remembered."""
PLAIN = (FunctionType, MethodType)


def _frames_of(f: FrameType | None = None, limit: int | None = None) -> StackSummary:
    """The innermost ones, and nobody asks the disk whether their files have changed."""
    found: list[traceback.FrameSummary] = []
    frame = f
    while frame is not None and len(found) < (limit or DEBUG_FRAMES):
        code = frame.f_code
        found.append(traceback.FrameSummary(code.co_filename, frame.f_lineno, code.co_name, lookup_line=False))
        frame = frame.f_back
    return StackSummary.from_list(reversed(found))


def _begin(
    self: Any, callback: Any, args: Any, loop: asyncio.AbstractEventLoop, context: contextvars.Context | None = None
) -> None:
    """Of a handle: as outside of debug mode."""
    self._context = contextvars.copy_context() if context is None else context
    self._loop, self._callback, self._args = loop, callback, args
    self._cancelled, self._repr, self._source_traceback = False, None, None


def _cancel(self: Any) -> None:
    if not self._cancelled:
        self._cancelled, self._callback, self._args = True, None, None


_check_whatever = asyncio.BaseEventLoop._check_callback  # type: ignore[attr-defined]


def _check_callback(self: asyncio.BaseEventLoop, callback: Callable[..., object], method: str) -> None:
    """What is most called is seen at once to be no coroutine; everything else is looked at as ever."""
    kind = type(callback)
    if kind is BuiltinMethodType or (kind in PLAIN and not callback.__code__.co_flags & CO_COROUTINE):
        return
    _check_whatever(self, callback, method)


def _extract_stack(f: FrameType | None = None, limit: int | None = None) -> StackSummary:
    """What stands in the module of that name, where no frame is asked for; its code runs there, with the names of that module."""
    if limit == 0:
        return []  # type: ignore[return-value]
    if f is None:
        f = sys._getframe().f_back
    stack = StackSummary.extract(walk_stack(f), limit=limit)
    stack.reverse()
    return stack


def use_debug_mode() -> None:
    """Of the loops of this process, before there is one."""
    asyncio.constants.DEBUG_STACK_DEPTH = max(1, DEBUG_FRAMES)  # type: ignore[misc]  # of coroutines
    asyncio.format_helpers.extract_stack = _frames_of
    traceback.extract_stack.__defaults__ = (None, DEBUG_FRAMES)
    traceback.extract_stack.__code__ = _extract_stack.__code__  # futures in C hold the function, not its name
    asyncio.BaseEventLoop._check_callback = _check_callback  # type: ignore[attr-defined]
    if not DEBUG_FRAMES:
        asyncio.Handle.__init__ = _begin  # type: ignore[method-assign]
        asyncio.Handle.cancel = _cancel  # type: ignore[method-assign]
