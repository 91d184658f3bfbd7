"""Why an answer stopped, in this dialect's words."""

from collections.abc import Mapping
from typing import Any

from llm_proxy.pipeline.events import Finish, FinishReason, Frame

_REASONS: dict[str, FinishReason] = {
    "max_tokens": "length",
    "model_context_window_exceeded": "context_full",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
    "pause_turn": "pause",
    "compaction": "pause",
}

_WORDS: dict[FinishReason, str] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "context_full": "model_context_window_exceeded",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
    "pause": "pause_turn",
}


def read_finish(fields: Mapping[str, Any], frame: Frame | None, *, has_calls: bool) -> Finish:
    """The finish that `stop_reason` and `stop_sequence` tell; a call that was made is its reason,
    whatever else a server calls it."""
    reason = _REASONS.get(str(fields.get("stop_reason")), "stop")
    sequence = fields.get("stop_sequence")
    return Finish(
        "tool_calls" if reason == "stop" and has_calls else reason,
        frame,
        sequence if isinstance(sequence, str) else None,
    )


def written_finish(finish: Finish, *, was_refused: bool) -> dict[str, Any]:
    """`stop_reason` and `stop_sequence`."""
    if finish.reason == "stop" and was_refused:
        return {"stop_reason": "refusal", "stop_sequence": None}
    if finish.reason == "stop" and finish.stop_sequence is not None:
        return {"stop_reason": "stop_sequence", "stop_sequence": finish.stop_sequence}
    return {"stop_reason": _WORDS[finish.reason], "stop_sequence": None}
