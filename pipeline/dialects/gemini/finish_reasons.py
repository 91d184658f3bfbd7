"""Why a model has stopped, in this dialect's words."""

from llm_proxy.pipeline.events import FinishReason

_READ: dict[str, FinishReason] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "LANGUAGE": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "IMAGE_PROHIBITED_CONTENT": "content_filter",
    "IMAGE_RECITATION": "content_filter",
    "IMAGE_OTHER": "content_filter",
    "MODEL_ARMOR": "content_filter",
    "ESCALATION": "content_filter",
}

_FAILURES = frozenset(
    {
        "MALFORMED_FUNCTION_CALL",
        "MALFORMED_RESPONSE",
        "MISSING_THOUGHT_SIGNATURE",
        "NO_IMAGE",
        "OTHER",
        "TOO_MANY_TOOL_CALLS",
        "UNEXPECTED_TOOL_CALL",
    }
)
"""Reasons that are none: the model went astray."""

_WRITTEN: dict[FinishReason, str] = {
    "stop": "STOP",
    "tool_calls": "STOP",
    "pause": "STOP",
    "length": "MAX_TOKENS",
    "context_full": "MAX_TOKENS",
    "content_filter": "SAFETY",
}

_UNSET = "FINISH_REASON_UNSPECIFIED"


def told_reason(value: object) -> str:
    """The reason in a candidate; empty where it has not stopped yet."""
    return value if isinstance(value, str) and value != _UNSET else ""


def is_failure(reason: str) -> bool:
    """Whether an answer with nothing in it that stopped so has failed."""
    return reason in _FAILURES


def read_reason(reason: str, *, has_calls: bool) -> FinishReason:
    """The reason in every dialect's words. This dialect has none of its own for calls."""
    known = _READ.get(reason, "stop")
    return "tool_calls" if known == "stop" and has_calls else known


def written_reason(reason: FinishReason) -> str:
    """The reason in this dialect's words."""
    return _WRITTEN[reason]
