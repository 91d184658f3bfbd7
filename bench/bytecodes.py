"""How many bytecodes the main thread executes."""

import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from itertools import count
from types import CodeType, FrameType

_TOOL = 3
"""Of the numbers for tools of `sys.monitoring` one that it has no name for."""


@contextmanager
def bytecodes() -> Generator[Callable[[], int], None, None]:
    """Count while the context lasts; what is given tells how many there were."""
    steps = count()
    with _monitored(steps) if sys.version_info >= (3, 12) else _traced(steps):
        yield lambda: next(steps)


if sys.version_info >= (3, 12):  # where trace functions miss those of coroutines

    @contextmanager
    def _monitored(steps: "count[int]") -> Generator[None, None, None]:
        monitoring, main = sys.monitoring, threading.get_ident()

        def see(_code: CodeType, _offset: int) -> None:
            if threading.get_ident() == main:
                next(steps)

        monitoring.use_tool_id(_TOOL, "bytecodes")
        monitoring.register_callback(_TOOL, monitoring.events.INSTRUCTION, see)
        monitoring.set_events(_TOOL, monitoring.events.INSTRUCTION)
        try:
            yield
        finally:
            monitoring.set_events(_TOOL, 0)
            monitoring.free_tool_id(_TOOL)

else:

    @contextmanager
    def _traced(steps: "count[int]") -> Generator[None, None, None]:
        def see(_frame: FrameType, event: str, _: object) -> Callable[..., object]:
            if event == "opcode":
                next(steps)
            return see

        def begin(frame: FrameType, _event: str, _: object) -> Callable[..., object]:
            frame.f_trace_opcodes, frame.f_trace_lines = True, False
            return see

        before = sys.gettrace()
        sys.settrace(begin)
        try:
            yield
        finally:
            sys.settrace(before)
