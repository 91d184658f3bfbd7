import asyncio
from unittest.mock import Mock

import pytest
from aiohttp import StreamReader, web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.test_utils import make_mocked_request

from llm_proxy.pipeline.errors import BadRequest, TooLarge
from llm_proxy.web.body import read_body


def _request(
    *chunks: bytes, told: int | None = None, error: Exception | None = None
) -> web.Request:
    reader = StreamReader(Mock(spec=BaseProtocol), 2**16, loop=asyncio.get_running_loop())
    for chunk in chunks:
        reader.feed_data(chunk)
    if error:
        reader.set_exception(error)
    else:
        reader.feed_eof()
    headers = {} if told is None else {"Content-Length": str(told)}
    return make_mocked_request("POST", "/", headers=headers, payload=reader)


async def test_a_body_up_to_the_limit_is_read() -> None:
    assert await read_body(_request(b"ab", b"cd"), 4) == b"abcd"
    assert await read_body(_request(), 4) == b""


async def test_a_body_over_the_limit_is_refused() -> None:
    with pytest.raises(TooLarge, match="over the limit of 3 bytes"):
        await read_body(_request(b"ab", b"cd"), 3)


async def test_a_length_over_the_limit_is_refused_unread() -> None:
    request = _request(b"abcd", told=4)
    with pytest.raises(TooLarge):
        await read_body(request, 3)
    assert await request.content.read() == b"abcd"


async def test_a_body_that_cannot_be_read_is_the_clients_fault() -> None:
    with pytest.raises(BadRequest, match="cannot be read: torn"):
        await read_body(_request(error=web.RequestPayloadError("torn")), 10)


async def test_who_leaves_in_the_middle_is_no_failure_of_ours() -> None:
    with pytest.raises(BadRequest, match="left before its request was whole"):
        await read_body(_request(b"a", error=ConnectionResetError("Connection lost")), 10)
