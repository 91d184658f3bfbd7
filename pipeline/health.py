"""What this process has learned of each target from the requests that went there: whether it
answers, how fast, and how many requests are with it now."""

import logging
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Container, Iterable, Mapping

from llm_proxy.pipeline.breaker import Breaker, BreakerLimits, State
from llm_proxy.pipeline.errors import Fault, ProxyError
from llm_proxy.pipeline.latency import Latency
from llm_proxy.pipeline.record import record
from llm_proxy.pipeline.reply import Reply
from llm_proxy.pipeline.request import Form
from llm_proxy.pipeline.trace import Target

_REMEMBERED = 4096
"""Targets; clients may name any model, so there must be an end."""

_Key = tuple[str, str, str, str]
"""Of a tenant (or empty), and what makes a target."""

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
    """What is known of one target. `in_flight` counts the requests that are with it, `latencies`
    are those of first events, where answers are streamed, else of whole ones."""

    __slots__ = ("_listeners", "breaker", "clock", "in_flight", "latencies", "target", "tenant")

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
        self.clock = clock
        self.latencies = defaultdict[Form, Latency](Latency)

    @property
    def wait(self) -> float:
        """Seconds until it may be asked; 0 if it may be now."""
        return 0.0 if self.breaker.well else self.breaker.wait(self.clock())

    @property
    def circuit(self) -> Circuit:
        """The state of its breaker."""
        now = self.clock()
        return Circuit(self.breaker.state(now), self.breaker.wait(now))

    @property
    def left(self) -> tuple[float, float]:
        """Seconds for which its circuit stays open, and cooling."""
        return self.breaker.left(self.clock())

    def hear(self, opened: float, cooling: float) -> None:
        """Another process has found it open, and cooling, for so many seconds more."""
        before = self.circuit.state
        self.breaker.hear(self.clock(), opened, cooling)
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

    def enter(self, limits: BreakerLimits, form: Form) -> "Call":
        """A request goes there; it must be told how that ends."""
        self.in_flight += 1
        probe = not self.breaker.well and self.breaker.enter(self.clock())
        if probe:
            extra = {"target": str(self.target)}
            _log.info("a circuit is half-open: one request tries", extra=extra)
        return Call(self, limits, form, probe=probe)


class Call:
    """One request on its way to a target: `answered` or `failed`, and at last `over`."""

    __slots__ = ("_began", "_form", "_limits", "_open", "_probe", "_record")

    def __init__(self, record: Record, limits: BreakerLimits, form: Form, *, probe: bool) -> None:
        self._record = record
        self._limits = limits
        self._form: Form = form
        self._probe = probe
        self._began = record.clock()
        self._open = True

    def answered(self) -> None:
        """The first content is there."""
        record = self._record
        record.latencies[self._form].add(record.clock() - self._began)
        if record.breaker.well:
            return
        before = self._state()
        record.breaker.answer(self._limits, probe=self._probe)
        self._probe = False
        record.tell_change(before, None)
        if before != "closed":
            record.has_changed()

    def failed(self, error: Exception | None) -> None:
        """It broke, before or after that."""
        fault = error.fault if isinstance(error, ProxyError) else None
        if fault is None or fault in _NOT_ASKED:
            return
        wait = error.retry_after if isinstance(error, ProxyError) else None
        breaker, now, before = self._record.breaker, self._record.clock(), self._state()
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

    def ended(self, reply: Reply) -> None:
        """The answer that had begun is over."""
        if reply.outcome == "failed":
            self.failed(reply.error)
        self.over(complete=reply.outcome == "complete")

    def over(self, *, complete: bool = False) -> None:
        """Nothing more will come; a second call does nothing."""
        if not self._open:
            return
        self._open = False
        self._record.in_flight -= 1
        breaker = self._record.breaker
        if breaker.well:
            return
        breaker.leave(probe=self._probe)
        if complete:
            breaker.succeed(self._record.clock())

    def _state(self) -> State:
        return self._record.breaker.state(self._record.clock())


Listener = Callable[[Record], None]
"""Is told of a target that may be another one to ask than before."""


class Health:
    """The records of all targets; the one that was asked for longest ago is forgotten first. For a
    `tenant` those at the backends `own` are others than for everybody."""

    def __init__(
        self,
        clock: Callable[[], float],
        records: OrderedDict[_Key, Record] | None = None,
        tenant: str = "",
        own: Container[str] = (),
        listeners: set[Listener] | None = None,
    ) -> None:
        self._clock = clock
        self.listeners = set[Listener]() if listeners is None else listeners
        self._records = OrderedDict[_Key, Record]() if records is None else records
        self._tenant = tenant
        self._own = own

    def seen_by(self, tenant: str, own: Container[str]) -> "Health":
        """The same records, but for the backends for which a tenant brings keys of its own."""
        return Health(self._clock, self._records, tenant, own, self.listeners)

    def of(self, target: Target, tenant: str | None = None) -> Record:
        """The record of a target, for a tenant, for everybody (an empty name) or for whoever sees
        this; a new one knows nothing."""
        if tenant is None:
            tenant = self._tenant if target.backend in self._own else ""
        key = (tenant, target.backend, target.model, target.key)
        record = self._records.get(key)
        if record is None:
            record = self._records[key] = Record(target, self._clock, tenant, self.listeners)
            if len(self._records) > _REMEMBERED:
                self._records.popitem(last=False)
        else:
            self._records.move_to_end(key)
        return record

    def circuits(self) -> Mapping[Target, Circuit]:
        """Those targets whose circuit is not closed, without the tenants' own."""
        shared = (record for record in self._records.values() if not record.tenant)
        found = {record.target: record.circuit for record in shared}
        return {target: circuit for target, circuit in found.items() if circuit.state != "closed"}
