"""An answer that goes round in circles, for a client and a vendor of each dialect: what the client
gets is legal to its very end."""

import pytest

from llm_proxy.stages.loop_detection import NOTICE
from llm_proxy.stages.loop_detection.calls import CALL_NOTICE
from tests.support.agents import agent
from tests.support.one_vendor import Start
from tests.support.oracle import check_upstream
from tests.support.saying import arguing, saying, thinking
from tests.support.scripts import SCRIPTS, plays
from tests.support.sdk_answers import STOPPED, told
from tests.support.talk import body, path

clients = pytest.mark.parametrize("client", list(SCRIPTS))
vendors = pytest.mark.parametrize("vendor", list(SCRIPTS))
both_ways = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])

ENDS_AT_LIMIT = {
    "openai_chat": b'"finish_reason":"length"',
    "openai_responses": b'"incomplete_details":{"reason":"max_output_tokens"}',
    "anthropic_messages": b'"stop_reason":"max_tokens"',
    "gemini": b'"finishReason":"MAX_TOKENS"',
}

ROUND = ["I have told you", " this before", " and I will tell you again. "]


@clients
@vendors
@both_ways
async def test_a_text_is_stopped(
    before_vendor: Start,
    client: str,
    vendor: str,
    stream: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    proxy, _ = await before_vendor(vendor, saying(vendor, ["Well. ", *ROUND * 100]))
    request = body(client, "hi", stream=stream)
    async with proxy.post(path(client, stream=stream), json=request) as response:
        raw = await response.read()
        assert response.status == 200, raw
    answer = told(client, raw, stream=stream)
    assert answer.text.startswith("Well. I have told you this before")
    assert answer.text.endswith(NOTICE)
    assert len(answer.text) < 1500
    assert answer.finish == STOPPED[client]


@clients
@vendors
async def test_a_thought_is_stopped(before_vendor: Start, client: str, vendor: str) -> None:
    proxy, _ = await before_vendor(vendor, thinking(vendor, ["Well. ", *ROUND * 100]))
    request = body(client, "hi", stream=True)
    async with proxy.post(path(client, stream=True), json=request) as response:
        raw = await response.read()
        assert response.status == 200, raw
    answer = told(client, raw, stream=True)
    assert answer.reasoning.startswith("Well. I have told you this before")
    assert len(answer.reasoning) < 1500
    assert answer.text == NOTICE
    assert list(answer.calls) == []
    assert answer.finish == STOPPED[client]


@clients
@vendors
async def test_the_vendor_is_not_listened_to_any_longer(
    before_vendor: Start, client: str, vendor: str
) -> None:
    pieces = ["Well. ", *ROUND * 20_000]
    proxy, upstream = await before_vendor(vendor, saying(vendor, pieces))
    request = body(client, "hi", stream=True)
    async with proxy.post(path(client, stream=True), json=request) as response:
        await response.read()
    await upstream.left(5)


@clients
async def test_geminis_list_form_ends_too(before_vendor: Start, client: str) -> None:
    """A client of the list form, before the vendor of each dialect."""
    proxy, _ = await before_vendor(client, saying(client, ["Well. ", *ROUND * 100]))
    where = "/v1beta/models/m:streamGenerateContent"
    async with proxy.post(where, json=body("gemini", "hi")) as response:
        chunks = await response.json()
    candidates = [chunk["candidates"][0] for chunk in chunks]
    text = "".join(p["text"] for c in candidates for p in c.get("content", {}).get("parts", ()))
    assert text.endswith(NOTICE)
    assert candidates[-1]["finishReason"] == "STOP"


@clients
@vendors
async def test_an_argument_is_stopped(before_vendor: Start, client: str, vendor: str) -> None:
    """The call ends as one that a limit of tokens has cut off, which clients do not run."""
    proxy, _ = await before_vendor(vendor, arguing(vendor, ROUND * 100))
    request = body(client, "hi", stream=True)
    async with proxy.post(path(client, stream=True), json=request) as response:
        raw = await response.read()
        assert response.status == 200, raw
    assert NOTICE.strip() in raw.decode()
    assert ENDS_AT_LIMIT[client] in raw
    assert 1 <= raw.count(b"I have told you") < 60


@clients
@vendors
@both_ways
async def test_an_agent_is_told_and_then_stopped(
    before_vendor: Start,
    client: str,
    vendor: str,
    stream: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    proxy, upstream = await before_vendor(vendor, plays(vendor, "WORK"))
    for times, calls in ((4, ["weather", "clock"]), (5, [])):
        request = agent(client, times, stream=stream)
        async with proxy.post(path(client, stream=stream), json=request) as response:
            raw = await response.read()
            assert response.status == 200, raw
            assert "again and again" in response.headers["x-llm-proxy-warnings"]
        answer = told(client, raw, stream=stream)
        assert [name for name, _ in answer.calls] == calls
        assert f"came {times} times with the same result" in upstream.requests[-1].body.decode()
        check_upstream(vendor, upstream.requests[-1])
    assert answer.text == "Hi" + CALL_NOTICE
    assert answer.finish == STOPPED[client]
