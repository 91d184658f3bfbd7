"""The object `response`: what a client asked for, and what became of it."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from uuid import uuid4

from llm_proxy.pipeline.dialects.openai_responses.formats import NAME
from llm_proxy.pipeline.events import FinishReason, Start, Usage
from llm_proxy.pipeline.json_values import is_object
from llm_proxy.pipeline.record import record
from llm_proxy.pipeline.request import ChatRequest

Status = Literal["in_progress", "completed", "incomplete", "failed"]

_INCOMPLETE: Mapping[FinishReason, str] = {
    "length": "max_output_tokens",
    "context_full": "max_output_tokens",
    "content_filter": "content_filter",
}

_ID = "resp_"

_ASKED: Mapping[str, Any] = {
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "prompt_cache_key": None,
    "reasoning": {"effort": None, "summary": None},
    "safety_identifier": None,
    "service_tier": "default",
    "temperature": 1.0,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}
"""What a client may have asked for, and what holds where it has not."""


@record
class Outcome:
    """What became of a request by now."""

    status: Status
    output: Sequence[Mapping[str, Any]] = ()
    usage: Usage | None = None
    reason: FinishReason | None = None
    error: Mapping[str, Any] | None = None


def outcome(
    reason: FinishReason, output: Sequence[Mapping[str, Any]], usage: Usage | None
) -> Outcome:
    """A finished answer. Its counts are zero where nobody has told them, for clients rely on
    them."""
    status: Status = "incomplete" if reason in _INCOMPLETE else "completed"
    return Outcome(status, output, usage or Usage(0, 0), reason)


class ResponseObject:
    """The object of one answer, the same at its beginning and its end but for what became of it.

    `base` is the vendor's own object, where it has given one in this dialect.
    """

    def __init__(
        self, request: ChatRequest, start: Start | None, base: Mapping[str, Any] | None = None
    ) -> None:
        source = request.source
        body: Mapping[str, Any] = {}
        if source is not None and source.dialect == NAME:
            body = source.body
        asked = {name: body[name] for name in _ASKED if body.get(name) is not None}
        model = start.model if start else ""
        self._fields: dict[str, Any] = {
            "id": _id(start.id if start else ""),
            "object": "response",
            "created_at": (start.created if start else 0) or int(time.time()),
            "background": False,
            "model": model or request.model,
            **_ASKED,
            **asked,
            "store": False,
            **(base or {}),
        }
        if is_object(base) and model:
            self._fields["model"] = model

    def fields(self, outcome: Outcome) -> dict[str, Any]:
        """The whole object."""
        cause = _INCOMPLETE.get(outcome.reason) if outcome.reason else None
        fields = {
            **self._fields,
            "status": outcome.status,
            "error": outcome.error,
            "incomplete_details": {"reason": cause} if cause else None,
            "output": outcome.output,
            "usage": _usage(outcome.usage) if outcome.usage else None,
        }
        if outcome.status == "completed":
            fields["completed_at"] = int(time.time())
        return fields


def _id(given: str) -> str:
    """An id as clients of this dialect know them, in which another vendor's is still found."""
    if given.startswith(_ID):
        return given
    return _ID + (given or uuid4().hex)


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {
            "cached_tokens": usage.cached_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
        },
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.input_tokens + usage.output_tokens,
    }
