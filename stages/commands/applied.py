"""What a session has set, put into a request."""

from dataclasses import replace

from llm_proxy.pipeline.named_together import named_together
from llm_proxy.pipeline.params import overlaid
from llm_proxy.pipeline.request import ChatRequest
from llm_proxy.pipeline.session_state import SessionState
from llm_proxy.pipeline.stage import Kit
from llm_proxy.pipeline.system_prompt import with_system


def applied(request: ChatRequest, state: SessionState, kit: Kit) -> ChatRequest:
    """The request as the session wants it."""
    model = asked_model(request.model, state, kit)
    if model != request.model:
        request = replace(request, model=model)
    if state.params:
        request = replace(request, params=overlaid(request.params, state.params))
    return with_system(request, state.system_suffix) if state.system_suffix else request


def asked_model(name: str, state: SessionState, kit: Kit) -> str:
    """Which model is asked where the client asks for `name`."""
    if state.oneoff:
        return state.oneoff
    name = state.model or name
    if state.backend is None:
        return name
    try:
        models = [_without_backend(part, kit) for part in named_together(name)]
    except ValueError:
        return name  # the stage that sends it on tells the client what is wrong with it
    # Two of several models may be one when their backends are left out.
    return "|".join(dict.fromkeys(f"{state.backend}:{model}" for model in models))


def _without_backend(name: str, kit: Kit) -> str:
    """The name that a model has at its backend."""
    prefix, _, rest = name.partition(":")
    is_known = prefix in kit.backends or prefix in kit.off
    return rest if is_known and rest else name
