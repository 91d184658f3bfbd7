from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.support.asking_vendors import sent
from tests.support.stages import asking


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def test_zai_streams_its_tools(http: aiohttp.ClientSession) -> None:
    assert (await sent(http, "zai", asking(), "glm-5")).json["tool_stream"] is True
