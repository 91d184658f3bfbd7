"""The scripted server, down to the bytes on the socket."""

import asyncio
from collections.abc import Sequence

import aiohttp
import pytest

from llm_proxy.lab.vendor import Play, Vendor, hangs, resets, streamed, whole


async def _raw(vendor: Vendor, count: int = 1) -> bytes:
    """What a client reads up to the end of the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", vendor.port)
    request = b"POST /v1/x HTTP/1.1\r\nX-Key: a: b\r\nContent-Length: 2\r\n\r\n{}"
    writer.write(request * count)
    writer.write_eof()
    try:
        return await reader.read()
    finally:
        writer.close()


async def test_plays_come_in_order_and_the_last_one_again() -> None:
    async with Vendor([whole(b"1"), whole(b"2", 503)]) as vendor, aiohttp.ClientSession() as http:
        seen: list[tuple[int, bytes]] = []
        for _ in range(3):
            async with http.post(vendor.url) as response:
                seen.append((response.status, await response.read()))
    assert seen == [(200, b"1"), (503, b"2"), (503, b"2")]
    assert vendor.connections == 1


async def test_what_arrived_is_kept() -> None:
    async with Vendor([whole({})]) as vendor, aiohttp.ClientSession() as http:
        async with http.post(f"{vendor.url}/x?a=1", json={"b": 2}, headers={"X-Key": "k"}):
            pass
        await vendor.asked()
    (received,) = vendor.requests
    assert ("POST", "/v1/x?a=1", {"b": 2}) == (received.method, received.path, received.json)
    assert received.headers["x-key"] == "k"


HEAD = b"HTTP/1.1 200 X\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("ends", "tail"),
    [("well", b"0\r\n\r\n"), ("cut", b""), ("torn", b"400\r\ndata: ")],
)
async def test_a_stream_ends_as_it_is_told(ends: str, tail: bytes) -> None:
    async def last(at: object) -> None:
        await streamed([b"one"], ends=ends)(at)  # type: ignore[arg-type]
        raise ConnectionResetError

    async with Vendor([last]) as vendor, asyncio.timeout(5):
        reader, writer = await asyncio.open_connection("127.0.0.1", vendor.port)
        writer.write(b"POST /v1/x HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}")
        data = await reader.read()
        writer.close()
    assert data == HEAD + b"3\r\none\r\n" + tail


@pytest.mark.parametrize(
    "plays", [[resets], [streamed([b"one"], ends="reset")]], ids=["before the head", "after it"]
)
async def test_a_reset_is_one(plays: Sequence[Play]) -> None:
    async with Vendor(plays) as vendor, aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.ClientError):
            async with http.post(vendor.url) as response:
                await response.read()


@pytest.mark.parametrize("play", [hangs, streamed([b"one"], ends="stalls")])
async def test_a_client_that_leaves_is_noticed(play: Play) -> None:
    async with Vendor([play]) as vendor:
        assert not vendor.gone.is_set()
        await _raw(vendor)
        await vendor.left()
    assert vendor.gone.is_set()


async def test_nothing_is_left_behind() -> None:
    before = asyncio.all_tasks()
    async with Vendor([hangs]) as vendor, aiohttp.ClientSession() as http:
        asking = asyncio.ensure_future(http.post(vendor.url))
        await vendor.asked()
        assert not asking.done()
        asking.cancel()
        await asyncio.wait([asking])
    assert not (asyncio.all_tasks() - before)
