"""A proxy in this process before one scripted vendor of any dialect."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from llm_proxy.web import subapp
from tests.support.four_vendors import TYPES
from tests.support.vendor import Play, Vendor

CONFIG = """
[pipelines.default]
stages = ["observe", "auth", "rate_limit", "session", "commands", "loop_detection", "transform",
          "failover", "dispatch"]
[stages.rate_limit]
default_limit = 10000
[stages.failover]
max_tries = 1
[backends]
default_backend = "vendor"
[backends.vendor]
{type}
api_url = "{url}"
api_key = "fake-vendor-key"
{more}
"""

PATHS = {
    "openai_chat": "/v1/chat/completions",
    "openai_responses": "/v1/responses",
    "anthropic_messages": "/v1/messages",
    "gemini": "/v1beta/models/m:generateContent",
}
STREAMED = {**PATHS, "gemini": "/v1beta/models/m:streamGenerateContent?alt=sse"}

Start = Callable[..., Awaitable[tuple[TestClient[Any, Any], Vendor]]]


@pytest.fixture
async def before_vendor(aiohttp_client: Any, toml: Callable[[str], Path]) -> AsyncIterator[Start]:
    """`client, vendor = await before_vendor(dialect, play, more="[…]")`."""
    async with AsyncExitStack() as stack:

        async def begin(
            dialect: str, play: Play, more: str = ""
        ) -> tuple[TestClient[Any, Any], Vendor]:
            vendor = await stack.enter_async_context(Vendor([play]))
            base = f"http://127.0.0.1:{vendor.port}"
            url = f"{base}/v1" if dialect.startswith("openai") else base
            config = CONFIG.format(type=TYPES[dialect], url=url, more=more)
            return await aiohttp_client(subapp(toml(config), {})), vendor

        yield begin


def asked(dialect: str, *, stream: bool = False) -> dict[str, Any]:
    """The smallest request of a client."""
    hi = {"role": "user", "content": "hi"}
    wanted = {"stream": True} if stream else {}
    match dialect:
        case "openai_chat":
            options = {"stream_options": {"include_usage": True}} if stream else {}
            return {"model": "m", "messages": [hi], **wanted, **options}
        case "openai_responses":
            return {"model": "m", "input": [hi], **wanted}
        case "anthropic_messages":
            return {"model": "m", "max_tokens": 9, "messages": [hi], **wanted}
        case _:
            return {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}
