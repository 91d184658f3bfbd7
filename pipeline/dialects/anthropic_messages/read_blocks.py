"""The content blocks of a message → parts."""

import base64
from collections.abc import Mapping
from typing import Any

from llm_proxy.pipeline.dialects.anthropic_messages.formats import NAME
from llm_proxy.pipeline.dialects.body import json_text
from llm_proxy.pipeline.dialects.media import media_type, standard_base64
from llm_proxy.pipeline.dialects.request_fields import list_at, object_at, text_at
from llm_proxy.pipeline.dialects.seals import untag
from llm_proxy.pipeline.json_values import is_object, object_or_empty, objects_in
from llm_proxy.pipeline.parts import (
    CacheTtl,
    Document,
    Image,
    Media,
    OpaquePart,
    Part,
    Reasoning,
    ResultPart,
    Seal,
    Text,
    ToolCall,
    ToolResult,
)

Block = Mapping[str, Any]

_UNSHOWN = "[image]"
"""In place of a picture inside a document of blocks, which is text elsewhere."""


def read_content(value: object, where: str) -> tuple[Part, ...]:
    """The parts of a text or of a list of blocks; raises `BadRequest`."""
    if isinstance(value, str):
        return (Text(value),)
    blocks = list_at(value, where)
    return tuple(
        part
        for index, block in enumerate(blocks)
        for part in _block(object_at(block, f"{where}[{index}]"), f"{where}[{index}]")
    )


def _block(block: Block, where: str) -> list[Part]:
    """One part, but for thinking: a tag may hold the state of several thoughts."""
    match block.get("type"):
        case "text":
            return [Text(text_at(block.get("text"), f"{where}.text"), block, read_cache(block))]
        case "thinking":
            return _thinking(block)
        case "redacted_thinking":
            return _sealed("", block, block.get("data"))
        case "tool_use":
            return [_tool_call(block, where)]
        case "tool_result":
            return [_tool_result(block, where)]
        case _:
            return [_shown(block)]


def _shown(block: Block) -> ResultPart:
    """What a user or a tool shows; what is not understood is carried as it is."""
    kind = str(block.get("type") or "block")
    if kind in ("search_result", "document") and (text := plain_text(block)) is not None:
        return Text(text, block, read_cache(block))
    media = _media(object_or_empty(block.get("source")))
    if kind == "image" and media:
        return Image(media, origin=block, cache=read_cache(block))
    if kind == "document" and media:
        title = block.get("title")
        name = title if isinstance(title, str) and title else None
        return Document(media, name, block, read_cache(block))
    return OpaquePart(block, kind)


def _media(source: Block) -> Media | None:
    """What a source of an image or a document holds or points to."""
    type_ = media_type(str(source.get("media_type") or ""))
    match source.get("type"), source:
        case "base64", {"data": str(data)}:
            return Media(type_, data=standard_base64(data))
        case "text", {"data": str(text)}:
            coded = base64.b64encode(text.encode("utf-8", "replace")).decode()
            return Media("text/plain", data=coded)
        case "url", {"url": str(url)}:
            return Media(type_, url=url)
        case "file", {"file_id": str(file_id)}:
            return Media(type_, file_id=file_id)
        case _:
            return None


def plain_text(block: Block) -> str | None:
    """The text of a text block, of a search result, or of a document that is made of blocks; None
    for any other."""
    if block.get("type") == "text":
        return str(block.get("text") or "")
    if block.get("type") == "search_result":
        content, heading = block.get("content"), [block.get("title"), block.get("source")]
    else:
        source = object_or_empty(block.get("source"))
        if source.get("type") != "content":
            return None
        content, heading = source.get("content"), [block.get("title")]
    lines = [line for line in heading if isinstance(line, str) and line]
    texts = [content] if isinstance(content, str) else [_inner(b) for b in objects_in(content)]
    return "\n".join([*lines, *texts])


def _inner(block: Block) -> str:
    text = block.get("text")
    return text if isinstance(text, str) else _UNSHOWN


def _thinking(block: Block) -> list[Part]:
    thinking = block.get("thinking")
    return _sealed(thinking if isinstance(thinking, str) else "", block, block.get("signature"))


def _sealed(text: str, block: Block, state: object) -> list[Part]:
    """A thought with its vendor's state, with other vendors' in a tag, or with none."""
    if not isinstance(state, str) or not state:
        return [Reasoning(text, origin=block)]
    seals = untag(state)
    if seals is None:
        return [Reasoning(text, Seal(NAME, block), block)]
    if not seals:
        return [Reasoning(text)]  # a damaged tag is nobody's state
    first, *others = seals
    return [Reasoning(text, first, block), *(Reasoning("", seal) for seal in others)]


def _tool_call(block: Block, where: str) -> ToolCall:
    return ToolCall(
        text_at(block.get("id"), f"{where}.id"),
        text_at(block.get("name"), f"{where}.name"),
        input_text(block.get("input")),
        origin=block,
        cache=read_cache(block),
    )


def input_text(value: object) -> str:
    """The arguments of a call as JSON text."""
    return "{}" if value is None else json_text(value)


def _tool_result(block: Block, where: str) -> ToolResult:
    return ToolResult(
        text_at(block.get("tool_use_id"), f"{where}.tool_use_id"),
        result_parts(block.get("content"), f"{where}.content"),
        is_error=block.get("is_error") is True,
        origin=block,
        cache=read_cache(block),
    )


def result_parts(content: object, where: str) -> tuple[ResultPart, ...]:
    """What a tool gave back; raises `BadRequest`."""
    if content is None:
        return ()
    if isinstance(content, str):
        return (Text(content),)
    blocks = list_at(content, where)
    return tuple(
        _result_part(object_at(block, f"{where}[{index}]")) for index, block in enumerate(blocks)
    )


def _result_part(block: Block) -> ResultPart:
    if block.get("type") == "text" and isinstance(text := block.get("text"), str):
        return Text(text, block, read_cache(block))
    return _shown(block)


def read_cache(block: Block) -> CacheTtl | None:
    """How long a block's mark asks to remember what ends with it."""
    mark = block.get("cache_control")
    if not is_object(mark):
        return None
    return "long" if mark.get("ttl") == "1h" else "short"
