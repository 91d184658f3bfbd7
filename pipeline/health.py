"""What this process has learned of each target from the requests that went there: whether it
answers, how fast, and how many requests are with it now."""

import logging
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping

from cachetools import LRUCache

from llm_proxy.pipeline.breaker import Breaker, BreakerLimits, State
from llm_proxy.pipeline.errors import Fault, ProxyError
from llm_proxy.pipeline.latency import Latency
from llm_proxy.pipeline.record import record
from llm_proxy.pipeline.request import Form
from llm_proxy.pipeline.trace import Target

_REMEMBERED = 4096
"""Targets; clients may name any model, so there must be an end."""

_TARGET_IS_ILL = frozenset(
    {
        Fault.CONNECTION,
        Fault.DNS,
        Fault.TLS,
        Fault.TIMEOUT,
        Fault.RATE_LIMITED,
        Fault.SERVER_ERROR,
        Fault.OVERLOADED,
        Fault.ERROR_IN_ANSWER,
        Fault.BROKEN_ANSWER,
    }
)

_ASKS_FOR_REST = frozenset({Fault.RATE_LIMITED, Fault.OVERLOADED})

_ACCOUNT = frozenset({Fault.AUTH, Fault.QUOTA})
"""What is the same for every request with this key."""

_NOT_ASKED = frozenset({Fault.BUSY, Fault.UNTRANSLATABLE, Fault.BACKEND_OFF})
"""Nothing was sent, so nothing is learned."""

_log = logging.getLogger(__name__)


@record
class Circuit:
    """A target that is not just well: the state of its breaker, and seconds until it changes."""

    state: State
    seconds: float


class Record:
    """What is known of one target. `in_flight` counts the requests that are with it."""

    __slots__ = ("_clock", "_latencies", "_listeners", "breaker", "in_flight", "target", "tenant")

    def __init__(
        self,
        target: Target,
        clock: Callable[[], float],
        tenant: str = "",
        listeners: Iterable["Listener"] = (),
    ) -> None:
        self.target = target
        self.tenant = tenant
        self._listeners = listeners
        self.breaker = Breaker()
        self.in_flight = 0
        self._clock = clock
        self._latencies = defaultdict[Form, Latency](Latency)

    @property
    def wait(self) -> float:
        """Seconds until it may be asked; 0 if it may be now."""
        return self.breaker.wait(self._clock())

    @property
    def circuit(self) -> Circuit:
        """The state of its breaker."""
        now = self._clock()
        return Circuit(self.breaker.state(now), self.breaker.wait(now))

    @property
    def left(self) -> tuple[float, float]:
        """Seconds for which its circuit stays open, and cooling."""
        return self.breaker.left(self._clock())

    def hear(self, opened: float, cooling: float) -> None:
        """Another process has found it open, and cooling, for so many seconds more."""
        before = self.circuit.state
        self.breaker.hear(self._clock(), opened, cooling)
        self.tell_change(before, "told by another process")

    def hear_that_it_is_well(self) -> None:
        """Another process that had found it open has found it closed again."""
        before = self.circuit.state
        self.breaker.hear_that_it_is_well()
        self.tell_change(before, "told by another process")

    def has_changed(self) -> None:
        """Tell whoever wants to know."""
        for listener in tuple(self._listeners):
            listener(self)

    def tell_change(self, before: State, reason: str | None) -> None:
        """Log the state of the circuit, if it was another one before."""
        circuit = self.circuit
        if circuit.state == before:
            return
        extra = {
            "target": str(self.target),
            "state": circuit.state,
            "seconds": round(circuit.seconds, 3),
            "reason": reason,
        }
        if self.tenant:
            extra["tenant"] = self.tenant
        level = logging.INFO if circuit.state == "closed" else logging.WARNING
        _log.log(level, "a circuit has changed", extra=extra)

    def latency(self, form: Form) -> Latency:
        """Of first events, where answers are streamed, else of whole ones."""
        return self._latencies[form]

    def enter(self, limits: BreakerLimits, form: Form) -> "Call":
        """A request goes there; it must be told how that ends."""
        self.in_flight += 1
        probe = self.breaker.enter(self._clock())
        if probe:
            extra = {"target": str(self.target)}
            _log.info("a circuit is half-open: one request tries", extra=extra)
        return Call(self, limits, self._clock, form, probe=probe)


class Call:
    """One request on its way to a target: `answered` or `failed`, and at last `over`."""

    __slots__ = ("_began", "_clock", "_form", "_limits", "_open", "_probe", "_record")

    def __init__(
        self,
        record: Record,
        limits: BreakerLimits,
        clock: Callable[[], float],
        form: Form,
        *,
        probe: bool,
    ) -> None:
        self._record = record
        self._limits = limits
        self._clock = clock
        self._form: Form = form
        self._probe = probe
        self._began = clock()
        self._open = True

    def answered(self) -> None:
        """The first content is there."""
        self._record.latency(self._form).add(self._clock() - self._began)
        before = self._state()
        self._record.breaker.answer(self._limits, probe=self._probe)
        self._probe = False
        self._record.tell_change(before, None)
        if before != "closed":
            self._record.has_changed()

    def failed(self, error: Exception | None) -> None:
        """It broke, before or after that."""
        fault = error.fault if isinstance(error, ProxyError) else None
        if fault is None or fault in _NOT_ASKED:
            return
        wait = error.retry_after if isinstance(error, ProxyError) else None
        breaker, now, before = self._record.breaker, self._clock(), self._state()
        if fault in _ACCOUNT:
            breaker.cool(now, wait or self._limits.cooldown)
        elif wait and fault in _ASKS_FOR_REST:
            breaker.cool(now, wait)
        if fault in _TARGET_IS_ILL and not (wait and fault is Fault.RATE_LIMITED):
            breaker.fail(now, self._limits, probe=self._probe)
        else:  # it answers, only not as we would like
            breaker.answer(self._limits, probe=self._probe)
        self._probe = False
        self._record.tell_change(before, fault.value)
        if self._state() != "closed":
            self._record.has_changed()

    def over(self, *, complete: bool = False) -> None:
        """Nothing more will come; a second call does nothing."""
        if not self._open:
            return
        self._open = False
        self._record.in_flight -= 1
        self._record.breaker.leave(probe=self._probe)
        if complete:
            self._record.breaker.succeed()

    def _state(self) -> State:
        return self._record.breaker.state(self._clock())


Listener = Callable[[Record], None]
"""Is told of a target that may be another one to ask than before."""


class Health:
    """The records of all targets; the one that was asked for longest ago is forgotten first. For a
    `tenant` those at the backends `own` are others than for everybody."""

    def __init__(
        self,
        clock: Callable[[], float],
        records: LRUCache[tuple[str, Target], Record] | None = None,
        tenant: str = "",
        own: Container[str] = (),
        listeners: set[Listener] | None = None,
    ) -> None:
        self._clock = clock
        self.listeners = set[Listener]() if listeners is None else listeners
        new: LRUCache[tuple[str, Target], Record] = LRUCache(_REMEMBERED)
        self._records = new if records is None else records
        self._tenant = tenant
        self._own = own

    def seen_by(self, tenant: str, own: Container[str]) -> "Health":
        """The same records, but for the backends for which a tenant brings keys of its own."""
        return Health(self._clock, self._records, tenant, own, self.listeners)

    def of(self, target: Target) -> Record:
        """The record of a target; a new one knows nothing."""
        return self.record(self._tenant if target.backend in self._own else "", target)

    def record(self, tenant: str, target: Target) -> Record:
        """The record of a target for a tenant, or for everybody (an empty name)."""
        record = self._records.get((tenant, target))
        if record is None:
            record = Record(target, self._clock, tenant, self.listeners)
            self._records[tenant, target] = record
        return record

    def circuits(self) -> Mapping[Target, Circuit]:
        """Those targets whose circuit is not closed, without the tenants' own."""
        shared = (record for record in self._records.values() if not record.tenant)
        found = {record.target: record.circuit for record in shared}
        return {target: circuit for target, circuit in found.items() if circuit.state != "closed"}
