"""What a request means, whatever the dialect it came in: two that mean the same are equal here.

How a conversation is cut into messages is no part of it, for dialects cut it differently, nor are
the ids of calls, marks for a vendor's own cache, and who asks. All else is, also what stands in
fields that only one dialect has.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from llm_proxy.pipeline.dialects.unread import unread, unread_settings
from llm_proxy.pipeline.parts import (
    Audio,
    Document,
    Image,
    Media,
    OpaquePart,
    Part,
    Reasoning,
    Refusal,
    Seal,
    Text,
    ToolCall,
    ToolResult,
)
from llm_proxy.pipeline.request import ChatRequest, Tool, ToolChoice

_OF_NO_MATTER = frozenset(
    {
        "cache_control",
        "client_metadata",
        "metadata",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "stream_options",
        "user",
    }
)
"""Settings about the sending, the price and who asks."""

_ROLES = {"developer": "system", "tool": "user"}
"""Roles that have another name in other dialects."""


def meaning_of(request: ChatRequest) -> Mapping[str, Any]:
    """The meaning as JSON."""
    return {
        "model": request.model,
        "said": _said(request),
        "params": dict(_params(request.params)),
        "tools": [_tool(tool) for tool in request.tools],
        "choice": _choice(request.tool_choice),
        "unread": unread_settings(request),
    }


def _params(params: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in params.items():
        if value is None or name in _OF_NO_MATTER:
            continue
        yield name, int(value) if isinstance(value, float) and value.is_integer() else value


def _tool(tool: Tool) -> list[Any]:
    return [
        tool.name,
        tool.parameters,
        tool.description,
        tool.strict,
        tool.custom,
        tool.grammar,
        tool.hosted,
        tool.namespace,
        unread(tool),
    ]


def _choice(choice: ToolChoice | None) -> list[Any] | None:
    """To leave it to the model is to say nothing."""
    if choice is None or choice == ToolChoice("auto"):
        return None
    return [choice.mode, *choice.names]


def _said(request: ChatRequest) -> list[Any]:
    """Each part behind the role of whoever said it."""
    calls = _Calls()
    said: list[Any] = []
    for message in request.messages:
        role = _ROLES.get(message.role, message.role)
        said += ([role, *_part(part, calls)] for part in message.parts if not _is_empty(part))
        if left := unread(message):
            said.append([role, "unread", left])
    return said


def _is_empty(part: Part) -> bool:
    return isinstance(part, Text | Refusal) and not part.text


class _Calls:
    """Numbers for the calls of a conversation, whose ids are another's in every answer."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, id_: str) -> int:
        """The same for the same id."""
        return self._numbers.setdefault(id_, len(self._numbers))

    def __contains__(self, id_: str) -> bool:
        return id_ in self._numbers


def _part(part: Part, calls: _Calls) -> list[Any]:
    if left := unread(part):
        return [*_typed(part, calls), left]
    return _typed(part, calls)


def _typed(  # noqa: PLR0911 - an arm for each kind
    part: Part, calls: _Calls
) -> list[Any]:
    match part:
        case Text(text):
            return ["text", text]
        case Refusal(text):
            return ["refusal", text]
        case Image(media, detail):
            return ["image", *_media(media), None if detail == "auto" else detail]
        case Document(media, name):
            return ["document", *_media(media), name]
        case Audio(media):
            return ["audio", *_media(media)]
        case Reasoning(text, seal):
            return ["reasoning", text, _seal(seal, calls)]
        case ToolCall():
            called = [part.name, _arguments(part), part.custom]
            return ["call", calls.number(part.id), *called, _seal(part.seal, calls)]
        case ToolResult():
            name = part.name if part.id not in calls else ""  # else the call tells it
            parts = [_part(inner, calls) for inner in part.parts if not _is_empty(inner)]
            return ["result", calls.number(part.id), name, part.is_error, parts]
        case OpaquePart(origin, type_):
            return ["opaque", type_, origin]


def _media(media: Media) -> list[Any]:
    return [media.type, media.data, media.url, media.file_id]


def _seal(seal: Seal | None, calls: _Calls) -> list[Any] | None:
    if seal is None:
        return None
    call = None if seal.call is None else calls.number(seal.call)
    return [seal.dialect, seal.maker, seal.block, call]


def _arguments(call: ToolCall) -> Any:
    """As JSON, whose blanks and order say nothing; what is none, as it was written."""
    if call.custom:
        return call.arguments
    try:
        return [orjson.loads(call.arguments or "{}")]
    except ValueError:
        return call.arguments
