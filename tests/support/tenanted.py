"""A proxy in this process with tenants and stored keys, before one scripted vendor."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from llm_proxy.pipeline.grants import NO_GRANTS, Grants
from llm_proxy.pipeline.keys.ledger import Ledger
from llm_proxy.web.edge import Edge
from tests.support.redis_server import RedisServer
from tests.support.stores import redis_store
from tests.support.talk import body, path
from tests.support.vendor import Play, Vendor

CONFIG = """
[state]
url = "{url}"
timeout = "5s"
{state}
[pipelines.default]
stages = ["observe", "auth", "rate_limit", "session", "commands", "loop_detection", "transform",
          "failover", "dispatch"]
[pipelines.bare]
serves = []
stages = ["observe", "auth", "dispatch"]
[stages.auth]
api_keys = "fake-static-key"
[stages.rate_limit]
default_limit = 10000
[stages.failover]
max_tries = 4
backoff = "1ms"
{failover}
[stages.failover.routes.mixed]
attempts = [{{ backend = "vendor", model = "secret" }}, {{ backend = "vendor", model = "m1" }}]
[stages.failover.routes.closed]
attempts = [{{ backend = "vendor", model = "secret" }}]
[tenants.acme]
models = "m1, m2, local:*"
[tenants.acme.vendor_keys]
keyed = "fake-acme-1,fake-acme-2"
unkeyed = "fake-acme-3"
[tenants.other]
[backends]
default_backend = "vendor"
[backends.local]
[backends.vendor]
type = "openai"
api_url = "{vendor}"
api_key = "fake-vendor-key"
[backends.keyed]
type = "openai"
api_url = "{vendor}"
api_key = "fake-shared-key"
[backends.unkeyed]
type = "openai"
api_url = "{vendor}"
api_key = ""
"""


class House:
    """The proxy, its vendor, and keys for its tenants."""

    def __init__(
        self, client: TestClient[Any, Any], vendor: Vendor, ledger: Ledger, edge: Edge, file: Path
    ) -> None:
        self.client = client
        self.vendor = vendor
        self.ledger = ledger
        self._edge = edge
        self._file = file

    async def key(self, tenant: str = "acme", grants: Grants = NO_GRANTS) -> str:
        """A new key of that tenant."""
        shown, _ = await self.ledger.create(tenant, grants, None)
        return shown.text

    async def narrow(self, tenant: str, line: str) -> None:
        """Add a line to a tenant's table, and have the proxy read the file again."""
        head = f"[tenants.{tenant}]"
        config = self._file.read_text(encoding="utf-8")
        self._file.write_text(config.replace(head, f"{head}\n{line}"), encoding="utf-8")
        assert await self._edge.reload()

    def ask(
        self,
        key: str,
        model: str = "m1",
        text: str = "hi",
        *,
        dialect: str = "openai_chat",
        stream: bool = False,
        **headers: str,
    ) -> Any:
        """A chat request, as a context manager like every aiohttp request."""
        where = path(dialect, stream=stream, model=model)
        asked = body(dialect, text, stream=stream, model=model)
        return self.client.post(where, json=asked, headers={"x-api-key": key, **headers})

    async def text(self, key: str, *asked: str, **headers: str) -> str:
        """The text of a whole answer."""
        async with self.ask(key, *asked, **headers) as response:
            assert response.status == 200, await response.text()
            return str((await response.json())["choices"][0]["message"]["content"])

    @property
    def asked_for(self) -> list[str]:
        """The models that the vendor was asked for."""
        return [one.json["model"] for one in self.vendor.requests if one.method == "POST"]

    @property
    def keys_sent(self) -> list[str]:
        """The keys with which it was asked."""
        headers = (one.headers["authorization"] for one in self.vendor.requests)
        return [header.removeprefix("Bearer ") for header in headers]


Begin = Callable[..., Awaitable[House]]


@pytest.fixture
async def house(
    redis: RedisServer, aiohttp_client: Any, toml: Callable[[str], Path]
) -> AsyncIterator[Begin]:
    """`await house(play, failover="resume = true")`."""
    async with AsyncExitStack() as stack:

        async def begin(play: Play, failover: str = "", state: str = "") -> House:
            vendor = await stack.enter_async_context(Vendor([play]))
            fields = {"url": redis.url, "vendor": vendor.url, "failover": failover, "state": state}
            config = CONFIG.format(**fields)
            file = toml(config)
            edge = Edge(file, {})
            client = await aiohttp_client(edge.application())
            store = await stack.enter_async_context(redis_store(redis, prefix="llm-proxy"))
            return House(client, vendor, Ledger(store, time.time), edge, file)

        yield begin
