"""`systemInstruction` and `contents` of a request → messages.

A signature is a part of its own here, behind the part that it came on; another vendor's state, in
a tag, stands before it.
"""

from collections.abc import Iterator
from typing import Any

from llm_proxy.pipeline.dialects.gemini.call_ids import OpenCalls
from llm_proxy.pipeline.dialects.gemini.formats import NAME
from llm_proxy.pipeline.dialects.gemini.read_media import read_media
from llm_proxy.pipeline.dialects.gemini.read_result import json_text, read_result
from llm_proxy.pipeline.dialects.gemini.signatures import FIELD, signature_of, tagged_seals
from llm_proxy.pipeline.dialects.gemini.wire_names import Fields, get
from llm_proxy.pipeline.dialects.request_fields import list_at, object_at, text_at
from llm_proxy.pipeline.json_values import is_object
from llm_proxy.pipeline.parts import (
    OpaquePart,
    Part,
    Reasoning,
    Seal,
    Text,
    ToolCall,
    ToolResult,
)
from llm_proxy.pipeline.request import Message

_BESIDE = {"thought", "thoughtSignature", "thought_signature", "videoMetadata", "mediaResolution"}
"""Keys of a part that do not tell its kind."""


def read_messages(body: Fields) -> tuple[Message, ...]:
    """All turns; raises `BadRequest`, which names the field at fault."""
    messages: list[Message] = []
    instruction = get(body, "systemInstruction")
    if instruction is not None:
        where = "systemInstruction"
        content = object_at(instruction, where)
        messages.append(Message("system", tuple(_system_parts(content, where)), content))
    contents = get(body, "contents")
    if is_object(contents):  # one by itself is taken for a list of one
        contents = [contents]
    reader = _Contents()
    raw = list_at(contents, "contents")
    messages += [reader.read(content, f"contents[{n}]") for n, content in enumerate(raw)]
    return tuple(messages)


def _system_parts(content: Fields, where: str) -> Iterator[Part]:
    for raw, place in _parts(content, where):
        text = raw.get("text")
        yield Text(text, raw) if isinstance(text, str) else OpaquePart(raw, kind_of(raw, place))


def _parts(content: Fields, where: str) -> Iterator[tuple[Fields, str]]:
    raw = content.get("parts")
    parts: list[Any] = [raw] if is_object(raw) else list_at(raw or [], f"{where}.parts")
    for index, part in enumerate(parts):
        place = f"{where}.parts[{index}]"
        yield object_at(part, place), place


def kind_of(part: Fields, default: str = "part") -> str:
    """What a part is, by its field."""
    return next((key for key in part if key not in _BESIDE), default)


class _Contents:
    def __init__(self) -> None:
        self._calls = OpenCalls()
        self._after_user = False

    def read(self, raw: object, where: str) -> Message:
        content = object_at(raw, where)
        is_model = content.get("role") == "model"
        if is_model and self._after_user:
            self._calls.forget()
        self._after_user = not is_model
        parts: list[Part] = []
        for part, place in _parts(content, where):
            parts += self._part(part, place)
        return Message("assistant" if is_model else "user", tuple(parts), content)

    def _part(self, part: Fields, where: str) -> list[Part]:
        if (call := get(part, "functionCall")) is not None:
            return self._call(part, object_at(call, f"{where}.functionCall"), where)
        if (response := get(part, "functionResponse")) is not None:
            return [self._result(part, object_at(response, f"{where}.functionResponse"), where)]
        if part.get("text") is not None:
            return _text(part, text_at(part["text"], f"{where}.text"))
        return [read_media(part) or OpaquePart(part, kind_of(part))]

    def _call(self, part: Fields, fields: Fields, where: str) -> list[Part]:
        name = str(fields.get("name") or "")
        id_ = self._calls.call(str(fields.get("id") or ""), name)
        args = fields.get("args")
        where = f"{where}.functionCall.args"
        arguments = "{}" if args is None else json_text(object_at(args, where), where)
        signature = signature_of(part)
        seals = tagged_seals(signature) if signature else []
        if seals is None:
            own = Seal(NAME, {FIELD: signature}, call=id_)
            return [ToolCall(id_, name, arguments, seal=own, origin=part)]
        bound = [seal for seal in seals if seal.dialect == NAME and seal.call == id_]
        others = [Reasoning("", seal) for seal in seals if seal not in bound]
        seal = bound[0] if bound else None
        return [*others, ToolCall(id_, name, arguments, seal=seal, origin=part)]

    def _result(self, part: Fields, fields: Fields, where: str) -> ToolResult:
        name = str(fields.get("name") or "")
        id_ = self._calls.result(str(fields.get("id") or ""), name)
        parts, is_error = read_result(fields, f"{where}.functionResponse")
        return ToolResult(id_, parts, is_error, name, origin=part)


def _text(part: Fields, text: str) -> list[Part]:
    thought = part.get("thought") is True
    signature = signature_of(part)
    if not signature:
        return [Reasoning(text, origin=part) if thought else Text(text, part)]
    seals = tagged_seals(signature)
    if seals is None:
        if thought:
            block = {FIELD: signature, "thought": True, "text": text}
            return [Reasoning(text, Seal(NAME, block), part)]
        state = Reasoning("", Seal(NAME, {FIELD: signature}), part)
        return [Text(text, part), state] if text else [state]
    if thought:
        first, *others = seals
        return [Reasoning(text, first), *(Reasoning("", seal) for seal in others)]
    states = [Reasoning("", seal) for seal in seals]
    return [*states, Text(text, part)] if text else [*states]
