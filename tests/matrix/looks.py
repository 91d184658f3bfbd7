"""Looking at what a vendor reads, for what a client has said."""

from collections.abc import Callable
from typing import Any

from llm_proxy.pipeline.parts import Image, Part, Reasoning, Text, ToolCall, ToolResult
from llm_proxy.pipeline.request import ChatRequest
from tests.matrix.bodies import PNG, Json


def parts_of(request: ChatRequest, kind: type[Part]) -> list[Any]:
    """Every part of a kind, also those inside of results."""
    found: list[Any] = []
    for message in request.messages:
        for part in message.parts:
            inner = part.parts if isinstance(part, ToolResult) else ()
            found += [one for one in (part, *inner) if isinstance(one, kind)]
    return found


def says(text: str, *roles: str) -> Callable[[ChatRequest], bool]:
    def look(request: ChatRequest) -> bool:
        return any(text in m.text for m in request.messages if not roles or m.role in roles)

    return look


def setting(name: str, *values: Json) -> Callable[[ChatRequest], bool]:
    return lambda request: request.params.get(name) in values


def chosen(mode: str, *names: str) -> Callable[[ChatRequest], bool]:
    def look(request: ChatRequest) -> bool:
        choice = request.tool_choice
        only_these = {tool.name for tool in request.tools} == set(names)
        return (
            choice is not None
            and choice.mode == mode
            and (set(choice.names) == set(names) or (not choice.names and only_these))
        )

    return look


def has_pairs(request: ChatRequest) -> bool:
    calls = [(c.name, c.id) for c in parts_of(request, ToolCall)]
    results = {result.id: result for result in parts_of(request, ToolResult)}
    return [name for name, _ in calls] == ["f", "g"] and all(
        word in results[id_].text or word in str(results[id_].origin)
        for (_, id_), word in zip(calls, ("one", "two"), strict=True)
    )


def has_failed_result(request: ChatRequest) -> bool:
    results = parts_of(request, ToolResult)
    return any(result.is_error or "Error: broken" in result.text for result in results)


def has_schema(request: ChatRequest) -> bool:
    format_ = request.params.get("response_format") or {}
    schema = format_.get("json_schema", {}).get("schema", {})
    return bool("city" in schema.get("properties", {}))


def shows_image(request: ChatRequest) -> bool:
    return any(image.media.data == PNG for image in parts_of(request, Image))


def is_marked(request: ChatRequest) -> bool:
    return any(text.cache for text in parts_of(request, Text))


def has_own_seal(request: ChatRequest) -> bool:
    kept = [*parts_of(request, Reasoning), *parts_of(request, ToolCall)]
    return any("fake" in str(part.seal) or "ZmFrZQ" in str(part.seal) for part in kept)
