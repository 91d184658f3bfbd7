"""A message of a chat completion request → `Message`."""

from collections.abc import Mapping
from typing import Any, cast

from llm_proxy.pipeline.dialects.media import media_of_file_data, media_of_url, standard_base64
from llm_proxy.pipeline.dialects.openai_chat.formats import NAME
from llm_proxy.pipeline.dialects.openai_chat.tool_fragments import arguments_text
from llm_proxy.pipeline.dialects.request_fields import list_at, object_at, text_at
from llm_proxy.pipeline.dialects.seals import untag
from llm_proxy.pipeline.errors import BadRequest
from llm_proxy.pipeline.json_values import is_list, is_object, object_or_empty, objects_in
from llm_proxy.pipeline.parts import (
    Audio,
    CacheTtl,
    Document,
    Image,
    Media,
    OpaquePart,
    Part,
    Reasoning,
    Refusal,
    ResultPart,
    Seal,
    Text,
    ToolCall,
    ToolResult,
)
from llm_proxy.pipeline.request import Message, Role

ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})

_PLAIN_ROLES = ("user", "system", "developer")

_ROLE_AND_CONTENT = 2

_REASONING = ("reasoning_content", "reasoning")
"""Where compatible servers and clients put what was thought."""


def read_message(raw: object, index: int) -> Message:
    """Raises `BadRequest`, which names the field at fault."""
    if not isinstance(raw, dict):
        raise BadRequest(f"messages[{index}] must be an object", param=f"messages[{index}]")
    fields: dict[str, Any] = raw  # pyright: ignore[reportUnknownVariableType]
    role, content = fields.get("role"), fields.get("content")
    if isinstance(content, str) and (
        role in _PLAIN_ROLES or (role == "assistant" and len(fields) == _ROLE_AND_CONTENT)
    ):
        # Most turns of a long history, read without a detour.
        return Message(role, (Text(content),), fields)
    return _structured(fields, f"messages[{index}]")


def _structured(raw: Mapping[str, Any], where: str) -> Message:
    role, content = raw.get("role"), raw.get("content")
    if not isinstance(role, str) or role not in ROLES:
        known = ", ".join(sorted(ROLES))
        raise BadRequest(f"{where}.role must be one of {known}", param=f"{where}.role")
    if isinstance(content, str):
        parts: list[Part] = [Text(content)]
    elif content is None or is_list(content):
        parts = [_part(part, f"{where}.content[{n}]") for n, part in enumerate(content or [])]
    else:
        raise BadRequest(
            f"{where}.content must be a string or a list of parts", param=f"{where}.content"
        )
    if role in ("tool", "function"):
        return Message("tool", (_result(raw, parts),), raw)
    if role == "assistant":
        calls = list_at(raw.get("tool_calls") or [], f"{where}.tool_calls")
        parts = [*_reasoning(raw), *parts, *_refusal(raw)]
        parts += [_tool_call(call, f"{where}.tool_calls[{n}]") for n, call in enumerate(calls)]
    return Message(cast("Role", role), tuple(parts), raw)


def _result(raw: Mapping[str, Any], parts: list[Part]) -> ToolResult:
    id_ = str(raw.get("tool_call_id") or raw.get("name") or "")
    return ToolResult(id_, tuple(_result_part(part) for part in parts), origin=raw)


def _result_part(part: Part) -> ResultPart:
    if isinstance(part, Text | Image | Document | OpaquePart):
        return part
    return OpaquePart(part.origin or {}, type(part).__name__.lower())


def _reasoning(raw: Mapping[str, Any]) -> list[Part]:
    """What was thought, and the state that belongs to it: other vendors' in tags of our own."""
    texts = [raw[name] for name in _REASONING if isinstance(raw.get(name), str)]
    text = next((text for text in texts if text), "")
    parts: list[Part] = [Reasoning(text)] if text else []
    own: list[dict[str, Any]] = []
    for detail in objects_in(raw.get("reasoning_details")):
        seals = untag(detail.get("data"))
        if seals is None:
            own.append(detail)
        parts += [Reasoning("", seal) for seal in seals or ()]
    if own:
        parts.append(Reasoning("", Seal(NAME, {"reasoning_details": own})))
    return parts


def _refusal(raw: Mapping[str, Any]) -> list[Part]:
    refusal = raw.get("refusal")
    return [Refusal(refusal)] if isinstance(refusal, str) and refusal else []


def _part(raw: object, where: str) -> Part:
    part = object_at(raw, where)
    match part.get("type"):
        case "text":
            return Text(text_at(part.get("text"), f"{where}.text"), part, _cache(part))
        case "refusal":
            return Refusal(str(part.get("refusal") or ""), part)
        case "image_url":
            return _image(part, where)
        case "file":
            return _file(part)
        case "input_audio":
            audio = object_or_empty(part.get("input_audio"))
            data = standard_base64(str(audio.get("data") or ""))
            return Audio(Media(f"audio/{audio.get('format') or 'wav'}", data=data), part)
        case kind:
            return OpaquePart(part, str(kind or "part"))


def _image(part: Mapping[str, Any], where: str) -> Part:
    image = part.get("image_url")
    fields = image if is_object(image) else {"url": image}  # older clients write the bare URL
    url = text_at(fields.get("url"), f"{where}.image_url.url")
    detail = fields.get("detail")
    return Image(media_of_url(url), detail if isinstance(detail, str) else None, part, _cache(part))


def _file(part: Mapping[str, Any]) -> Part:
    file = object_or_empty(part.get("file"))
    name = str(file.get("filename") or "") or None
    if file.get("file_id"):
        return Document(Media(file_id=str(file["file_id"])), name, part, _cache(part))
    media = media_of_file_data(str(file.get("file_data") or ""))
    return Document(media, name, part, _cache(part))


def _cache(part: Mapping[str, Any]) -> CacheTtl | None:
    mark = part.get("prompt_cache_breakpoint") or part.get("cache_control")
    if not is_object(mark):
        return None
    return "long" if mark.get("ttl") in ("12h", "1h") else "short"


def _tool_call(raw: object, where: str) -> Part:
    call = object_at(raw, where)
    kind = call.get("type") or "function"
    if kind == "custom":
        fields = object_at(call.get("custom"), f"{where}.custom")
        name, text = str(fields.get("name") or ""), str(fields.get("input") or "")
        return ToolCall(str(call.get("id") or ""), name, text, custom=True, origin=call)
    if kind != "function":
        return OpaquePart(call, f"{kind} call")
    function = object_at(call.get("function"), f"{where}.function")
    try:
        arguments = arguments_text(function.get("arguments"))
    except ValueError as error:
        raise BadRequest(str(error), param=f"{where}.function.arguments") from error
    name = str(function.get("name") or "")
    return ToolCall(str(call.get("id") or ""), name, arguments, origin=call)
