"""A proxy in this process, before a scripted vendor."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp.test_utils import TestClient

from llm_proxy.web import subapp
from tests.support.one_vendor import before_vendor
from tests.support.runner import RunnerServer
from tests.support.tenanted import house
from tests.support.two_vendors import two
from tests.support.vendor import Play, Vendor

__all__ = ["before_vendor", "house", "start", "two"]

CONFIG = """
[pipelines.default]
stages = [{stages}]

[stages.rate_limit]
default_limit = 10000

[stages.failover]
first_event_timeout = "{patience}"
between_events_timeout = "300ms"
total_timeout = "{total}"
max_tries = {tries}

[backends]
default_backend = "vendor"

[backends.local]

[backends.vendor]
type = "openai"
api_url = "{url}"
api_key = "fake-vendor-key"
connect_timeout = "500ms"
{more}
"""

STAGES = (
    "observe",
    "auth",
    "rate_limit",
    "session",
    "commands",
    "loop_detection",
    "transform",
    "failover",
    "dispatch",
)

Start = Callable[..., Awaitable["Bench"]]


class Bench:
    """A running proxy and the vendor behind it."""

    def __init__(self, client: TestClient[Any, Any], vendor: Vendor) -> None:
        self.client = client
        self.vendor = vendor

    def ask(self, text: str = "hi", **fields: Any) -> Any:
        """A chat request, as a context manager like every aiohttp request."""
        headers = fields.pop("headers", None)
        messages = fields.pop("messages", [{"role": "user", "content": text}])
        body = {"model": "m", "messages": messages, **fields}
        return self.client.post("/v1/chat/completions", json=body, headers=headers)

    async def text(self, text: str = "hi", **fields: Any) -> str:
        """The text of a whole answer, or of a streamed one put together."""
        async with self.ask(text, **fields) as response:
            assert response.status == 200, await response.text()
            if not fields.get("stream"):
                return str((await response.json())["choices"][0]["message"]["content"])
            body = await response.text()
        frames = [frame.removeprefix("data: ") for frame in body.split("\n\n")]
        assert frames[-2:] == ["[DONE]", ""]
        choices = [choice for frame in frames[:-2] for choice in orjson.loads(frame)["choices"]]
        return "".join(choice["delta"].get("content") or "" for choice in choices)


@pytest.fixture
async def start(aiohttp_client: Any, toml: Callable[[str], Path]) -> AsyncIterator[Start]:
    """`await start(play, …, more="[server]…")`: the whole chain over a vendor with these plays."""
    async with AsyncExitStack() as stack:

        async def begin(
            *plays: Play,
            more: str = "",
            stages: Sequence[str] = STAGES,
            patience: str = "20s",
            total: str = "20s",
            tries: int = 1,
            **server: Any,
        ) -> Bench:
            vendor = await stack.enter_async_context(Vendor(plays))
            names = ", ".join(f'"{name}"' for name in stages)
            fields = {
                "stages": names,
                "more": more,
                "patience": patience,
                "total": total,
                "tries": tries,
            }
            path = toml(CONFIG.format(url=vendor.url, **fields))
            client = await aiohttp_client(RunnerServer(subapp(path, {}), **server))
            return Bench(client, vendor)

        yield begin
