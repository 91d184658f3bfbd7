"""`ChatRequest` → a Messages request for a vendor."""

from collections.abc import Mapping
from typing import Any

from llm_proxy.pipeline.dialects.anthropic_messages.formats import NAME
from llm_proxy.pipeline.dialects.anthropic_messages.history import (
    calls_without_thinking,
    with_sendable_thinking,
)
from llm_proxy.pipeline.dialects.anthropic_messages.translate import translated
from llm_proxy.pipeline.dialects.anthropic_messages.write_message import write_messages
from llm_proxy.pipeline.dialects.anthropic_messages.write_settings import ABSENT, ChangedSettings
from llm_proxy.pipeline.dialects.anthropic_messages.write_tools import written_choice, written_tool
from llm_proxy.pipeline.dialects.body import json_bytes
from llm_proxy.pipeline.dialects.dialect import Recipient, Written
from llm_proxy.pipeline.dialects.losses import Losses
from llm_proxy.pipeline.json_values import is_list, is_object, object_or_empty
from llm_proxy.pipeline.request import ChatRequest, Source

Fields = Mapping[str, Any]

_NOT_COUNTED = (
    *("max_tokens", "stream", "temperature", "top_p", "top_k", "stop_sequences", "metadata"),
    *("service_tier", "container", "inference_geo", "diagnostics"),
)
"""Fields of an answer that is to be made, which a mere count does not take."""

_CLEARING = "clear_thinking_"
"""What the edits of a context begin with that are refused where there is no thinking."""


def write_request(request: ChatRequest, to: Recipient) -> Written:
    """The request to send. Where nothing differs from what the client sent, its very bytes."""
    source = request.source
    if source is None or source.dialect != NAME:
        body, written = translated(request, to)
        return written(json_bytes(body))
    losses = Losses()
    changes = _changes(request, source, to, losses)
    if not changes:
        return Written(source.raw, losses.told)
    merged = {**source.body, **changes}
    kept = {name: value for name, value in merged.items() if value is not ABSENT}
    return Written(json_bytes(kept), losses.told)


def _changes(request: ChatRequest, source: Source, to: Recipient, losses: Losses) -> dict[str, Any]:
    """The fields that differ from the client's, by their names on the wire."""
    body = source.body
    changes: dict[str, Any] = {}
    if to.model != body.get("model"):
        changes["model"] = to.model
    if request.params is not source.params:
        settings = ChangedSettings(request.params, source.params, body, to.traits, losses)
        changes |= settings.fields()
    if request.tools is not source.tools:
        changes["tools"] = [written_tool(tool) for tool in request.tools] or ABSENT
    changes |= _choice(request, source)
    keeps = not to.traits.signed_thinking
    sendable = with_sendable_thinking(request, to.maker, losses, keeps_unsigned=keeps)
    if sendable.messages is not source.messages:
        changes |= _messages(sendable, body)
    if sendable is not request and calls_without_thinking(sendable.messages):
        changes |= _without_budget({**body, **changes}, losses)
    if "thinking" in changes:
        changes |= _without_clearing(changes["thinking"], body)
    if request.counts_only:
        return changes | {name: ABSENT for name in _NOT_COUNTED if name in body}
    if request.stream != bool(body.get("stream")):
        changes["stream"] = request.stream
    return changes


def _choice(request: ChatRequest, source: Source) -> dict[str, Any]:
    parallel = request.params.get("parallel_tool_calls")
    is_same = parallel == source.params.get("parallel_tool_calls")
    is_idle = "tool_choice" in source.body and bool(source.tools) and not request.tools
    if request.tool_choice == source.tool_choice and is_same and not is_idle:
        return {}
    choice = written_choice(request.tool_choice, parallel=parallel) if request.tools else None
    return {"tool_choice": ABSENT if choice is None else choice}


def _messages(request: ChatRequest, body: Fields) -> dict[str, Any]:
    system, messages = write_messages(request.messages)
    changes: dict[str, Any] = {"messages": messages}
    if system is not None:
        changes["system"] = system
    elif "system" in body:
        changes["system"] = ABSENT
    return changes


def _without_budget(fields: Fields, losses: Losses) -> dict[str, Any]:
    """No thinking by a budget where the calls in the history have lost theirs."""
    if object_or_empty(fields.get("thinking")).get("type") != "enabled":
        return {}
    losses.change("thinking", "none, for earlier reasoning is missing")
    return {"thinking": ABSENT}


def _without_clearing(thinking: object, body: Fields) -> dict[str, Any]:
    """A context without edits to thinking, where there is to be none."""
    management = object_or_empty(body.get("context_management"))
    edits: Any = management.get("edits")
    if is_object(thinking) and thinking.get("type") != "disabled":
        return {}
    if not is_list(edits):
        return {}
    kept = [edit for edit in edits if not _clears(edit)]
    if len(kept) == len(edits):
        return {}
    rest = {**management, "edits": kept}
    return {"context_management": rest if kept or len(management) > 1 else ABSENT}


def _clears(edit: object) -> bool:
    return is_object(edit) and str(edit.get("type")).startswith(_CLEARING)
