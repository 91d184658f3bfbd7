"""The events of a streamed body, however it ends."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from llm_proxy.backends.streamed import StreamedAnswer
from llm_proxy.pipeline.dialects import DIALECTS
from llm_proxy.pipeline.errors import UpstreamBroken
from llm_proxy.pipeline.events import End, Event, Failure, TextDelta
from tests.support.scripts import SCRIPTS
from tests.support.vendor import Play, Vendor, streamed

FRAMES = SCRIPTS["openai_chat"]["TALK"].frames


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def answering(response: aiohttp.ClientResponse) -> StreamedAnswer:
    return StreamedAnswer(
        response,
        DIALECTS["openai_chat"].read_stream(),
        lambda data: data.replace(b"Hello", b"Howdy"),
        lambda error: UpstreamBroken(f"renamed {type(error).__name__}"),
    )


async def read(http: aiohttp.ClientSession, play: Play) -> list[Event]:
    async with Vendor([play]) as vendor:
        answer = answering(await http.post(vendor.url, data=b"{}"))
        try:
            return [event async for batch in answer for event in batch]
        finally:
            if closing := answer.close():
                await closing


async def test_every_piece_passes_clean(http: aiohttp.ClientSession) -> None:
    events = await read(http, streamed(FRAMES))
    assert "".join(e.text for e in events if isinstance(e, TextDelta)) == "Howdy you"
    assert isinstance(events[-1], End)


async def test_a_body_without_its_end_is_a_failure(http: aiohttp.ClientSession) -> None:
    assert isinstance((await read(http, streamed(FRAMES[:2])))[-1], Failure)


@pytest.mark.parametrize("ends", ["cut", "reset"])
async def test_a_broken_connection_is_renamed(http: aiohttp.ClientSession, ends: str) -> None:
    with pytest.raises(UpstreamBroken, match="renamed"):
        await read(http, streamed(FRAMES[:2], ends=ends))


async def test_a_connection_is_kept_after_the_last_event(http: aiohttp.ClientSession) -> None:
    async with Vendor([streamed(FRAMES, pause=0.01)]) as vendor:
        for _ in range(2):
            answer = answering(await http.post(vendor.url, data=b"{}"))
            while not isinstance((await anext(answer))[-1], End):
                pass
            closing = answer.close()
            assert closing is not None
            await closing
    assert vendor.connections == 1


async def test_a_connection_is_closed_in_the_middle(http: aiohttp.ClientSession) -> None:
    async with Vendor([streamed(FRAMES[:2], ends="stalls")]) as vendor:
        answer = answering(await http.post(vendor.url, data=b"{}"))
        await anext(answer)
        assert answer.close() is None
        await vendor.left()


async def test_nothing_is_waited_for_behind_a_failure(http: aiohttp.ClientSession) -> None:
    error = b'data: {"error": {"message": "broke", "code": 500}}\n\n'
    async with Vendor([streamed([*FRAMES[:2], error], ends="stalls")]) as vendor:
        answer = answering(await http.post(vendor.url, data=b"{}"))
        while not isinstance((await anext(answer))[-1], Failure):
            pass
        assert answer.close() is None
        await vendor.left()
