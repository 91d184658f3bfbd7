"""Requests that no tidy client would send, and what went wrong with them once."""

from collections.abc import Iterable
from typing import Any

import orjson
import pytest

from llm_proxy.pipeline.dialects import DIALECTS
from llm_proxy.pipeline.errors import BadRequest, ProxyError, Untranslatable
from tests.matrix import requests
from tests.matrix.bodies import SCHEMA, chat, chat_tool, config, messages, responses
from tests.matrix.cells import recipient
from tests.matrix.feature import Feature
from tests.matrix.pitfalls import CLIENTS, C, G, Json, M, R, called, read, sent

vendors = pytest.mark.parametrize("vendor", CLIENTS)

STRANGE: list[Json] = [None, "", 0, -1, 1.5, True, [], {}, [None], [{}], "x", "px1.AAAA", [[]]]


def places(value: Json, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a body."""
    if isinstance(value, dict):
        inner: Iterable[tuple[Any, Json]] = value.items()
    else:
        inner = enumerate(value) if isinstance(value, list) else ()
    return [place, *(found for key, one in inner for found in places(one, (*place, key)))]


def changed(value: Json, place: tuple[Any, ...], new: Json) -> Json:
    if not place:
        return new
    key, *rest = place
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[key] = changed(value[key], tuple(rest), new)
    return copy


@pytest.mark.parametrize("feature", requests.FEATURES, ids=lambda feature: feature.name)
def test_anything_anywhere_is_taken_or_refused(feature: Feature) -> None:
    for client, body in feature.bodies.items():
        for place in places(body):
            for strange in STRANGE:
                raw = orjson.dumps(changed(body, place, strange))
                try:
                    request = DIALECTS[client].read_request(raw, model="m")
                except BadRequest:
                    continue
                for vendor in CLIENTS:
                    try:
                        written = DIALECTS[vendor].write_request(request, recipient(vendor))
                    except ProxyError:
                        continue
                    orjson.loads(written.body)


@vendors
@pytest.mark.parametrize("levels", [300, 900])
def test_what_is_too_deep_to_be_written_is_a_bad_request(vendor: str, levels: int) -> None:
    value = orjson.loads(b'{"items":' * levels + b"{}" + b"}" * levels)
    schema: Json = {"name": "x", "schema": value}
    use: Json = {"type": "tool_use", "id": "c1", "name": "f", "input": value}
    result: Json = {
        "type": "tool_result",
        "tool_use_id": "c1",
        "content": [{"type": "x", "y": value}],
    }
    turns: Json = [
        {"role": "assistant", "content": [{**use, "input": {}}]},
        {"role": "user", "content": [result]},
    ]
    for client, body in (
        (C, chat(response_format={"type": "json_schema", "json_schema": schema})),
        (C, chat(tools=[chat_tool(parameters=value)])),
        (M, messages(after=[{"role": "assistant", "content": [use]}])),
        (M, messages(after=turns)),
    ):
        raw = _nested(body, value, levels)
        if client == vendor:
            continue
        with pytest.raises(BadRequest):
            DIALECTS[vendor].write_request(
                DIALECTS[client].read_request(raw, model="m"), recipient(vendor)
            )


def _nested(body: Json, value: Json, levels: int) -> bytes:
    """The body's JSON, which a writer cannot write either."""

    def hidden(one: Json) -> Json:
        if one is value:
            return "DEEP"
        if isinstance(one, dict):
            return {key: hidden(inner) for key, inner in one.items()}
        return [hidden(inner) for inner in one] if isinstance(one, list) else one

    deep_ = b'{"items":' * levels + b"{}" + b"}" * levels
    return orjson.dumps(hidden(body)).replace(b'"DEEP"', deep_)


@pytest.mark.parametrize("stop", [5, {"a": 1}, [None], ["a", 5]])
def test_stops_that_are_no_texts_are_refused(stop: Json) -> None:
    with pytest.raises(BadRequest, match="stop"):
        read(C, chat(stop=stop))


@pytest.mark.parametrize("required", [[{}], [[]], [1], "city", None])
def test_a_strict_schema_that_requires_nonsense_is_not_strict(required: Json) -> None:
    schema: Json = {**SCHEMA, "required": required}
    tool = sent(C, chat(tools=[chat_tool(parameters=schema, strict=True)]), R)["tools"][0]
    assert tool["strict"] is False


@vendors
def test_a_limit_with_a_point_is_still_a_limit(vendor: str) -> None:
    client, body = (M, messages() | {"max_tokens": 500.0}) if vendor == C else (C, None)
    written = sent(client, body or chat(max_tokens=500.0), vendor)
    said = {**written, **written.get("generationConfig", {})}
    names = ("max_tokens", "max_completion_tokens", "max_output_tokens", "maxOutputTokens")
    assert [said[name] for name in names if name in said] in ([500], [500.0])
    if vendor != C:
        with pytest.raises(Untranslatable):
            sent(C, chat(n=2.0), vendor)


@pytest.mark.parametrize("turns", [[], [{"role": "user", "content": ""}]])
@pytest.mark.parametrize("system", ["", "be kind"])
def test_no_vendor_gets_a_conversation_without_a_turn(turns: Json, system: str) -> None:
    asked = {"model": "m", "messages": [{"role": "system", "content": system}, *turns]}
    for vendor, field in ((R, "input"), (M, "messages"), (G, "contents")):
        written = sent(C, asked, vendor)
        assert written[field]
        assert system.encode() in orjson.dumps(written)
    assert sent(R, {"model": "m", "input": turns, "instructions": system}, C)["messages"]


@pytest.mark.parametrize("vendor", [R, M])
def test_an_id_that_is_used_again_is_another_id(vendor: str) -> None:
    """Some servers count the calls of each answer from 0, or name them all alike."""
    go = {"role": "user", "content": "go on"}
    after = [*called("a", "a", results=["1", "2"]), go, *called("a", results=["3"]), go]
    written = sent(C, chat(after=after), vendor)
    calls: list[str] = []
    results: list[tuple[str, str]] = []
    for turn in written["input"] if vendor == R else written["messages"]:
        blocks = [turn] if vendor == R else turn["content"]
        for block in blocks:
            match block:
                case {"type": "function_call", "call_id": id_} | {"type": "tool_use", "id": id_}:
                    calls.append(id_)
                case {"type": "function_call_output", "call_id": id_, "output": text}:
                    results.append((id_, text))
                case {"type": "tool_result", "tool_use_id": id_, "content": text}:
                    results.append((id_, text))
                case _:
                    pass
    assert len(set(calls)) == 3
    assert calls[0] == "a"
    assert results == list(zip(calls, "123", strict=True))
    again = sent(C, chat(after=[*after, {"role": "assistant", "content": "x"}, go]), vendor)
    assert orjson.dumps(again).startswith(orjson.dumps(written)[:400])  # what is cached stays


def test_more_than_four_marks_are_the_last_four() -> None:
    mark = {"prompt_cache_breakpoint": {"mode": "explicit", "ttl": "30m"}}
    parts = [{"type": "text", "text": str(n), **mark} for n in range(7)]
    blocks = sent(C, chat(*parts), M)["messages"][0]["content"]
    assert [b["text"] for b in blocks if "cache_control" in b] == ["3", "4", "5", "6"]


def test_names_that_differ_only_in_what_is_replaced_stay_apart() -> None:
    tools: Json = [{"name": name} for name in ("a.b", "a:b", "a_b", "ä" * 200, "ä" * 201)]
    body = {**config(), "tools": [{"functionDeclarations": tools}]}
    for vendor in (C, R, M):
        names = [tool.get("function", tool)["name"] for tool in sent(G, body, vendor)["tools"]]
        assert len(set(names)) == len(tools)


def test_a_response_that_may_call_only_what_was_dropped_calls_nothing() -> None:
    choice = {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "web_search"}]}
    tools: Json = [{"type": "web_search"}, {"type": "function", "name": "f", "parameters": {}}]
    body = responses(tools=tools, tool_choice=choice)
    assert sent(R, body, C)["tool_choice"] == "none"
    assert sent(R, body, M)["tool_choice"] == {"type": "none"}
