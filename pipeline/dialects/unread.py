"""What a request says in fields of its own dialect that its typed view does not hold.

The view has all that every dialect can say. What else a client has written stands in the origin of
a message, a part or a tool alone, and makes another request of it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from llm_proxy.pipeline.json_values import is_list, is_object, object_or_empty, objects_in
from llm_proxy.pipeline.parts import (
    Audio,
    Document,
    Image,
    OpaquePart,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from llm_proxy.pipeline.request import ChatRequest, Message, Tool

Fields = Mapping[str, Any]

_Known = Mapping[str, "_Known | None"]
"""The fields that are read, in any dialect; of an object either wholly (None) or these alone."""


def _wholly(*names: str) -> _Known:
    return dict.fromkeys(names)


_ANY: _Known = _wholly(
    *("type", "id", "status", "cache_control", "prompt_cache_breakpoint"),
    *("thought", "thoughtSignature", "thought_signature"),
)

_INLINE = _wholly("mimeType", "mime_type", "data")
_FILE = _wholly("mimeType", "mime_type", "fileUri", "file_uri")
_NAME = _wholly("displayName", "display_name")

_MEDIA: _Known = {
    **_ANY,
    "source": _wholly("type", "media_type", "data", "url", "file_id"),
    "inlineData": _INLINE,
    "inline_data": _INLINE,
    "fileData": _FILE,
    "file_data": _FILE,
}

_NAMED_MEDIA: _Known = {
    **_MEDIA,
    "inlineData": {**_INLINE, **_NAME},
    "inline_data": {**_INLINE, **_NAME},
    "fileData": {**_FILE, **_NAME},
    "file_data": {**_FILE, **_NAME},
}

_CALLED = _wholly("id", "name", "args")
_GIVEN_BACK = _wholly("id", "name", "response", "parts")

_PARTS: Mapping[type[Part], _Known] = {
    Text: {**_ANY, **_wholly("text")},
    Refusal: {**_ANY, **_wholly("refusal")},
    Image: {
        **_MEDIA,
        "image_url": _wholly("url", "detail"),
        **_wholly("detail", "file_id"),
    },
    Document: {
        **_NAMED_MEDIA,
        "file": _wholly("filename", "file_data", "file_id"),
        **_wholly("title", "filename", "file_id", "file_url"),
    },
    Audio: {**_MEDIA, "input_audio": _wholly("data", "format")},
    Reasoning: {
        **_ANY,
        **_wholly("text", "thinking", "signature", "data", "summary", "encrypted_content"),
    },
    ToolCall: {
        **_ANY,
        "function": _wholly("name", "arguments"),
        "custom": _wholly("name", "input"),
        "functionCall": _CALLED,
        "function_call": _CALLED,
        **_wholly("call_id", "name", "namespace", "arguments", "input"),
    },
    ToolResult: {
        **_ANY,
        "functionResponse": _GIVEN_BACK,
        "function_response": _GIVEN_BACK,
        **_wholly("role", "tool_call_id", "tool_use_id", "call_id"),
        **_wholly("content", "output", "is_error"),
    },
    OpaquePart: {},
}

_MESSAGE: _Known = {
    **_ANY,
    **_wholly("role", "content", "parts", "system", "instructions"),
    **_wholly("tool_calls", "refusal", "reasoning_content", "reasoning", "reasoning_details"),
}

_FUNCTION = _wholly("name", "description", "parameters", "strict")

_TOOL: _Known = {
    **_ANY,
    **_FUNCTION,
    "function": _FUNCTION,
    "custom": {"format": {"grammar": None}, **_wholly("name", "description")},
    "format": _wholly("syntax", "definition"),
    **_wholly("input_schema", "parametersJsonSchema", "parameters_json_schema"),
}

_CHOICE: _Known = {
    "function": _wholly("name"),
    "custom": _wholly("name"),
    "allowed_tools": _wholly("mode", "tools"),
    **_wholly("type", "name", "namespace", "mode", "tools", "disable_parallel_tool_use"),
    **_wholly("allowedFunctionNames", "allowed_function_names"),
}

_GROUP = _wholly("type", "name", "tools")

_FOLDED = ("thinking", "output_config", "output_format", "reasoning", "text")
_FOLDED_DEEPER = {
    *("thinkingConfig", "responseMimeType", "responseSchema", "responseJsonSchema"),
    *("thinking_config", "response_mime_type", "response_schema", "response_json_schema"),
}
"""Settings of which the typed view holds only the gist."""


def unread(said: Message | Part | Tool) -> Fields:
    """The fields of its origin that the typed view does not hold, empty if there are none."""
    if said.origin is None:
        return {}
    if isinstance(said, Message):
        if any(part.origin is said.origin for part in said.parts):
            return {}  # a turn of one part, which tells it
        return _left(said.origin, _MESSAGE)
    if isinstance(said, Tool):
        own = said.origin.get("parameters", said.parameters)
        converted = {} if own == said.parameters else {"parameters": own}
        return {**_left(said.origin, _TOOL), **converted}
    return _left(said.origin, _PARTS[type(said)])


def unread_settings(request: ChatRequest) -> Fields:
    """The fields of a request itself that say more than the typed view holds of them."""
    if request.source is None:
        return {}
    body = request.source.body
    left = {name: body[name] for name in _FOLDED if body.get(name) is not None}
    generation = object_or_empty(_first(body, "generationConfig", "generation_config"))
    left |= {name: generation[name] for name in _FOLDED_DEEPER & generation.keys()}
    groups = [tool for tool in objects_in(body.get("tools")) if is_list(tool.get("tools"))]
    if of_groups := [more for group in groups if (more := _left(group, _GROUP))]:
        left["tools"] = of_groups
    if (choice := _unread_choice(request)) is not None:
        left["tool_choice"] = choice
    return left


def _unread_choice(request: ChatRequest) -> Any:
    """What a choice of tools says beside what is known of it, or all of one of which nothing is;
    None if there is no such thing, or a stage has chosen otherwise."""
    source = request.source
    if source is None or request.tool_choice is not source.tool_choice:
        return None
    config = _first(source.body, "toolConfig", "tool_config")
    own = _first(object_or_empty(config), "functionCallingConfig", "function_calling_config")
    choice = own or source.body.get("tool_choice")
    if request.tool_choice is None:
        return choice
    return (_left(choice, _CHOICE) or None) if is_object(choice) else None


def _first(fields: Fields, *names: str) -> Any:
    return next((fields[name] for name in names if name in fields), None)


def _left(fields: Fields, known: _Known) -> Fields:
    if fields.keys() <= known.keys() and not any(map(known.get, fields)):
        return {}  # as nearly always
    return dict(_walk(fields, known))


def _walk(fields: Fields, known: _Known) -> Iterator[tuple[str, Any]]:
    for name, value in fields.items():
        if value is None or value == []:
            continue
        if name not in known:
            yield name, value
        elif (inner := known[name]) and is_object(value) and (left := _left(value, inner)):
            yield name, left
