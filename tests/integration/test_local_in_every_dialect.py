"""The embedded backend, which needs no key, for a client of each dialect."""

from typing import Any

import orjson
import pytest
from aiohttp.test_utils import TestClient

from llm_proxy.pipeline.dialects import DIALECTS
from llm_proxy.pipeline.events import Finish, TextDelta
from llm_proxy.stages.loop_detection import NOTICE
from tests.support.one_vendor import Start
from tests.support.scripts import SCRIPTS, plays
from tests.support.sdk_answers import STOPPED, Told, told
from tests.support.talk import body, path

C, R, M, G = SCRIPTS
clients = pytest.mark.parametrize("client", [C, R, M, G])
both_ways = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city", "days"],
}
TOOLS: dict[str, dict[str, Any]] = {
    C: {"tools": [{"type": "function", "function": {"name": "weather", "parameters": SCHEMA}}]},
    R: {"tools": [{"type": "function", "name": "weather", "parameters": SCHEMA, "strict": False}]},
    M: {"tools": [{"name": "weather", "input_schema": SCHEMA}]},
    G: {"tools": [{"functionDeclarations": [{"name": "weather", "parametersJsonSchema": SCHEMA}]}]},
}
FORCED: dict[str, dict[str, Any]] = {
    C: {"tool_choice": "required"},
    R: {"tool_choice": {"type": "function", "name": "weather"}},
    M: {"tool_choice": {"type": "any"}},
    G: {"toolConfig": {"functionCallingConfig": {"mode": "ANY"}}},
}
CALLED = {C: "tool_calls", R: "completed", M: "tool_use", G: "STOP"}
RESULTS: dict[str, list[Any]] = {
    C: [
        {
            "role": "assistant",
            "tool_calls": [
                {
                    "id": "call_1",
                    "type": "function",
                    "function": {"name": "weather", "arguments": "{}"},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "sunny weather"},
    ],
    R: [
        {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "call_1", "output": "sunny weather"},
    ],
    M: [
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "call_1", "name": "weather", "input": {}}],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "call_1", "content": "sunny weather"}
            ],
        },
    ],
    G: [
        {"role": "model", "parts": [{"functionCall": {"name": "weather", "args": {}}}]},
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"name": "weather", "response": {"output": "sunny weather"}}}
            ],
        },
    ],
}


async def proxy_before(before_vendor: Start) -> TestClient[Any, Any]:
    proxy, _ = await before_vendor(C, plays(C, "TALK"), more="[backends.local]")
    return proxy


async def answered(  # noqa: PLR0913, PLR0917 - a question has as many sides
    before_vendor: Start,
    client: str,
    text: str,
    stream: bool,  # noqa: FBT001 - a parameter of the test
    model: str = "echo",
    more: Any = None,
    **settings: Any,
) -> bytes:
    proxy = await proxy_before(before_vendor)
    name = f"local:{model}"
    request = {**body(client, text, model=name, stream=stream, **settings), **(more or {})}
    async with proxy.post(path(client, stream=stream, model=name), json=request) as response:
        raw = await response.read()
        assert response.status == 200, raw
        assert response.headers["x-llm-proxy-backend"] == "local"
    return raw


async def ask(  # noqa: PLR0913, PLR0917 - as above
    before_vendor: Start,
    client: str,
    text: str,
    stream: bool,  # noqa: FBT001 - a parameter of the test
    model: str = "echo",
    more: Any = None,
) -> Told:
    """What the client's SDK reads."""
    raw = await answered(before_vendor, client, text, stream, model, more)
    return told(client, raw, stream=stream)


@clients
@both_ways
async def test_it_repeats_what_was_said(before_vendor: Start, client: str, stream: bool) -> None:  # noqa: FBT001
    answer = await ask(before_vendor, client, "one two three", stream)
    assert answer.text == "one two three"
    assert answer.finish == STOPPED[client]
    assert answer.tokens == (3, 3)


@clients
@both_ways
async def test_up_to_the_limit(before_vendor: Start, client: str, stream: bool) -> None:  # noqa: FBT001
    raw = await answered(before_vendor, client, "one two three", stream, max_tokens=2)
    # Some SDKs raise here: cut answers are no good for what their accumulators are made for.
    reader, dialect = DIALECTS[client].read_stream(), DIALECTS[client]
    events = [*reader.feed(raw), *reader.close()] if stream else dialect.read_whole(raw)
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == "one two"
    assert [event.reason for event in events if isinstance(event, Finish)] == ["length"]


@clients
@both_ways
async def test_it_thinks_aloud(before_vendor: Start, client: str, stream: bool) -> None:  # noqa: FBT001
    answer = await ask(before_vendor, client, "one two", stream, "think")
    assert answer.reasoning == "2 words were said. I repeat them."
    assert answer.text == "one two"


@clients
@both_ways
async def test_it_loops_until_it_is_stopped(
    before_vendor: Start,
    client: str,
    stream: bool,  # noqa: FBT001
) -> None:
    answer = await ask(before_vendor, client, "hi", stream, "loop")
    assert answer.text.endswith(NOTICE)
    assert answer.finish == STOPPED[client]


@clients
@both_ways
@pytest.mark.parametrize(
    ("text", "forced"), [("call weather please", False), ("do something", True)]
)
async def test_it_calls_a_tool(
    before_vendor: Start,
    client: str,
    stream: bool,  # noqa: FBT001
    text: str,
    forced: bool,  # noqa: FBT001
) -> None:
    more = {**TOOLS[client], **(FORCED[client] if forced else {})}
    answer = await ask(before_vendor, client, text, stream, more=more)
    [(name, given)] = answer.calls
    assert name == "weather"
    arguments = orjson.loads(given) if isinstance(given, str) else given
    assert arguments == {"city": "sample", "days": 1}
    assert answer.text == ""
    assert answer.finish == CALLED[client]


@clients
@both_ways
async def test_it_repeats_what_a_tool_gave_back(
    before_vendor: Start,
    client: str,
    stream: bool,  # noqa: FBT001
) -> None:
    asked = body(client, "call weather")
    turns = next(name for name in ("messages", "input", "contents") if name in asked)
    more = {**TOOLS[client], turns: [*asked[turns], *RESULTS[client]]}
    answer = await ask(before_vendor, client, "", stream, more=more)
    assert answer.text == "sunny weather"
    assert answer.calls == []


BUSY = {C: 503, R: 503, M: 529, G: 503}


@clients
@both_ways
async def test_it_plays_an_error(before_vendor: Start, client: str, stream: bool) -> None:  # noqa: FBT001
    proxy = await proxy_before(before_vendor)
    request = body(client, "hi", model="local:error-503", stream=stream)
    where = path(client, stream=stream, model="local:error-503")
    async with proxy.post(where, json=request) as response:
        assert response.status == BUSY[client]
        assert "503" in (await response.json())["error"]["message"]
        assert response.headers["Retry-After"] == "1"


@clients
async def test_it_has_no_such_model(before_vendor: Start, client: str) -> None:
    proxy = await proxy_before(before_vendor)
    request = body(client, "hi", model="local:ecko")
    async with proxy.post(path(client, model="local:ecko"), json=request) as response:
        assert response.status == 404
        assert 'did you mean "echo"?' in (await response.json())["error"]["message"]
