"""`ChatRequest` → a chat completion request for a vendor."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from llm_proxy.pipeline.dialects.body import json_bytes, unwritable
from llm_proxy.pipeline.dialects.dialect import Recipient, Written
from llm_proxy.pipeline.dialects.efforts import with_fitting_effort
from llm_proxy.pipeline.dialects.losses import Losses
from llm_proxy.pipeline.dialects.openai_chat.formats import NAME
from llm_proxy.pipeline.dialects.openai_chat.translate import translated
from llm_proxy.pipeline.dialects.openai_chat.write_message import write_message
from llm_proxy.pipeline.dialects.openai_chat.write_tools import written_choice, written_tool
from llm_proxy.pipeline.dialects.sampling import with_fitting_changes
from llm_proxy.pipeline.dialects.seals import without_foreign_seals
from llm_proxy.pipeline.json_values import object_or_empty
from llm_proxy.pipeline.params import canonical
from llm_proxy.pipeline.request import ChatRequest, Source

_ABSENT = object()
"""In place of the value of a field that must go."""


def write_request(request: ChatRequest, to: Recipient) -> Written:
    """The request to send. Where nothing differs from what the client sent, its very bytes."""
    source = request.source
    if source is None or source.dialect != NAME:
        return _translated(request, to)
    losses = Losses()
    request = without_foreign_seals(request, NAME, to.maker, losses)
    changes = dict(_changes(request, source, to, losses))
    if not changes:
        return Written(source.raw, losses.told)
    merged = {**source.body, **changes}
    kept = {key: value for key, value in merged.items() if value is not _ABSENT}
    return Written(json_bytes(kept), losses.told)


def _translated(request: ChatRequest, to: Recipient) -> Written:
    try:
        body, written = translated(request, to)
    except orjson.JSONEncodeError as error:  # JSON that is to be sent as text
        raise unwritable(error) from error
    return written(json_bytes(body))


def _changes(
    request: ChatRequest, source: Source, to: Recipient, losses: Losses
) -> Iterator[tuple[str, Any]]:
    """The fields that differ from the client's, by their names on the wire."""
    body = source.body
    if to.model != body.get("model"):
        yield "model", to.model
    if request.messages is not source.messages:
        yield "messages", [write_message(message) for message in request.messages]
    if request.stream != bool(body.get("stream")):
        yield "stream", request.stream
        if not request.stream and "stream_options" in body:
            yield "stream_options", _ABSENT
    if request.stream and to.stream_usage:
        options = object_or_empty(body.get("stream_options"))
        if not options.get("include_usage"):
            yield "stream_options", {**options, "include_usage": True}
    if request.tools is not source.tools:
        yield "tools", [written_tool(tool) for tool in request.tools] or _ABSENT
    if request.tool_choice != source.tool_choice:
        choice, customs = request.tool_choice, {tool.name for tool in request.tools if tool.custom}
        yield "tool_choice", _ABSENT if choice is None else written_choice(choice, customs)
    if request.params is not source.params:
        params = with_fitting_changes(request.params, source.params, to.traits, losses)
        params = with_fitting_effort(params, source.params, to.traits, losses)
        yield from _changed_params(params, source.params, body, to.traits.max_tokens_field)


def _changed_params(
    params: Mapping[str, Any], old: Mapping[str, Any], body: Mapping[str, Any], limit: str
) -> Iterator[tuple[str, Any]]:
    """`limit` is the vendor's name for `max_tokens`, where the client has used none."""
    for name, value in params.items():
        if name not in old or old[name] != value:
            first, *others = _spellings(name, body) or [limit if name == "max_tokens" else name]
            yield first, value
            yield from ((other, _ABSENT) for other in others)
    for name in old:
        if name not in params:
            yield from ((spelling, _ABSENT) for spelling in _spellings(name, body))


def _spellings(name: str, body: Mapping[str, Any]) -> list[str]:
    """The names that the client used for a setting: it may have written two for one."""
    return [wire for wire in body if canonical(wire) == name]
