"""A vendor's backend before a script, and what it sends there."""

from typing import Any

import aiohttp

from llm_proxy.backends import BUILTIN
from llm_proxy.backends.vendor import Vendor as VendorBackend
from llm_proxy.pipeline.backend import BackendKit
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.state.memory import MemoryStore
from tests.support.scripts import plays
from tests.support.stages import text_of
from tests.support.vendor import Received, Vendor

DIALECT_OF = {
    "openai": "openai_chat",
    "openrouter": "openai_chat",
    "zai": "openai_chat",
    "anthropic": "anthropic_messages",
    "gemini": "gemini",
}


def backend(http: aiohttp.ClientSession, type_: str, url: str, **options: Any) -> VendorBackend:
    class_ = BUILTIN[type_]
    read = class_.Options.model_validate({"api_url": url, "api_key": "fake-key", **options})
    made = class_("it", read, BackendKit(http, MemoryStore(lambda: 0.0)))
    assert isinstance(made, VendorBackend)
    return made


async def sent(
    http: aiohttp.ClientSession, type_: str, exchange: Exchange, model: str, **options: Any
) -> Received:
    async with Vendor([plays(DIALECT_OF[type_], "TALK")]) as vendor:
        url = f"http://127.0.0.1:{vendor.port}"
        async with await backend(http, type_, url, **options).send(exchange, model) as reply:
            assert text_of(await reply.collect()) == "Hello you"
    return vendor.requests[-1]
