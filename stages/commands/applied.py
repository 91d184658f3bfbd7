"""What a session has set, put into a request."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from llm_proxy.pipeline.request import ChatRequest
from llm_proxy.pipeline.session_state import SessionState
from llm_proxy.pipeline.stage import Kit
from llm_proxy.pipeline.system_prompt import with_system

_THINKING = ("reasoning_effort", "reasoning_budget")


def applied(request: ChatRequest, state: SessionState, kit: Kit) -> ChatRequest:
    """The request as the session wants it."""
    model = asked_model(request.model, state, kit)
    if model != request.model:
        request = replace(request, model=model)
    if state.params:
        request = replace(request, params=_merged(request.params, state.params))
    return with_system(request, state.system_suffix) if state.system_suffix else request


def asked_model(name: str, state: SessionState, kit: Kit) -> str:
    """Which model is asked where the client asks for `name`."""
    if state.oneoff:
        return state.oneoff
    name = state.model or name
    if state.backend is None:
        return name
    prefix, _, rest = name.partition(":")
    is_known = prefix in kit.backends or prefix in kit.off
    return f"{state.backend}:{rest if is_known and rest else name}"


def _merged(asked: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """How much to think is one wish, though it has two names: the session's takes the place of
    both of the client's."""
    outdated = _THINKING if any(name in wanted for name in _THINKING) else ()
    return {**{name: v for name, v in asked.items() if name not in outdated}, **wanted}
