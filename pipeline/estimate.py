"""How many tokens a conversation will be, roughly, where nobody counts them for us."""

from math import ceil

import orjson

from llm_proxy.pipeline.parts import (
    Audio,
    Document,
    Image,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from llm_proxy.pipeline.request import ChatRequest, Tool

_BYTES_PER_TOKEN = 4
"""Of UTF-8; between the common tokenizers' 3 for code and 5 for English prose."""

_MESSAGE = 4
_MEDIA = 1000
"""What a turn's frame costs, and a picture or a page, whatever is in them."""


def estimated_tokens(request: ChatRequest) -> int:
    """The tokens of everything that would be sent."""
    size = media = 0
    for message in request.messages:
        for part in message.parts:
            if isinstance(part, Text):  # most parts of a long history, told by one question
                size += _length(part.text)
            else:
                size += _bytes(part)
                media += _media(part)
    size += sum([_tool_bytes(tool) for tool in request.tools])
    return ceil(size / _BYTES_PER_TOKEN) + media + _MESSAGE * len(request.messages)


def _length(text: str) -> int:
    """Bytes of UTF-8; a text knows whether it is all ASCII, and then need not be copied."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def _bytes(part: Part) -> int:
    match part:
        case Refusal(text) | Reasoning(text):
            return _length(text)
        case ToolCall(_, name, arguments):
            return _length(name) + _length(arguments)
        case ToolResult():
            return _length(part.text)
        case _:
            return 0


def _media(part: Part) -> int:
    if isinstance(part, ToolResult):
        return sum(_media(inner) for inner in part.parts)
    return _MEDIA if isinstance(part, Image | Document | Audio) else 0


def _tool_bytes(tool: Tool) -> int:
    try:
        schema = len(orjson.dumps(tool.parameters))
    except orjson.JSONEncodeError:  # nested too deeply; a schema that no vendor takes
        schema = 0
    return len(f"{tool.name}{tool.description}") + schema
