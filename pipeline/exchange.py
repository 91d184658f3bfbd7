"""One request on its way through the chain, with all that the stages have found out about it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import field
from typing import Any, Generic, TypeVar
from uuid import uuid4

from llm_proxy.pipeline.grants import NO_GRANTS, Grants
from llm_proxy.pipeline.record import new_dict, record
from llm_proxy.pipeline.request import ChatRequest
from llm_proxy.pipeline.session_state import NOTHING, Account, SessionState
from llm_proxy.pipeline.trace import Target, Trace

FactT = TypeVar("FactT")


class Fact(Generic[FactT]):
    """A typed name for something one stage finds out and another reads."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"Fact({self.name!r})"


@record
class Caller:
    """Who asks. `id` is safe to log and the same for the same key, and for no other of any tenant.
    `tenant` is for whom; empty for nobody in particular."""

    id: str
    tenant: str = ""
    grants: Grants = NO_GRANTS


@record
class Session:
    """A conversation the proxy recognises, what was set in it when the request came, and the way to
    change that.

    `update` changes what is set by now, so that of two requests at once none undoes the other's
    change. `account` looks up what the conversation has come to. `forget` begins anew.
    """

    id: str
    state: SessionState
    update: Callable[[Callable[[SessionState], SessionState]], Awaitable[None]]
    account: Callable[[], Awaitable[Account]]
    forget: Callable[[], Awaitable[None]]


@record
class Client:
    """The connection a request came over: its address, headers and key.

    Headers are looked up by lower-case names; the address is the client's own, not that of a
    trusted proxy before it. None: not over HTTP. `admitted` is whom gates that were asked before
    the chain have taken it for.
    """

    address: str | None = None
    headers: Mapping[str, str] = field(default_factory=new_dict)
    credential: str | None = None
    admitted: dict[object, Caller] = field(default_factory=new_dict, compare=False, repr=False)


_NOBODY = Client()


@record
class Exchange:
    """Frozen: a stage passes a changed copy on, so that a second attempt never sees the edits of
    the first. Only `trace` is shared and written to by all."""

    id: str
    request: ChatRequest
    trace: Trace
    client: Client = _NOBODY
    caller: Caller | None = None
    session: Session | None = None
    target: Target | None = None
    facts: Mapping[Fact[Any], Any] = field(default_factory=new_dict)

    @classmethod
    def of(cls, request: ChatRequest, client: Client = _NOBODY) -> "Exchange":
        """A new exchange for a request that did not come over HTTP."""
        return cls(uuid4().hex, request, Trace(), client)

    def with_request(self, request: ChatRequest) -> "Exchange":
        """This exchange, asking for something else."""
        return self if request is self.request else self._but(request=request)

    def of_caller(self, caller: Caller) -> "Exchange":
        """This exchange, whose caller is known now."""
        return self._but(caller=caller)

    def in_session(self, session: Session) -> "Exchange":
        """This exchange, as part of a conversation."""
        return self._but(session=session)

    def at(self, target: Target) -> "Exchange":
        """This exchange, sent to `target`."""
        return self._but(target=target)

    def knowing(self, fact: Fact[FactT], value: FactT) -> "Exchange":
        """This exchange with one more fact."""
        return self._but(facts={**self.facts, fact: value})

    def _but(
        self,
        request: ChatRequest | None = None,
        caller: Caller | None = None,
        session: Session | None = None,
        target: Target | None = None,
        facts: Mapping[Fact[Any], Any] | None = None,
    ) -> "Exchange":
        """A copy with one of these in place: `dataclasses.replace` at a quarter of its price."""
        return Exchange(
            self.id,
            request or self.request,
            self.trace,
            self.client,
            caller or self.caller,
            session or self.session,
            target or self.target,
            facts or self.facts,
        )

    @property
    def grants(self) -> Grants:
        """What its caller may do."""
        return self.caller.grants if self.caller else NO_GRANTS

    @property
    def session_state(self) -> SessionState:
        """What is remembered of the conversation; nothing where there is no session."""
        return self.session.state if self.session else NOTHING

    def fact(self, fact: Fact[FactT]) -> FactT | None:
        """What a stage before has found out, or None."""
        found: FactT | None = self.facts.get(fact)
        return found
