"""What a client and a vendor see of each other through the whole chain."""

import orjson

from tests.integration.conftest import Start
from tests.support.vendor import (
    DONE,
    HELLO,
    by_request,
    completion,
    delta,
    streamed,
    usage_frame,
    whole,
)

TOOLS = [{"type": "function", "function": {"name": "w", "parameters": {"type": "object"}}}]


async def test_a_whole_answer_arrives_byte_for_byte(start: Start) -> None:
    body = orjson.dumps(completion(system_fingerprint="fp", unknown={"a": [1, None]}))
    bench = await start(whole(body))

    async with bench.ask() as response:
        assert response.status == 200
        assert await response.read() == body


async def test_a_stream_arrives_byte_for_byte_with_what_nobody_knows(start: Start) -> None:
    frames = [
        b": comment\n\n",
        delta(role="assistant", content=""),
        delta(content="a", unknown=1),
        b'data: {"id":"c1","new_kind":true,"choices":[]}\n\n',
        delta(content="b"),
        delta(content="c"),
        delta(content="d \\u00e9 \u2028 \U0001f600"),
        delta(finish_reason="stop"),
        usage_frame(),
        DONE,
    ]
    bench = await start(streamed(frames))

    async with bench.ask(stream=True, stream_options={"include_usage": True}) as response:
        assert response.content_type == "text/event-stream"
        assert await response.read() == b"".join(frames)


async def test_a_request_arrives_byte_for_byte(start: Start) -> None:
    bench = await start(by_request)
    body = (
        b'{ "model":"m",  "messages":[{"role":"user","content":"h\\u00e9","x":1}], "new":{"a":1}}'
    )

    async with bench.client.post("/v1/chat/completions", data=body) as response:
        assert response.status == 200
    assert bench.vendor.requests[0].body == body


async def test_a_changed_model_changes_nothing_else(start: Start) -> None:
    bench = await start(by_request)

    async with bench.ask(model="vendor:m2", top_k=5, metadata={"a": "b"}) as response:
        assert response.headers["x-llm-proxy-model"] == "m2"
    assert bench.vendor.requests[0].json == {
        "model": "m2",
        "messages": [{"role": "user", "content": "hi"}],
        "top_k": 5,
        "metadata": {"a": "b"},
    }


async def test_the_vendor_gets_its_own_key_and_not_the_clients(start: Start) -> None:
    bench = await start(by_request, more='[stages.auth]\napi_keys = "fake-client-key"')

    async with bench.ask(headers={"Authorization": "Bearer fake-client-key"}) as response:
        assert response.status == 200
    headers = bench.vendor.requests[0].headers
    assert headers["authorization"] == "Bearer fake-vendor-key"
    assert "fake-client-key" not in str(headers)


async def test_usage_is_asked_for_but_shown_only_to_who_asked(start: Start) -> None:
    bench = await start(by_request)

    async with bench.ask(stream=True) as response:
        assert await response.read() == b"".join([*HELLO[:4], DONE])
    assert bench.vendor.requests[0].json["stream_options"] == {"include_usage": True}


async def test_usage_beside_choices_is_not_lost(start: Start) -> None:
    last = orjson.dumps(
        {
            "id": "c1",
            "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 2},
        }
    )
    frames = [delta(content="hi"), b"data: " + last + b"\n\n", DONE]
    bench = await start(streamed(frames))

    async with bench.ask(stream=True) as response:
        assert await response.read() == b"".join(frames)


async def test_tools_and_their_results_go_both_ways(start: Start) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "w", "arguments": '{"c":1}'}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    bench = await start(whole(completion(choices=[choice])), by_request)
    history = [{"role": "user", "content": "weather?"}]

    async with bench.ask(messages=history, tools=TOOLS) as response:
        answer = (await response.json())["choices"][0]["message"]
    history += [answer, {"role": "tool", "tool_call_id": "call_1", "content": "18C"}]
    async with bench.ask(messages=history, tools=TOOLS) as response:
        assert response.status == 200

    assert answer == message
    assert bench.vendor.requests[1].json["messages"] == history
    assert bench.vendor.requests[1].json["tools"] == TOOLS


async def test_a_whole_answer_from_a_vendor_that_only_streams(start: Start) -> None:
    bench = await start(streamed(HELLO))

    async with bench.ask() as response:
        answer = await response.json()
    assert answer["choices"][0]["message"]["content"] == "Hello"
    assert answer["usage"]["total_tokens"] == 5


async def test_a_stream_from_a_vendor_that_never_streams(start: Start) -> None:
    bench = await start(whole(completion()))

    async with bench.ask(stream=True) as response:
        body = await response.text()
    chunks = [orjson.loads(line[6:]) for line in body.split("\n\n")[:-2]]
    assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks) == "Hello"
    assert body.endswith("data: [DONE]\n\n")


async def test_connections_are_kept(start: Start) -> None:
    bench = await start(by_request)

    for n in range(6):
        async with bench.ask(stream=bool(n % 2)) as response:
            await response.read()
    assert len(bench.vendor.requests) == 6
    assert bench.vendor.connections == 1


async def test_the_headers_tell_who_answered(start: Start) -> None:
    bench = await start(by_request)

    async with bench.ask(stream=True, headers={"x-request-id": "mine-1"}) as response:
        headers = response.headers
    assert headers["x-request-id"] == "mine-1"
    assert headers["x-llm-proxy-backend"] == "vendor"
    assert headers["x-llm-proxy-model"] == "m"
    assert headers["x-llm-proxy-attempts"] == "1"
    timed = [entry.split(";")[0] for entry in headers["Server-Timing"].split(", ")]
    assert timed[0] == "observe"
    assert timed[-1] == "dispatch"
    assert len(timed) == 9


async def test_an_unsafe_request_id_is_replaced(start: Start) -> None:
    bench = await start(by_request)

    async with bench.ask(headers={"x-request-id": 'a" onload="x'}) as response:
        assert len(response.headers["x-request-id"]) == 32


async def test_a_model_name_cannot_forge_a_header(start: Start) -> None:
    bench = await start(by_request)

    async with bench.ask(model="m\r\nx-evil: 1") as response:
        assert response.status == 200
        assert response.headers["x-llm-proxy-model"] == "m??x-evil: 1"
        assert "x-evil" not in response.headers
