"""TCP_NODELAY on both sides: without it each answer may wait 40 ms for an acknowledgement."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import uvloop
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from llm_proxy.load import new_http_session
from llm_proxy.web import subapp

STALLS = {
    "model": "local:stall",
    "messages": [{"role": "user", "content": "a b c d"}],
    "stream": True,
}

CHAIN = '[pipelines.default]\nstages = ["dispatch"]\n'


def _no_delay(transport: asyncio.BaseTransport | None) -> int:
    assert transport is not None
    found: Any = transport.get_extra_info("socket")
    return int(found.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))


async def _both_sides(path: Path) -> list[int]:
    sides: list[int] = []

    @web.middleware
    async def look(request: web.Request, handler: Any) -> web.StreamResponse:
        sides.append(_no_delay(request.transport))
        response: web.StreamResponse = await handler(request)
        return response

    host = web.Application(middlewares=[look])
    host.add_subapp("/llm", subapp(path, {}))
    async with (
        TestClient(TestServer(host)) as client,
        new_http_session() as upstream,
        upstream.post(client.make_url("/llm/v1/chat/completions"), json=STALLS) as response,
    ):
        assert response.connection is not None
        sides.append(_no_delay(response.connection.transport))
    return sides


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_no_delay(
    loop: Callable[[], asyncio.AbstractEventLoop], toml: Callable[[str], Path]
) -> None:
    with asyncio.Runner(loop_factory=loop) as runner:
        server_side, client_side = runner.run(_both_sides(toml(CHAIN)))
    assert client_side
    assert server_side
