"""What loop detection costs for each chunk of a stream: `python -m bench.loop_detection`.

The same text goes through the stage's steps, and its chunks, as a vendor sends them, through
`orjson.loads`, in turns within one run, for the machine's speed drifts. It goes through them also
in larger pieces, as a reader gives on what has arrived together.
"""

import inspect
import statistics
import time
import tracemalloc
from collections.abc import Callable, Sequence

import orjson

from llm_proxy.pipeline.events import Event, ReasoningDelta, TextDelta, ToolCallDelta
from llm_proxy.stages.loop_detection.calls import CallGuard
from llm_proxy.stages.loop_detection.guard import Guard
from llm_proxy.stages.loop_detection.options import TurnsOptions
from llm_proxy.stages.loop_detection.thresholds import Thresholds
from llm_proxy.stages.loop_detection.watch import Watch

SIZE = 20
CHUNKS = 2000
TOGETHER = 110
ROUNDS = 15
GOAL = 1.5


def _texts() -> dict[str, str]:
    """A text of its own kind in each: code, prose, data, words of other scripts."""
    code = inspect.getsource(inspect)
    prose = " ".join(word for word in code.split() if word.isalpha())
    data = orjson.dumps([{"id": n, "x": n * 37 % 101, "ok": True} for n in range(2000)]).decode()
    cyrillic = prose.translate({n: n + 0x3D0 for n in range(ord("a"), ord("z") + 1)})
    return {"code": code, "prose": prose, "JSON": data, "Cyrillic": cyrillic}


def _pieces(text: str) -> list[str]:
    long = text * (1 + CHUNKS * SIZE // len(text))
    return [long[start : start + SIZE] for start in range(0, CHUNKS * SIZE, SIZE)]


def _chunk(text: str) -> bytes:
    delta = {"index": 0, "delta": {"content": text}, "finish_reason": None}
    fields = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return orjson.dumps({**fields, "choices": [delta]})


def _steps() -> Callable[[Event], None]:
    """Both steps of the stage, one behind the other as in a reply."""
    guard = Guard(Watch(Thresholds(), lambda _: False), lambda _: None).__call__
    calls = CallGuard(None, TurnsOptions(), lambda _: None).__call__

    def see(event: Event) -> None:
        for passed in guard(event):
            calls(passed)

    return see


def _microseconds(see: Callable[[object], object], things: Sequence[object]) -> float:
    began = time.process_time()
    for thing in things:
        see(thing)
    return (time.process_time() - began) / len(things) * 1e6


def compare_loop_detection(rounds: int = ROUNDS) -> None:
    """Print a table: CPU per chunk, watched and parsed."""
    print(f"\nCPU per {SIZE}-character chunk in µs, median (least) of {rounds} rounds\n")
    print(f"text       |       watched | orjson.loads | ratio | goal | {TOGETHER} together")
    for name, text in _texts().items():
        pieces = _pieces(text)
        events, chunks = [TextDelta(one) for one in pieces], [_chunk(one) for one in pieces]
        large = [
            TextDelta("".join(pieces[start : start + TOGETHER]))
            for start in range(0, CHUNKS, TOGETHER)
        ]
        times = [
            (
                _microseconds(_steps(), events),  # type: ignore[arg-type]
                _microseconds(orjson.loads, chunks),  # type: ignore[arg-type]
                _microseconds(_steps(), large),  # type: ignore[arg-type]
            )
            for _ in range(rounds)
        ]
        ours, its, together = ([one[column] for one in times] for column in range(3))
        ratio = statistics.median(one / other for one, other, _ in times)
        columns = [
            f"{name:10}",
            f"{statistics.median(ours):5.2f} ({min(ours):5.2f})",
            f"{statistics.median(its):5.2f} ({min(its):4.2f})",
            f"{ratio:5.2f}",
            f"{GOAL:4.1f}",
            f"{statistics.median(together):5.1f} ({min(together):5.1f})",
        ]
        print(" | ".join(columns), flush=True)
    print(f"memory of a stream with all three kinds of text: {_memory() / 1024:.0f} KiB at most")


def _memory() -> int:
    """The bytes that a stream of text, reasoning and arguments keeps."""
    pieces = [piece for text in _texts().values() for piece in _pieces(text)[:1000]]
    events: list[Event] = []
    for piece in pieces:
        events += [TextDelta(piece), ReasoningDelta(piece), ToolCallDelta(0, piece)]
    _seen_all(events)  # the interpreter keeps some small objects for later: not the stream's
    tracemalloc.start()
    stream = _seen_all(events)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del stream
    return kept


def _seen_all(events: Sequence[Event]) -> Callable[[Event], None]:
    see = _steps()
    for event in events:
        see(event)
    return see


if __name__ == "__main__":
    compare_loop_detection()
