"""Settings that a translation cannot say: what is left out with a warning, and what is refused."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from llm_proxy.pipeline.dialects.losses import Losses
from llm_proxy.pipeline.errors import Untranslatable
from llm_proxy.pipeline.parts import OpaquePart, Part
from llm_proxy.pipeline.request import ChatRequest

NEVER_LEFT_OUT = frozenset(
    {
        "audio",
        "background",
        "cachedContent",
        "compaction",
        "conversation",
        "functions",
        "mcp_servers",
        "previous_response_id",
        "prompt",
        "thread",
    }
)
"""Fields that hold a part of the question, or ask for another kind of answer."""

_KEPT_ELSEWHERE = frozenset({"item_reference", "compaction"})
"""Parts that only name or hide what was said: their own vendor alone can read them."""

_OF_NO_MATTER = frozenset(
    {
        "cache_control",
        "client_metadata",
        "include",
        "prompt_cache_options",
        "prompt_cache_retention",
        "stream_options",
    }
)
"""Fields about the sending and the price: the answer is the same without them."""


_LONGEST_USER = 64


def _says_nothing(value: object) -> bool:
    """Whether a field might as well be absent; a 0 is a number like any other."""
    return value is None or value is False or value in ("", [], {})


def refuse(name: str, why: str = "cannot be said to this backend") -> Untranslatable:
    """The error for a field that must not be left out."""
    return Untranslatable(f"{name} {why}", param=name)


def leave_out(request: ChatRequest, said: Collection[str], losses: Losses) -> None:
    """Note every setting of the client's that is not among those `said`; raises `Untranslatable`
    for one without which the answer would be to another question."""
    client_set: Mapping[str, Any] = request.source.params if request.source else {}
    for name, value in request.params.items():
        if name in said or name in _OF_NO_MATTER or name not in client_set:
            continue
        if _says_nothing(value):
            continue
        if name in NEVER_LEFT_OUT:
            raise refuse(name)
        losses.drop(name)


def set_by_rules(request: ChatRequest, said: Collection[str]) -> Iterator[tuple[str, Any]]:
    """The fields that the operator's rules have added: they are in the vendor's own words."""
    client_set: Mapping[str, Any] = request.source.params if request.source else {}
    for name, value in request.params.items():
        if name not in said and name not in client_set:
            yield name, value


def asked_limit(params: Mapping[str, Any]) -> int | None:
    """The most tokens of an answer, None if the client names no number. Some clients write whole
    numbers with a point."""
    limit = params.get("max_tokens")
    return int(limit) if isinstance(limit, int | float) else None


def short_user_id(user: str) -> str:
    """The id of a client's user, as short as OpenAI's APIs want it: ids are longer elsewhere."""
    if len(user) <= _LONGEST_USER:
        return user
    return hashlib.sha256(user.encode("utf-8", "replace")).hexdigest()


def refuse_what_no_answer_can_hold(params: Mapping[str, Any]) -> None:
    """Raises `Untranslatable` for what has no place in an answer that is translated back: further
    answers, and the likelihood of words."""
    if isinstance(n := params.get("n"), int | float) and n > 1:
        raise refuse("n", "above 1 cannot be asked of this backend")
    for name in ("logprobs", "top_logprobs"):
        if params.get(name):
            raise refuse(name)


def refuse_what_is_kept_elsewhere(parts: Iterable[Part]) -> None:
    """Raises `Untranslatable` for a part of the conversation that lies at its own vendor."""
    for part in parts:
        if isinstance(part, OpaquePart) and part.type in _KEPT_ELSEWHERE:
            raise refuse("input", f"holds a part ({part.type}) that only its own vendor can read")
