"""When an agent's calls were first seen, for a conversation does not tell."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

import orjson

from llm_proxy.pipeline.state.store import Store
from llm_proxy.stages.loop_detection.history import Done, digest

_LATEST = 64

_KEPT_FOR = 86_400.0
"""Seconds since the last repetition; what is forgotten would be new again."""

Times = dict[str, tuple[int, list[float]]]
"""Digest of a call and its result → how often it is there, and when the last ones were seen."""


class Seen:
    """The times of a session's calls, kept in the store; `clock` is in seconds, and the same for
    all who share the store."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock

    async def within(self, session: str, done: Sequence[Done], window: float) -> Sequence[Done]:
        """The last calls of `done`, those that were first seen no longer ago than the window."""
        key, now = f"loops:{session}", self._clock()
        names = [_name(one) for one in done]
        times: Times = {}

        def changed(kept: bytes | None) -> bytes:
            nonlocal times
            times = _times(names, orjson.loads(kept) if kept else {}, now)
            return orjson.dumps(times)

        await self._store.update(key, changed, max(window, _KEPT_FOR))
        recent = sum(1 for _ in _recent(names, times, now - window))
        return done[len(done) - recent :]


def _times(
    names: Sequence[str], before: Mapping[str, tuple[int, list[float]]], now: float
) -> Times:
    """The known times, and now for what is new. A client may have shortened the conversation."""
    counts = Counter(names)
    times: Times = {}
    for name in set(names[-_LATEST:]):
        count, known = before.get(name, (0, []))
        new = [now] * max(0, counts[name] - count)
        times[name] = counts[name], [*known, *new][-min(counts[name], _LATEST) :]
    return times


def _recent(names: Sequence[str], times: Times, since: float) -> Iterator[str]:
    """The last names, back to the first that was seen before."""
    left = {name: list(seen) for name, (_, seen) in times.items()}
    for name in reversed(names[-_LATEST:]):
        if not left[name] or left[name].pop() < since:
            return
        yield name


def _name(one: Done) -> str:
    return digest(one.call.hex(), one.result).hex()
