"""In how many pieces a body is sent, and that it is the same body."""

import pytest
from aiohttp import ClientSession, web
from pytest_aiohttp.plugin import AiohttpServer

from llm_proxy.backends.body import payload

MEGABYTE = 2**20


class _Pieces:
    """A writer that keeps what it is given."""

    def __init__(self) -> None:
        self.written: list[bytes] = []

    async def write(self, chunk: bytes) -> None:
        self.written.append(chunk)


@pytest.mark.parametrize(
    ("size", "pieces"), [(0, 1), (10, 1), (2 * MEGABYTE, 1), (4 * MEGABYTE, 1), (5 * MEGABYTE, 20)]
)
async def test_only_what_is_very_large_goes_in_pieces(size: int, pieces: int) -> None:
    writer, body = _Pieces(), bytes(size)
    await payload(body).write(writer)  # type: ignore[arg-type]
    assert pieces == len(writer.written)
    assert body == b"".join(writer.written)


@pytest.mark.parametrize("size", [0, 10, 3 * MEGABYTE, 5 * MEGABYTE])
async def test_its_length_is_told(aiohttp_server: AiohttpServer, size: int) -> None:
    async def told(request: web.Request) -> web.Response:
        body = await request.read()
        return web.json_response([request.content_length, len(body), request.content_type])

    app = web.Application(client_max_size=2**30)
    app.router.add_post("/", told)
    server = await aiohttp_server(app)
    headers = {"Content-Type": "application/json"}
    async with (
        ClientSession(server.make_url("/")) as http,
        http.post("/", data=payload(bytes(size)), headers=headers) as response,
    ):
        assert [size, size, "application/json"] == await response.json()
