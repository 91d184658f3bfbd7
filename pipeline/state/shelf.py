"""Values of one kind, as many as there is room for."""

from collections import OrderedDict
from collections.abc import Callable
from math import inf

from llm_proxy.pipeline.record import record

_SWEEP_EVERY = 1.0
"""Seconds: looking through all for what has expired is not for each request to pay."""


@record
class Bound:
    """At most so many values, and no more bytes of them than `room`."""

    number: int
    room: int


class Shelf:
    """Each value stands here until it expires or, over the bound, is the one that was least
    recently used; what has expired goes before it. `clock` gives seconds.

    Of our own, because cachetools' TLRUCache keeps the same promises at ten times the price: it
    took a tenth of all the calls of a request.
    """

    __slots__ = ("_bound", "_clock", "_next_end", "_size", "_values")

    def __init__(self, clock: Callable[[], float], bound: Bound) -> None:
        self._clock = clock
        self._bound = bound
        self._values: OrderedDict[str, tuple[bytes, float]] = OrderedDict()
        self._size = 0
        self._next_end = inf

    def get(self, key: str) -> bytes | None:
        """The value, which is thereby used."""
        kept = self._values.get(key)
        if kept is None:
            return None
        value, end = kept
        if end <= self._clock():
            self.drop(key)
            return None
        self._values.move_to_end(key)
        return value

    def put(self, key: str, value: bytes, ttl: float) -> None:
        """Keep it for `ttl` seconds; not at all, if it is larger than all of the room."""
        values, bound, size = self._values, self._bound, len(value)
        before = values.pop(key, None)
        if before is not None:
            self._size -= len(before[0])
        if size > bound.room:
            return
        now = self._clock()
        end = now + ttl
        # A copy, for what orjson makes keeps the four kilobytes that it was written into.
        values[key] = (b"%b" % value, end)
        self._size += size
        if end < self._next_end:  # noqa: PLR1730 - min() costs a fifth of all that is done here
            self._next_end = end
        if len(values) > bound.number or self._size > bound.room:
            self._make_room(now)

    def drop(self, key: str) -> None:
        """Forget it, if it is there."""
        kept = self._values.pop(key, None)
        if kept is not None:
            self._size -= len(kept[0])

    def _make_room(self, now: float) -> None:
        values, bound = self._values, self._bound
        if now >= self._next_end:
            for key in [key for key, (_, end) in values.items() if end <= now]:
                self.drop(key)
            first = min((end for _, end in values.values()), default=inf)
            self._next_end = max(first, now + _SWEEP_EVERY)
        while len(values) > bound.number or self._size > bound.room:
            _, (value, _) = values.popitem(last=False)
            self._size -= len(value)
