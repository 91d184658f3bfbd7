"""Parts of a turn → their JSON, in the client's own form where they have one.

A signature is written from a seal and from nothing else: one whose seal a stage has taken out goes.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from llm_proxy.pipeline.dialects.arguments import arguments_object
from llm_proxy.pipeline.dialects.gemini.call_ids import is_made_up
from llm_proxy.pipeline.dialects.gemini.read_result import (
    ERROR,
    OUTPUT,
    json_text,
    read_result,
    said_under,
)
from llm_proxy.pipeline.dialects.gemini.signatures import FIELD, signature_in, signature_of
from llm_proxy.pipeline.dialects.gemini.wire_names import Fields, put, spelling
from llm_proxy.pipeline.dialects.media import sniffed_type
from llm_proxy.pipeline.json_values import object_or_empty
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

Json = dict[str, Any]


def written_parts(parts: Sequence[Part]) -> list[Json]:
    """All parts of one turn."""
    written: list[Json] = []
    last: Part | None = None
    for part in parts:
        if isinstance(part, Reasoning) and _is_on(part, last):
            _sign(written[-1], part.seal, part.origin)
        elif (json := _written(part)) is not None:
            written.append(json)
        last = part
    return written


def _is_on(state: Reasoning, last: Part | None) -> bool:
    """Whether the state is that of the text before it: both were read from one part."""
    return isinstance(last, Text) and last.origin is not None and last.origin is state.origin


def _written(part: Part) -> Json | None:  # noqa: PLR0911 - an arm for each kind
    match part:
        case Text(text, origin):
            return {**_unsigned(origin), "text": text}
        case Refusal(text, origin):
            return {**(origin or {}), "text": text}
        case Reasoning():
            return _reasoning(part)
        case ToolCall():
            return _call(part)
        case ToolResult():
            return _result(part)
        case OpaquePart(origin):
            return dict(origin)
        case Image() | Document() | Audio():
            return dict(part.origin) if part.origin is not None else written_media(part)


def _unsigned(origin: Fields | None) -> Json:
    fields = dict(origin or {})
    if signature_of(fields):
        put(fields, FIELD, None)
    return fields


def _sign(fields: Json, seal: Seal | None, origin: Fields | None) -> None:
    if seal is not None and (signature := signature_in(seal)):
        fields[spelling(origin or {}, FIELD)] = signature


def _reasoning(part: Reasoning) -> Json | None:
    signature = signature_in(part.seal) if part.seal else ""
    is_thought = not signature or part.seal is None or part.seal.block.get("thought") is True
    text = part.text if is_thought else ""
    if is_thought and not text and part.seal is not None:
        text = str(part.seal.block.get("text") or "")
    if not text and not signature and part.origin is None:
        return None
    fields = _unsigned(part.origin) | (
        {"text": text, "thought": True} if is_thought else {"text": ""}
    )
    _sign(fields, part.seal, part.origin)
    return fields


def _call(call: ToolCall) -> Json:
    fields = _unsigned(call.origin)
    key = spelling(fields, "functionCall")
    function = dict(object_or_empty(fields.get(key)))
    if not is_made_up(call.id, call.name) and call.id != function.get("id"):
        function["id"] = call.id
    if call.name != str(function.get("name") or ""):
        function["name"] = call.name
    old = function.get("args")
    if old is None or json_text(old, "args") != call.arguments or call.custom:
        args = arguments_object(call.arguments, custom=call.custom)
        if args or old is not None:
            function["args"] = args
    fields[key] = function
    _sign(fields, call.seal, call.origin)
    return fields


def _result(result: ToolResult) -> Json:
    origin = dict(result.origin or {})
    key = spelling(origin, "functionResponse")
    old = object_or_empty(origin.get(key))
    if result.origin is not None and read_result(old, key) == (result.parts, result.is_error):
        return origin
    function = dict(old)
    if not is_made_up(result.id, result.name) and (not old or "id" in old):
        function["id"] = result.id
    if result.name:
        function["name"] = result.name
    function["response"] = _response(result, old)
    shown = [part for part in result.parts if isinstance(part, Image | Document | OpaquePart)]
    media = [json for part in shown if (json := _written(part)) is not None]
    put(function, "parts", media or None)
    origin[key] = function
    return origin


def _response(result: ToolResult, old: Mapping[str, Any]) -> Json:
    key = said_under(object_or_empty(old.get("response")))
    if result.is_error:
        return {ERROR: result.text}
    return {OUTPUT if key in (None, ERROR) else key: result.text}


def written_media(part: Image | Document | Audio) -> Json:
    """The bytes, or where they are."""
    media, name = part.media, part.name if isinstance(part, Document) else None
    about: Json = {"displayName": name} if name else {}
    if media.data is not None:
        return {"inlineData": {"mimeType": _type(media), "data": media.data, **about}}
    typed: Json = {"mimeType": media.type} if media.type else {}
    return {"fileData": {**typed, "fileUri": media.url or media.file_id, **about}}


def _type(media: Media) -> str:
    return media.type or sniffed_type(media.data or "") or "application/octet-stream"


def texts(parts: Iterable[Part]) -> list[Json]:
    """The texts among parts."""
    return [{"text": part.text} for part in parts if isinstance(part, Text) and part.text]
