"""Parts → the content blocks of a message."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from llm_proxy.pipeline.dialects.anthropic_messages.formats import NAME
from llm_proxy.pipeline.dialects.anthropic_messages.read_blocks import (
    input_text,
    plain_text,
    result_parts,
)
from llm_proxy.pipeline.dialects.arguments import arguments_object
from llm_proxy.pipeline.errors import BadRequest
from llm_proxy.pipeline.parts import (
    CacheTtl,
    Document,
    Image,
    Media,
    OpaquePart,
    Part,
    Reasoning,
    Refusal,
    ResultPart,
    Text,
    ToolCall,
    ToolResult,
)

Block = Mapping[str, Any]


def written_blocks(parts: Sequence[Part]) -> list[Block]:
    """The blocks of a turn. Empty texts go, for no vendor takes them."""
    written = (written_block(part) for part in parts if not _is_empty(part))
    return [block for block in written if block is not None]


def _is_empty(part: Part) -> bool:
    return isinstance(part, Text | Refusal) and not part.text


def written_block(part: Part) -> Block | None:  # noqa: PLR0911 - an arm for each kind
    """A part as a block, with the fields that the client's own form of it has beside ours; None for
    one that has no place in this dialect."""
    match part:
        case Text():
            return _text(part)
        case Refusal(text):
            return {"type": "text", "text": text}
        case Reasoning(_, seal, origin):
            return seal.block if seal and seal.dialect == NAME else origin
        case OpaquePart(origin):
            return origin
        case Image() | Document() if part.origin is not None:
            return part.origin
        case Image(media):
            return _marked({"type": "image", "source": _source(media)}, part.cache)
        case Document(media, name):
            titled = {"title": name} if name else {}
            block = {"type": "document", "source": _document_source(media), **titled}
            return _marked(block, part.cache)
        case ToolCall():
            return _call(part)
        case ToolResult():
            return _result(part)
        case _:
            return None


def _text(part: Text) -> Block:
    origin = part.origin
    if origin is not None and plain_text(origin) == part.text:
        return origin
    if origin is not None and origin.get("type") == "text":
        return {**origin, "text": part.text}
    return _marked({"type": "text", "text": part.text}, part.cache)


def _source(media: Media) -> Block:
    """Where an image or a document is."""
    if media.file_id is not None:
        return {"type": "file", "file_id": media.file_id}
    if media.url is not None:
        return {"type": "url", "url": media.url}
    return {"type": "base64", "media_type": media.type, "data": media.data or ""}


def _document_source(media: Media) -> Block:
    """A text stands there as it is."""
    if media.data is None or media.type != "text/plain":
        return _source(media)
    text = base64.b64decode(media.data).decode("utf-8", "replace")
    return {"type": "text", "media_type": "text/plain", "data": text}


def _call(call: ToolCall) -> Block:
    origin = call.origin or {}
    written = {**origin, "type": "tool_use", "id": call.id, "name": call.name}
    if "input" not in origin or input_text(origin["input"]) != call.arguments:
        written["input"] = arguments_object(call.arguments, custom=call.custom)
    return written if call.origin else _marked(written, call.cache)


def _result(result: ToolResult) -> Block:
    origin = result.origin or {}
    written: dict[str, Any] = {**origin, "type": "tool_result", "tool_use_id": result.id}
    if not result.origin or _parts_of(origin) != result.parts:
        written.pop("content", None)
        if result.parts:
            written["content"] = _result_content(result.parts)
    if result.is_error != (origin.get("is_error") is True):
        written["is_error"] = result.is_error
    return written if result.origin else _marked(written, result.cache)


def _parts_of(origin: Block) -> tuple[ResultPart, ...] | None:
    try:
        return result_parts(origin.get("content"), "content")
    except BadRequest:
        return None


def _result_content(parts: Sequence[ResultPart]) -> str | list[Block]:
    """A plain string where that says all."""
    first, *others = parts
    if isinstance(first, Text) and not others and not first.origin and not first.cache:
        return first.text
    return written_blocks(parts)


def _marked(block: dict[str, Any], cache: CacheTtl | None) -> dict[str, Any]:
    return {**block, "cache_control": cache_control(cache)} if cache else block


def cache_control(cache: CacheTtl) -> dict[str, str]:
    """The mark at the end of what a vendor is asked to remember; five minutes unless told."""
    return {"type": "ephemeral", "ttl": "1h"} if cache == "long" else {"type": "ephemeral"}
