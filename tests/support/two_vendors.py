"""A proxy in this process before two scripted vendors, the second of which is asked after the
first."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from llm_proxy.web import subapp
from tests.support.four_vendors import TYPES
from tests.support.runner import RunnerServer
from tests.support.scripts import plays
from tests.support.vendor import Play, Vendor

OTHER = {
    "openai_chat": "anthropic_messages",
    "openai_responses": "gemini",
    "anthropic_messages": "openai_responses",
    "gemini": "openai_chat",
}
"""The vendor that is tried after each."""

CONFIG = """
[pipelines.default]
stages = ["observe", "auth", "session", "commands", "loop_detection", "transform", "failover",
          "dispatch"]
[stages.failover]
{options}
[stages.failover.routes.m]
attempts = [{{ backend = "one", model = "m1" }}, {{ backend = "two", model = "m2" }}]
[backends]
default_backend = "two"
"""

Two = Callable[..., Awaitable[tuple[TestClient[Any, Any], Vendor, Vendor]]]


@pytest.fixture
async def two(aiohttp_client: Any, toml: Callable[[str], Path]) -> AsyncIterator[Two]:
    """`client, one, other = await two(dialect, play)`: a route `m` to two vendors."""
    async with AsyncExitStack() as stack:

        async def begin(
            first: str,
            play: Play,
            second: str = "",
            then: Play | None = None,
            *,
            options: str = "",
            **server: Any,
        ) -> tuple[TestClient[Any, Any], Vendor, Vendor]:
            names = [first, second or OTHER[first]]
            all_plays = [play, then or plays(names[1], "TALK")]
            servers = [await stack.enter_async_context(Vendor([p])) for p in all_plays]
            tables = [
                f'[backends.{number}]\n{TYPES[name]}\napi_key = "fake-vendor-key"\napi_url = "'
                + (vendor.url if name.startswith("openai") else vendor.url.removesuffix("/v1"))
                + '"\n'
                for number, name, vendor in zip(("one", "two"), names, servers, strict=True)
            ]
            config = CONFIG.format(options=options) + "".join(tables)
            client = await aiohttp_client(RunnerServer(subapp(toml(config), {}), **server))
            return client, servers[0], servers[1]

        yield begin
