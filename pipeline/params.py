"""The settings of a request that have one meaning in every dialect, and their legal values.

Their names and shapes are Chat Completions', which most rules and clients know:

    temperature, top_p, top_k, max_tokens, seed, presence_penalty, frequency_penalty, n
    stop                 list of strings
    logit_bias           token → bias
    logprobs             bool, and top_logprobs
    reasoning_effort     one of `Effort`
    reasoning_budget     tokens to think with, where a client names a number instead of an effort
    reasoning_summary    bool: whether the client wants to see what was thought
    response_format      {"type": "json_object"}, or {"type": "json_schema", "json_schema":
                         {"name", "description", "schema", "strict"}}
    parallel_tool_calls  bool
    user                 the id of the client's user
    metadata, service_tier, verbosity, prompt_cache_key, store
"""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]

_MOST = 2**31 - 1

PARAMS: dict[str, Any] = {
    "temperature": Annotated[float, Field(ge=0, le=2)],
    "top_p": Annotated[float, Field(ge=0, le=1)],
    "top_k": Annotated[int, Field(ge=1, le=_MOST)],
    "max_tokens": Annotated[int, Field(ge=1, le=_MOST)],
    "seed": Annotated[int, Field(ge=-_MOST, le=_MOST)],
    "presence_penalty": Annotated[float, Field(ge=-2, le=2)],
    "frequency_penalty": Annotated[float, Field(ge=-2, le=2)],
    "reasoning_effort": Effort,
    "reasoning_budget": Annotated[int, Field(ge=0, le=_MOST)],
    "verbosity": Literal["low", "medium", "high"],
}
"""Those that people set by hand."""

ALIASES = {"max_completion_tokens": "max_tokens", "safety_identifier": "user"}
"""Other names of settings, as clients and authors of rules may write them."""

STRUCTURE = frozenset({"model", "messages", "stream", "stream_options", "tools", "tool_choice"})
"""Fields that shape a request and are no settings: no rule may set them as one."""

_THINKING = frozenset({"reasoning_effort", "reasoning_budget"})


def canonical(name: str) -> str:
    """The name under which a setting stands in `ChatRequest.params`."""
    return ALIASES.get(name, name)


def overlaid(params: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """`params` with others over them. How much to think is one wish under two names, so either of
    them takes the place of both."""
    outdated = _THINKING if _THINKING & wanted.keys() else frozenset[str]()
    return {**{name: v for name, v in params.items() if name not in outdated}, **wanted}


@cache
def _adapter(name: str) -> TypeAdapter[Any]:
    return TypeAdapter(PARAMS[name])


def parse_param(name: str, value: object) -> Any:
    """The value of a known setting, from text or a number; `ValueError` says what is allowed."""
    try:
        return _adapter(name).validate_python(value)
    except ValidationError as error:
        raise ValueError(error.errors()[0]["msg"]) from None
