"""`ChatRequest` → a request for a response, for a vendor."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from llm_proxy.pipeline.dialects.body import json_bytes
from llm_proxy.pipeline.dialects.dialect import Recipient, Written
from llm_proxy.pipeline.dialects.losses import Losses
from llm_proxy.pipeline.dialects.openai_responses.formats import NAME
from llm_proxy.pipeline.dialects.openai_responses.namespaces import Namespaces
from llm_proxy.pipeline.dialects.openai_responses.translate import UNCOUNTED, translated
from llm_proxy.pipeline.dialects.openai_responses.write_item import write_items
from llm_proxy.pipeline.dialects.openai_responses.write_params import changed_params
from llm_proxy.pipeline.dialects.openai_responses.write_parts import Json
from llm_proxy.pipeline.dialects.openai_responses.write_tools import written_choice, written_tools
from llm_proxy.pipeline.dialects.seals import FOREIGN, without_foreign_seals
from llm_proxy.pipeline.json_values import is_list, is_object
from llm_proxy.pipeline.parts import Reasoning, Text
from llm_proxy.pipeline.request import ChatRequest, Message, Source

_BETWEEN = "\n\n"


def write_request(request: ChatRequest, to: Recipient) -> Written:
    """The request to send. Where nothing differs from what the client sent, its very bytes."""
    source = request.source
    if source is None or source.dialect != NAME:
        body, written = translated(request, to)
        return written(json_bytes(body))
    losses = Losses()
    request = _without_own_thoughts(without_foreign_seals(request, NAME, to.maker, losses), losses)
    fields = _changed(request, source, to, losses)
    if fields is None:
        return Written(source.raw, losses.told)
    return Written(json_bytes(fields), losses.told)


def _without_own_thoughts(request: ChatRequest, losses: Losses) -> ChatRequest:
    """The request without items of reasoning that no vendor of this dialect has made."""
    kept = [message for message in request.messages if not _is_own_thought(message)]
    if len(kept) == len(request.messages):
        return request
    losses.drop(FOREIGN)
    return replace(request, messages=kept)


def _is_own_thought(message: Message) -> bool:
    thoughts = [part for part in message.parts if isinstance(part, Reasoning)]
    return (
        bool(thoughts)
        and len(thoughts) == len(message.parts)
        and not any(part.seal for part in thoughts)
    )


def _changed(
    request: ChatRequest, source: Source, to: Recipient, losses: Losses
) -> dict[str, Any] | None:
    """The client's body with what differs from it; None where nothing does."""
    body = source.body
    fields = changed_params(request.params, source, to.traits, losses)
    if to.model != body.get("model"):
        fields["model"] = to.model
    if request.messages is not source.messages:
        _put_messages(fields, request)
    if request.stream != bool(body.get("stream")) and not request.counts_only:
        fields["stream"] = request.stream
        if not request.stream:
            fields.pop("stream_options", None)
    _put_tools(fields, request, source)
    if request.counts_only:
        fields = {name: value for name, value in fields.items() if name not in UNCOUNTED}
    return None if _same(fields, body) else fields


def _put_tools(fields: dict[str, Any], request: ChatRequest, source: Source) -> None:
    if request.tools is not source.tools:
        fields["tools"] = written_tools(request.tools, fields.get("tools"))
        if not request.tools:
            del fields["tools"]
    if request.tool_choice != source.tool_choice:
        fields.pop("tool_choice", None)
        if request.tool_choice is not None:
            fields["tool_choice"] = written_choice(request.tool_choice, request.tools)


def _same(fields: dict[str, Any], body: Json) -> bool:
    return fields.keys() == body.keys() and all(fields[name] is body[name] for name in body)


def _put_messages(fields: dict[str, Any], request: ChatRequest) -> None:
    instructions, rest = _instructions(request.messages)
    if instructions != (fields.get("instructions") or ""):
        fields["instructions"] = instructions
        if not instructions:
            del fields["instructions"]
    namespaces = Namespaces(request.tools)
    if isinstance(fields.get("input"), str) and (text := _plain(rest)) is not None:
        if text != fields["input"]:
            fields["input"] = text
        return
    items = [item for message in rest for item in write_items(message, namespaces)]
    if not _same_items(items, fields.get("input")):
        fields["input"] = items


def _same_items(items: Sequence[Json], old: object) -> bool:
    """Whether they are the client's own, none of them changed."""
    old = [] if old is None else old
    return (
        is_list(old)
        and len(items) == len(old)
        and all(new is one for new, one in zip(items, old, strict=True))
    )


def _instructions(messages: Sequence[Message]) -> tuple[str, Sequence[Message]]:
    """The text of the leading system turns that are no items of the client's, and what follows."""
    texts: list[str] = []
    for position, message in enumerate(messages):
        origin = message.origin
        is_field = is_object(origin) and "instructions" in origin
        if message.role != "system" or not (is_field or origin is None):
            return _BETWEEN.join(texts), messages[position:]
        texts += [part.text for part in message.parts if isinstance(part, Text) and part.text]
    return _BETWEEN.join(texts), ()


def _plain(messages: Sequence[Message]) -> str | None:
    """The one text that these turns are, if they are the user's and nothing else."""
    if len(messages) != 1 or messages[0].role != "user":
        return None
    parts = messages[0].parts
    if not all(isinstance(part, Text) and part.origin is None for part in parts):
        return None
    return messages[0].text
