from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.support.asking_vendors import sent
from tests.support.stages import asking


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def test_openrouter_is_told_who_asks(http: aiohttp.ClientSession) -> None:
    options = {"site_url": "https://app.example", "site_name": "App"}
    received = await sent(http, "openrouter", asking(), "m", **options)
    assert received.headers["http-referer"] == "https://app.example"
    assert received.headers["x-openrouter-title"] == "App"
