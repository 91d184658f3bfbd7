"""An answer that goes round in circles, for a client and a vendor of each dialect: what the client
gets is legal to its very end."""

import pytest

from llm_proxy.stages.loop_detection import NOTICE
from tests.support.one_vendor import Start
from tests.support.saying import saying, thinking
from tests.support.scripts import SCRIPTS
from tests.support.sdk_answers import STOPPED, told
from tests.support.talk import body, path

clients = pytest.mark.parametrize("client", list(SCRIPTS))
vendors = pytest.mark.parametrize("vendor", list(SCRIPTS))
both_ways = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])

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
