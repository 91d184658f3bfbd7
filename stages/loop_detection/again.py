"""The same question once more, after an answer that went round in circles."""

from llm_proxy.pipeline.avoided import AVOIDED
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.reply import Head
from llm_proxy.pipeline.request import ChatRequest
from llm_proxy.pipeline.system_prompt import with_system
from llm_proxy.pipeline.trace import Target
from llm_proxy.stages.loop_detection.options import Action

HINT = "Your last attempt at this answer repeated itself without end. Say each thing once."

_STEP = 0.3
_HIGHEST = 1.0


def again(exchange: Exchange, action: Action, head: Head) -> Exchange:
    """The exchange for a second attempt: elsewhere, or with more chance in it."""
    if action == "failover":
        looped = Target(head.backend, head.model)
        return exchange.knowing(AVOIDED, (exchange.fact(AVOIDED) or frozenset()) | {looped})
    return exchange.with_request(_shaken(exchange.request))


def _shaken(request: ChatRequest) -> ChatRequest:
    """A higher temperature where the client has set one that leaves room; else, as not every model
    takes one, a hint."""
    temperature = request.params.get("temperature")
    if isinstance(temperature, int | float) and temperature < _HIGHEST:
        return request.with_param("temperature", min(_HIGHEST, round(temperature + _STEP, 3)))
    return with_system(request, HINT)
