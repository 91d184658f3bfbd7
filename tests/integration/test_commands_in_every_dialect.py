"""Commands in the chat, typed by a client of each dialect."""

from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from llm_proxy.pipeline.dialects import DIALECTS
from llm_proxy.pipeline.events import End, TextDelta
from tests.support.one_vendor import Start
from tests.support.oracle import check_upstream
from tests.support.scripts import SCRIPTS, plays
from tests.support.sdk_answers import STOPPED, told
from tests.support.talk import body, path, setting, turns_of

clients = pytest.mark.parametrize("client", list(SCRIPTS))
vendors = pytest.mark.parametrize("vendor", list(SCRIPTS))
both_ways = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])

ANY_TEMPERATURE = 'traits = { sampling = "full" }'
IN_A_SESSION = {"x-session-id": "one"}


async def ask(
    proxy: TestClient[Any, Any], client: str, turns: Any, *, stream: bool = False, **fields: Any
) -> str:
    """The text that the client's SDK reads; the session is always the same."""
    request = body(client, turns, stream=stream, **fields)
    where = path(client, stream=stream)
    async with proxy.post(where, json=request, headers=IN_A_SESSION) as response:
        raw = await response.read()
        assert response.status == 200, raw
    answer = told(client, raw, stream=stream)
    assert answer.finish == STOPPED[client]
    return answer.text


@clients
@both_ways
async def test_a_command_alone_is_answered_in_the_clients_dialect(
    before_vendor: Start,
    client: str,
    stream: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    proxy, vendor = await before_vendor("openai_chat", plays("openai_chat", "TALK"))
    request = body(client, "!/help", stream=stream)
    async with proxy.post(path(client, stream=stream), json=request) as response:
        raw = await response.read()
        assert response.status == 200
        assert response.headers["x-llm-proxy-backend"] == "proxy"
        assert response.headers["x-llm-proxy-attempts"] == "0"
    if stream:
        reader = DIALECTS[client].read_stream()
        events = [*reader.feed(raw), *reader.close()]
    else:
        events = DIALECTS[client].read_whole(raw)
    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    assert "!/set" in text
    assert isinstance(events[-1], End)
    seen = told(client, raw, stream=stream)
    assert seen.text == text
    assert seen.finish == STOPPED[client]
    assert vendor.requests == []


@clients
@vendors
@both_ways
async def test_what_was_set_goes_upstream_and_the_command_does_not(
    before_vendor: Start,
    client: str,
    vendor: str,
    stream: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    proxy, upstream = await before_vendor(vendor, plays(vendor, "TALK"), more=ANY_TEMPERATURE)
    first = ("user", "!/set(temperature=0.3)")
    answer = await ask(proxy, client, [first], stream=stream)
    assert answer == "Set temperature = 0.3."
    history = [first, ("assistant", answer), ("user", "hi")]
    assert await ask(proxy, client, history, stream=stream, system="Be kind.") == "Hello you"
    sent = upstream.requests[-1]
    assert len(upstream.requests) == 1
    assert setting(vendor, sent.json, "temperature") == 0.3
    assert turns_of(sent.json) == [("user", "hi")]
    assert b"!/set" not in sent.body
    if vendor != "anthropic_messages":  # the newest SDK knows no temperature at all
        check_upstream(vendor, sent)


@clients
async def test_commands_between_other_turns(before_vendor: Start, client: str) -> None:
    proxy, upstream = await before_vendor(client, plays(client, "TALK"))
    talk = [("user", "one"), ("assistant", "1"), ("user", "!/hello")]
    answer = await ask(proxy, client, talk)
    talk += [("assistant", answer), ("user", "two")]
    await ask(proxy, client, talk)
    talk += [("assistant", "Hello you"), ("user", "!/model(m)\nthree")]
    await ask(proxy, client, talk)
    assert turns_of(upstream.requests[-1].json) == [
        ("user", "one"),
        ("assistant", "1"),
        ("user", "two"),
        ("assistant", "Hello you"),
        ("user", "three"),
    ]
    check_upstream(client, upstream.requests[-1])


@clients
@vendors
async def test_another_model(before_vendor: Start, client: str, vendor: str) -> None:
    proxy, upstream = await before_vendor(vendor, plays(vendor, "TALK"))
    answer = await ask(proxy, client, "!/model(vendor:m2)")
    talk = [("user", "!/model(vendor:m2)"), ("assistant", answer), ("user", "hi")]
    await ask(proxy, client, talk)
    sent = upstream.requests[-1]
    at = sent.path if vendor == "gemini" else f"/{sent.json['model']}:"
    assert "/m2:" in at


@clients
async def test_a_command_beside_text_is_cut_out(before_vendor: Start, client: str) -> None:
    proxy, upstream = await before_vendor(client, plays(client, "TALK"), more=ANY_TEMPERATURE)
    assert await ask(proxy, client, "!/set(temperature=0.4)\nhi there") == "Hello you"
    sent = upstream.requests[-1].json
    assert turns_of(sent) == [("user", "hi there")]
    assert setting(client, sent, "temperature") == 0.4


@clients
async def test_a_mistake_is_told_and_goes_nowhere(before_vendor: Start, client: str) -> None:
    proxy, upstream = await before_vendor(client, plays(client, "TALK"))
    answer = await ask(proxy, client, "!/set(temprature=0.4)\nhi there")
    assert "temprature" in answer
    assert upstream.requests == []
    talk = [("user", "!/set(temprature=0.4)\nhi there"), ("assistant", answer), ("user", "go on")]
    await ask(proxy, client, talk)
    sent = upstream.requests[-1]
    assert b"llm-proxy error" not in sent.body
    assert "".join(text for _, text in turns_of(sent.json)) == "hi therego on"
    check_upstream(client, sent)


REFUSED = [
    ("openai_chat", "gpt-5", "temperature=0.3", "temperature"),
    ("openai_chat", "gpt-5", "presence_penalty=0.3", "presence_penalty"),
    ("openai_chat", "gpt-4o", "top_k=3", "top_k"),
    ("openai_chat", "gpt-4o", "reasoning_effort=high", "reasoning_effort"),
    ("openai_responses", "gpt-4o", "reasoning_effort=high", "reasoning_effort"),
    ("openai_responses", "gpt-5", "temperature=0.3", "temperature"),
    ("openai_responses", "gpt-4o", "seed=3", "seed"),
    ("openai_responses", "gpt-4o", "top_k=3", "top_k"),
    ("anthropic_messages", "claude-opus-5", "temperature=0.3", "temperature"),
    ("anthropic_messages", "claude-opus-5", "seed=3", "seed"),
    ("anthropic_messages", "claude-opus-4-5", "frequency_penalty=0.3", "frequency_penalty"),
    ("gemini", "gemini-3-pro", "presence_penalty=0.3", "presence_penalty"),
]
"""Vendor, its model, and a setting that it refuses."""


@pytest.mark.parametrize("refused", REFUSED, ids="-".join)
@clients
async def test_what_was_set_and_is_refused_there_is_left_out_with_a_warning(
    before_vendor: Start, client: str, refused: tuple[str, str, str, str]
) -> None:
    vendor, model, given, name = refused
    proxy, upstream = await before_vendor(vendor, plays(vendor, "TALK"))
    await ask(proxy, client, f"!/set({given})")
    talk = [("user", f"!/set({given})"), ("assistant", "ok"), ("user", "hi")]
    request = body(client, talk, model=model)
    where = path(client, model=model)
    async with proxy.post(where, json=request, headers=IN_A_SESSION) as response:
        assert f"dropped {name}" in response.headers["x-llm-proxy-warnings"]
    sent = upstream.requests[-1]
    for spelling in (name, "presencePenalty", "effort"):
        assert f'"{spelling}"'.encode() not in sent.body
    check_upstream(vendor, sent)


@pytest.mark.parametrize(
    ("model", "field"), [("gpt-5", "max_completion_tokens"), ("m", "max_completion_tokens")]
)
async def test_a_limit_has_the_name_that_the_vendor_knows(
    before_vendor: Start, model: str, field: str
) -> None:
    proxy, upstream = await before_vendor("openai_chat", plays("openai_chat", "TALK"))
    await ask(proxy, "openai_chat", "!/set(max_tokens=30)\nhi", model=model)
    sent = upstream.requests[-1].json
    assert sent[field] == 30
    assert "max_tokens" not in sent


async def test_what_the_client_itself_asks_for_is_its_own_affair(before_vendor: Start) -> None:
    proxy, upstream = await before_vendor("openai_chat", plays("openai_chat", "TALK"))
    request = body("openai_chat", "!/set(seed=3)\nhi", model="gpt-5", temperature=0.3)
    async with proxy.post(path("openai_chat"), json=request) as response:
        assert "x-llm-proxy-warnings" not in response.headers
    sent = upstream.requests[-1].json
    assert (sent["temperature"], sent["seed"]) == (0.3, 3)


WITH_A_RESULT: dict[str, dict[str, Any]] = {
    "openai_chat": {
        "messages": [
            {"role": "user", "content": "hi"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {
                        "id": "call_1",
                        "type": "function",
                        "function": {"name": "f", "arguments": "{}"},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "call_1", "content": "!/help"},
        ]
    },
    "openai_responses": {
        "input": [
            {"role": "user", "content": "hi"},
            {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "call_1", "output": "!/help"},
        ]
    },
    "anthropic_messages": {
        "messages": [
            {"role": "user", "content": "hi"},
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "call_1", "name": "f", "input": {}}],
            },
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": "call_1", "content": "!/help"}],
            },
        ]
    },
    "gemini": {
        "contents": [
            {"role": "user", "parts": [{"text": "hi"}]},
            {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}}]},
            {
                "role": "user",
                "parts": [{"functionResponse": {"name": "f", "response": {"output": "!/help"}}}],
            },
        ]
    },
}


@clients
async def test_what_a_tool_gave_back_is_no_command(before_vendor: Start, client: str) -> None:
    proxy, upstream = await before_vendor(client, plays(client, "TALK"))
    request = {**body(client, "hi"), **WITH_A_RESULT[client]}
    async with proxy.post(path(client), json=request) as response:
        assert response.status == 200
    assert upstream.requests[-1].json == request


@clients
async def test_neither_is_the_system_prompt_nor_what_the_assistant_said(
    before_vendor: Start, client: str
) -> None:
    proxy, upstream = await before_vendor(client, plays(client, "TALK"))
    talk = [("user", "hi"), ("assistant", "!/help"), ("user", "go on")]
    request = body(client, talk, system="!/help")
    async with proxy.post(path(client), json=request) as response:
        assert response.status == 200
    assert upstream.requests[-1].json == request


@clients
async def test_a_conversation_is_recognised_by_its_beginning(
    before_vendor: Start, client: str
) -> None:
    proxy, upstream = await before_vendor(client, plays(client, "TALK"), more=ANY_TEMPERATURE)
    first = ("user", "!/set(temperature=0.3)")
    talks = [[first], [first, ("assistant", "ok"), ("user", "hi")], [("user", "hi")]]
    for talk in talks:
        request = body(client, talk, system="Be kind.")
        async with proxy.post(path(client), json=request) as response:
            assert response.status == 200
    temperatures = [setting(client, sent.json, "temperature") for sent in upstream.requests]
    assert temperatures == [0.3, None]
