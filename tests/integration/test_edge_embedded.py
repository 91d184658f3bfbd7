"""The proxy inside somebody else's application."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web
from yarl import URL

from llm_proxy.load import load
from llm_proxy.pipeline import ChatRequest, Client, Exchange, Message, Text
from llm_proxy.pipeline.errors import Unauthorized
from llm_proxy.web import Edge, subapp

CHAIN = """
[pipelines.default]
stages = ["observe", "auth", "dispatch"]
"""

ASKED = {"model": "local:echo", "messages": [{"role": "user", "content": "hi"}]}


async def test_the_hosts_body_limit_does_not_hold(
    aiohttp_client: Any, toml: Callable[[str], Path]
) -> None:
    host = web.Application(client_max_size=1024)
    host.add_subapp("/llm", subapp(toml(CHAIN), {}))
    client = await aiohttp_client(host)
    long = BytesIO(orjson.dumps({**ASKED, "user": "x" * 3_000_000}))

    async with client.post("/llm/v1/chat/completions", data=long) as response:
        assert response.status == 200
    async with client.get("/llm/health") as response:
        assert response.status == 200
    async with client.get("/llm/nothing") as response:
        assert response.status == 404
        assert "error" in await response.json()


async def test_two_proxies_in_one_host_do_not_meet(
    aiohttp_client: Any, toml: Callable[[str], Path]
) -> None:
    host = web.Application()
    path = toml(CHAIN + '[stages.auth]\napi_keys = "${KEYS}"')
    host.add_subapp("/a", subapp(path, {"KEYS": "fake-key-a"}))
    host.add_subapp("/b", subapp(path, {"KEYS": "fake-key-b"}))
    client = await aiohttp_client(host)

    async def status(prefix: str, key: str) -> int:
        headers = {"Authorization": f"Bearer {key}"}
        url = f"{prefix}/v1/chat/completions"
        async with client.post(url, json=ASKED, headers=headers) as response:
            return int(response.status)

    assert await status("/a", "fake-key-a") == 200
    assert await status("/b", "fake-key-b") == 200
    assert await status("/a", "fake-key-b") == 401


async def test_a_hosts_middleware_sees_the_requests(
    aiohttp_client: Any, toml: Callable[[str], Path]
) -> None:
    seen: list[str] = []

    @web.middleware
    async def watch(request: web.Request, handler: Any) -> web.StreamResponse:
        seen.append(request.path)
        response: web.StreamResponse = await handler(request)
        return response

    host = web.Application(middlewares=[watch])
    host.add_subapp("/llm", subapp(toml(CHAIN), {}))
    client = await aiohttp_client(host)

    async with client.post("/llm/v1/chat/completions", json=ASKED) as response:
        assert response.status == 200
    assert seen == ["/llm/v1/chat/completions"]


async def test_a_handler_for_one_route(aiohttp_client: Any, toml: Callable[[str], Path]) -> None:
    edge = Edge(toml(CHAIN), {})
    host = web.Application()
    host.cleanup_ctx.append(edge.context)
    host.router.add_post("/ask", edge.handler("/v1/chat/completions"))
    client = await aiohttp_client(host)

    async with client.post("/ask", json=ASKED) as response:
        assert (await response.json())["choices"][0]["message"]["content"] == "hi"


async def test_without_http(toml: Callable[[str], Path]) -> None:
    asked = ChatRequest("local:echo", (Message("user", (Text("hi"),)),))
    path = toml(CHAIN + '[stages.auth]\napi_keys = "fake-key"')

    async with load(path, environment={}) as pipeline:
        async with await pipeline(Exchange.of(asked, Client(credential="fake-key"))) as reply:
            events = await reply.collect()
        with pytest.raises(Unauthorized, match="no API key"):
            await pipeline(Exchange.of(asked))

    assert [type(event).__name__ for event in events] == [
        "Start",
        "TextDelta",
        "Finish",
        "Usage",
        "End",
    ]


@pytest.mark.parametrize("name", ["{team}", "{", "{a:.*}"])
async def test_braces_in_a_path_of_the_file_are_letters_like_others(
    name: str, aiohttp_client: Any, toml: Callable[[str], Path]
) -> None:
    served = f"/{name}/v1/chat/completions"
    chain = CHAIN.replace("stages =", f'serves = ["{served}"]\nstages =')
    client = await aiohttp_client(subapp(toml(chain), {}))

    async def status(path: str) -> int:
        async with client.post(URL.build(path=path), json=ASKED) as response:
            return int(response.status)

    assert [200, 404] == [await status(served), await status("/x/v1/chat/completions")]
