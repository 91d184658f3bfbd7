"""Each stage seen from outside, whole and streamed alike."""

import pytest

from tests.integration.conftest import Start
from tests.support.log_lines import request_lines
from tests.support.until import until
from tests.support.vendor import (
    DONE,
    HELLO,
    by_request,
    completion,
    delta,
    hangs,
    resets,
    streamed,
    whole,
)

both = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])

ROUTE = """
[stages.failover.routes.best]
attempts = [
  { backend = "vendor", model = "first" },
  { backend = "vendor", model = "second" },
  { backend = "local", model = "echo" },
]
"""


@both
async def test_commands_are_answered_without_a_call(start: Start, *, stream: bool) -> None:
    bench = await start(by_request)

    assert (await bench.text("!/hello", stream=stream)).startswith("Hello, this is LLM")
    assert "did you mean" in await bench.text("!/helo", stream=stream)
    help_ = await bench.text("!/help", stream=stream)
    for name in ("hello", "help", "model", "set", "unset"):
        assert f"`!/{name}" in help_
    assert bench.vendor.requests == []


@both
async def test_what_commands_set_reaches_later_requests_and_the_commands_do_not(
    start: Start, *, stream: bool
) -> None:
    bench = await start(by_request)
    history = [{"role": "user", "content": "!/model(vendor:m9)\n!/set(temperature=0.5)"}]

    answer = await bench.text(messages=history, stream=stream)
    history += [{"role": "assistant", "content": answer}, {"role": "user", "content": "now?"}]
    await bench.text(messages=history, stream=stream)
    history += [{"role": "assistant", "content": "Hello"}, {"role": "user", "content": "!/unset"}]
    answer = await bench.text(messages=history, stream=stream)
    history += [{"role": "assistant", "content": answer}, {"role": "user", "content": "and?"}]
    await bench.text(messages=history, stream=stream)

    first, second = [received.json for received in bench.vendor.requests]
    assert (first["model"], first["temperature"]) == ("m9", 0.5)
    assert first["messages"] == [{"role": "user", "content": "now?"}]
    assert second["model"] == "m"
    assert "temperature" not in second
    assert [turn["content"] for turn in second["messages"]] == ["now?", "Hello", "and?"]


@both
async def test_a_command_beside_text_is_carried_out_and_cut_out(
    start: Start, *, stream: bool
) -> None:
    bench = await start(by_request)

    await bench.text("!/set(max_tokens=7)\nHow are you?", stream=stream)

    sent = bench.vendor.requests[0].json
    assert sent["messages"] == [{"role": "user", "content": "How are you?"}]
    assert sent["max_tokens"] == 7


@both
async def test_a_loop_is_stopped_and_the_upstream_closed(start: Start, *, stream: bool) -> None:
    again = [delta(content="round and round it goes, once more. ")] * 500
    bench = await start(streamed(again, ends="stalls"))

    text = await bench.text(stream=stream)

    assert text.endswith("[llm-proxy stopped this answer: it was repeating itself]")
    assert len(text) < 1000
    await bench.vendor.left()


@both
async def test_failover_goes_through_the_route_in_order(start: Start, *, stream: bool) -> None:
    failing = [whole({"error": {"message": "busy"}}, 503), resets]
    bench = await start(*failing, more=ROUTE, tries=3)

    async with bench.ask("hi you", model="best", stream=stream) as response:
        assert response.headers["x-llm-proxy-attempts"] == "3"
        assert response.headers["x-llm-proxy-backend"] == "local"
        assert "hi" in await response.text()
    assert [received.json["model"] for received in bench.vendor.requests] == ["first", "second"]


async def test_failover_moves_on_from_a_stream_that_breaks_before_its_content(
    start: Start,
) -> None:
    bench = await start(streamed(HELLO[:1], ends="cut"), streamed(HELLO), more=ROUTE, tries=3)

    assert await bench.text(model="best", stream=True) == "Hello"
    assert len(bench.vendor.requests) == 2


async def test_failover_moves_on_from_a_silent_target(start: Start) -> None:
    bench = await start(hangs, by_request, more=ROUTE, patience="100ms", tries=3)

    assert await bench.text(model="best", stream=True) == "Hello"
    await bench.vendor.left()


async def test_no_failover_after_content(start: Start) -> None:
    bench = await start(streamed(HELLO[:3], ends="cut"), streamed(HELLO), more=ROUTE, tries=3)

    async with bench.ask(model="best", stream=True) as response:
        body = await response.text()
    assert body.count("Hel") == 1
    assert '"error"' in body
    assert len(bench.vendor.requests) == 1


async def test_what_the_client_got_wrong_is_not_tried_elsewhere(start: Start) -> None:
    bench = await start(whole({"error": {"message": "bad"}}, 400), more=ROUTE, tries=3)

    async with bench.ask(model="best") as response:
        assert response.status == 400
    assert len(bench.vendor.requests) == 1


@both
async def test_rules_change_requests_and_answers(start: Start, *, stream: bool) -> None:
    answer = ["<thi", "nk>plan", "</think>\n\nAC", "ME says", " hi"]
    frames = [delta(content=piece) for piece in answer]
    script = streamed([*frames, delta(finish_reason="stop"), DONE])
    bench = await start(
        script if stream else whole(completion("".join(answer))),
        more="""
[[stages.transform.rules]]
models = ["m"]
rename = "vendor:m2"
set = { temperature = 0.1 }
drop = ["seed"]
clamp = { max_tokens = [1, 100] }
system = "Be brief."
think_tags = true
replace = [{ find = "ACME", with = "we" }]
""",
    )

    assert await bench.text(seed=1, max_tokens=500, stream=stream, extra=1) == "we says hi"

    sent = bench.vendor.requests[0].json
    assert sent["model"] == "m2"
    assert sent["temperature"] == 0.1
    assert sent["max_tokens"] == 100
    assert sent["extra"] == 1
    assert "seed" not in sent
    assert sent["messages"][0] == {"role": "system", "content": "Be brief."}


async def test_order_is_the_files(start: Start) -> None:
    bench = await start(by_request, stages=("transform", "transform", "observe", "dispatch"))

    async with bench.ask() as response:
        timings = response.headers["Server-Timing"]
    assert [entry.split(";")[0] for entry in timings.split(", ")] == [
        "transform",
        "observe",
        "dispatch",
    ]


@both
async def test_one_line_in_the_log_for_each_request(
    start: Start, caplog: pytest.LogCaptureFixture, *, stream: bool
) -> None:
    caplog.set_level("INFO")
    bench = await start(by_request)

    async with bench.ask("secret words", stream=stream, headers={"x-request-id": "r1"}) as response:
        await response.read()

    await until(lambda: "request" in caplog.messages)
    (line,) = request_lines(caplog)
    assert line["request_id"] == "r1"
    assert line["backend"] == "vendor"
    assert line["model"] == "m"
    assert line["tokens_used"] == 5
    assert line["attempts"] == 1
    assert line["latency_ms"] > 0
    assert "secret words" not in caplog.text
