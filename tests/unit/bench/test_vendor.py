import re
import time
from collections.abc import AsyncIterator

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bench import pass_through, vendor
from bench.cases import chat, messages

Client = TestClient[web.Request, web.Application]
ASKED = {
    "/v1/chat/completions": chat,
    "/v1/messages": messages,
}


async def _no_pause(_: float) -> None:
    pass


@pytest.fixture
async def server() -> AsyncIterator[TestServer]:
    async with TestServer(vendor.application(_no_pause)) as server:
        yield server


@pytest.fixture
async def direct(server: TestServer) -> AsyncIterator[Client]:
    async with TestClient(server) as client:
        yield client


@pytest.mark.parametrize("path", ASKED)
async def test_a_whole_answer_is_of_the_dialect(path: str, direct: Client) -> None:
    async with direct.post(path, data=ASKED[path]()) as response:
        answer = orjson.loads(await response.read())
    assert answer.get("object", answer.get("type")) in {"chat.completion", "message"}
    assert ("choices" in answer) == (path == "/v1/chat/completions")


@pytest.mark.parametrize("path", ASKED)
@pytest.mark.parametrize("model", ["m", "m-paced-20"])
async def test_a_stream_has_a_hundred_chunks(path: str, model: str, direct: Client) -> None:
    async with direct.post(path, data=ASKED[path](model, stream=True)) as response:
        answer = await response.read()
    assert len(re.findall(rb'"(?:content|text)":"(?:@\d+@)?(?: [a-z]+){3}"', answer)) == 100


async def test_a_paced_chunk_tells_when_it_was_sent(direct: Client) -> None:
    began = time.monotonic_ns() // 1000
    async with direct.post("/v1/chat/completions", data=chat("m-paced-5", stream=True)) as response:
        sent = [int(one) for one in re.findall(rb"@(\d+)@", await response.read())]
    assert len(sent) == 100
    assert began <= sent[0]
    assert sent == sorted(sent)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", ASKED)
async def test_the_yardstick_passes_everything_on(
    path: str,
    stream: bool,  # noqa: FBT001 - a parameter
    server: TestServer,
    direct: Client,
) -> None:
    body = ASKED[path](stream=stream)
    async with direct.post(path, data=body) as response:
        expected = await response.read()
    yardstick = pass_through.application(f"http://127.0.0.1:{server.port}")
    async with TestClient(TestServer(yardstick)) as client, client.post(path, data=body) as passed:
        assert await passed.read() == expected
        assert passed.content_type == ("text/event-stream" if stream else "application/json")
