"""Where one request goes next: what has been tried, what is left, and how long to wait for it."""

from collections.abc import Callable, Sequence
from math import inf
from operator import attrgetter

from llm_proxy.pipeline.errors import Fault, ProxyError, Unavailable
from llm_proxy.pipeline.health import Health, Record
from llm_proxy.pipeline.trace import Target
from llm_proxy.stages.failover.options import FailoverOptions
from llm_proxy.stages.failover.reactions import LASTING, OF_THE_KEY

_FEWEST_TRIES = 3

_IS_WELL = attrgetter("record.breaker.well")

_AS_GOOD_AS_NOW = 0.005
"""Seconds; clocks and sleeps do not agree to the last digit."""


class NobodyThere(Unavailable):
    """Every target that is left is to be let alone for a while (503)."""


class Stop:
    """A target on the way. `not_before` is a time of the clock; `out`: not for this request."""

    __slots__ = ("not_before", "out", "record", "target", "tries")

    def __init__(self, target: Target, record: Record) -> None:
        self.target = target
        self.record = record
        self.tries = 0
        self.not_before = 0.0
        self.out = False

    def wait(self, now: float) -> float:
        """Seconds until it may be asked."""
        seconds = self.not_before - now
        if not self.record.breaker.well:
            seconds = max(seconds, self.record.wait)
        return seconds if seconds > _AS_GOOD_AS_NOW else 0.0

    def is_same_model(self, other: "Stop") -> bool:
        """Whether at most the key differs."""
        one, two = self.target, other.target
        return (one.backend, one.model) == (two.backend, two.model)

    def is_same_key(self, other: "Stop") -> bool:
        """Whether at most the model differs."""
        one, two = self.target, other.target
        return (one.backend, one.key) == (two.backend, two.key)


class Course:
    """Keeps the targets in the order in which they are to be tried. `deadline` is a time of the
    clock; nothing is begun and nothing waited for beyond it. At its beginning it `is_well`, if none
    of the targets has to be let alone."""

    __slots__ = (
        "_again",
        "_clock",
        "_options",
        "_stops",
        "deadline",
        "is_well",
        "max_tries",
        "tries",
    )

    def __init__(
        self,
        targets: Sequence[Target],
        options: FailoverOptions,
        health: Health,
        clock: Callable[[], float],
        deadline: float,
    ) -> None:
        self._stops = [Stop(target, health.of(target)) for target in targets]
        self.is_well = all(map(_IS_WELL, self._stops))
        self._options = options
        self._clock = clock
        self._again: Stop | None = None
        self.deadline = deadline
        self.tries = 0
        self.max_tries = options.max_tries or max(_FEWEST_TRIES, len(self._stops))

    @property
    def seconds_left(self) -> float:
        """Until the deadline."""
        return self.deadline - self._clock()

    @property
    def may_try(self) -> bool:
        """Whether there is a try and a target left, and time for it."""
        return self.tries < self.max_tries and self.seconds_until_next() < self.seconds_left

    def has_another(self, stop: Stop) -> bool:
        """Whether, while `stop` is being asked, one that has not been could be at once."""
        return (
            len(self._stops) > 1 and self.tries < self.max_tries and self._fresh(stop) is not None
        )

    def can_be_joined(self, stop: Stop) -> bool:
        """Whether, while `stop` is being asked, a second request may be made."""
        return self.tries < self.max_tries and not (self._fresh(stop) or stop).wait(self._clock())

    def limit(self, stop: Stop, *, stream: bool) -> float:
        """Seconds for one attempt. A whole answer shows nothing before its end, so it may take all
        the time where it is the last."""
        left = self.deadline - self._clock()
        if stream or self.has_another(stop):
            return min(left, self._options.first_event_timeout)
        return left

    def take(self, beside: Stop | None = None) -> Stop:
        """The next target, which is counted as tried; `beside` one that is only slow, it is another
        or that one a second time. Raises `NobodyThere`."""
        if beside is None:
            stop, wait = self._next()
        else:
            stop = self._fresh(beside) or beside
            wait = stop.wait(self._clock())
        if stop is None or wait:
            raise self._nobody_there()
        self._again = None
        self.tries += 1
        stop.tries += 1
        return stop

    def failed(self, stop: Stop, error: ProxyError) -> None:
        """Put the targets in the order that the failure of one of them asks for."""
        fault = error.fault
        if fault is None:
            return
        now = self._clock()
        reaction = self._options.reaction(fault)
        stop.not_before = now + (error.retry_after or 0.0)
        if fault in LASTING:
            self._leave_out(stop, fault, every_key=reaction == "next_target")
        elif reaction == "retry" and self._may_repeat(stop, now):
            self._again = stop
        else:
            self._put_last(stop, every_key=reaction == "next_target")

    def seconds_until_next(self) -> float:
        """How long to wait for the next target; infinite if there is none."""
        return self._next()[1]

    def next_is_repeated(self) -> bool:
        """Whether the next target was asked before by this request."""
        stop, _ = self._next()
        return stop is not None and stop.tries > 0

    def move_on(self) -> None:
        """Let the others come before the one that was to be asked again."""
        if self._again is not None:
            stop, self._again = self._again, None
            self._put_last(stop, every_key=False)

    def _next(self) -> tuple[Stop | None, float]:
        """The first that is ready, else the one that will be first; and the seconds until then."""
        now, again = self._clock(), self._again
        if again is not None and (wait := again.wait(now)) <= self._options.longest_wait:
            return again, wait
        first, shortest = None, inf
        for stop in self._stops:
            if stop.out:
                continue
            wait = stop.wait(now)
            if not wait:
                return stop, wait
            if wait < shortest:
                first, shortest = stop, wait
        return first, shortest

    def _fresh(self, beside: Stop) -> Stop | None:
        now = self._clock()
        for stop in self._stops:
            if stop is not beside and not (stop.tries or stop.out or stop.wait(now)):
                return stop
        return None

    def _may_repeat(self, stop: Stop, now: float) -> bool:
        return stop.tries == 1 and stop.wait(now) <= self._options.longest_wait

    def _leave_out(self, stop: Stop, fault: Fault, *, every_key: bool) -> None:
        stop.out = True
        for other in self._stops:
            if (every_key and stop.is_same_model(other)) or (
                fault in OF_THE_KEY and stop.is_same_key(other)
            ):
                other.out = True

    def _put_last(self, stop: Stop, *, every_key: bool) -> None:
        """A wait that the target has asked for holds for that key alone."""
        last = [
            one for one in self._stops if one is stop or (every_key and stop.is_same_model(one))
        ]
        self._stops = [one for one in self._stops if one not in last] + last

    def _nobody_there(self) -> NobodyThere:
        wait = self.seconds_until_next()
        return NobodyThere(
            "every backend for this model is being left alone after failures",
            code="no_backend_available",
            retry_after=None if wait == inf else wait,
        )
