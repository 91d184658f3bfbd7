"""How a response ended, and what it cost: the same fields in a whole one and at a stream's end."""

from collections.abc import Mapping
from typing import Any

from llm_proxy.pipeline.dialects.read_error import reported_error
from llm_proxy.pipeline.errors import ProxyError, UpstreamBroken
from llm_proxy.pipeline.events import Event, Finish, FinishReason, Frame, Start, Usage
from llm_proxy.pipeline.json_values import object_or_empty

_MOST_TOKENS = 2**53

_INCOMPLETE: dict[str, FinishReason] = {
    "max_output_tokens": "length",
    "content_filter": "content_filter",
}

_FAILED = ("failed", "cancelled")
_RUNNING = ("queued", "in_progress")


def read_start(response: Mapping[str, Any], frame: Frame) -> Start:
    """The beginning of an answer."""
    created = response.get("created_at")
    is_time = isinstance(created, int | float) and 0 <= created < _MOST_TOKENS
    return Start(
        str(response.get("id") or ""),
        str(response.get("model") or ""),
        int(created) if is_time and created is not None else 0,
        frame,
    )


def failure_in(response: Mapping[str, Any]) -> ProxyError | None:
    """The error of a response that failed, or None."""
    if error := reported_error(response):
        return error
    status = response.get("status")
    return UpstreamBroken(f"the backend's answer is {status}") if status in _FAILED else None


def read_finish(response: Mapping[str, Any], frame: Frame, *, calls: bool) -> Finish:
    """Why it ended; `calls` says whether it holds calls of tools. One that still runs, as a client
    may have asked for, has only paused."""
    status = response.get("status")
    reason = str(object_or_empty(response.get("incomplete_details")).get("reason") or "")
    if reason in _INCOMPLETE:
        return Finish(_INCOMPLETE[reason], frame)
    if status == "incomplete" and not reason:
        return Finish("length", frame)
    if status in _RUNNING:
        return Finish("pause", frame)
    return Finish("tool_calls" if calls else "stop", frame)


def read_usage(response: Mapping[str, Any], frame: Frame) -> list[Event]:
    """The counts, if they are there."""
    usage = object_or_empty(response.get("usage"))
    if not usage:
        return []
    inside = object_or_empty(usage.get("input_tokens_details"))
    outside = object_or_empty(usage.get("output_tokens_details"))
    return [
        Usage(
            count(usage, "input_tokens"),
            count(usage, "output_tokens"),
            count(inside, "cached_tokens"),
            count(outside, "reasoning_tokens"),
            frame,
            count(inside, "cache_write_tokens"),
        )
    ]


def count(counts: Mapping[str, Any], name: str) -> int:
    """A number of tokens; anything else counts as none."""
    value = counts.get(name)
    return value if isinstance(value, int) and 0 <= value < _MOST_TOKENS else 0
