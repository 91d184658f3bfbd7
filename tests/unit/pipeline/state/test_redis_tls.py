"""State on a Redis behind TLS."""

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme

from llm_proxy.pipeline.errors import CannotStart
from llm_proxy.pipeline.state.address import Address
from llm_proxy.pipeline.state.redis import RedisStore
from tests.support.redis_server import RedisServer


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(4096):
        writer.write(piece)
    writer.close()


@asynccontextmanager
async def before(server: RedisServer, certificate: trustme.LeafCert) -> AsyncGenerator[int, None]:
    """Ends the TLS of one connection before a server that knows none; gives the port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind = await asyncio.open_connection("127.0.0.1", server.port)
        await asyncio.gather(_pass_on(reader, behind[1]), _pass_on(behind[0], writer))

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context) as front:
        yield front.sockets[0].getsockname()[1]


async def test_the_server_is_the_one_of_the_authority(redis: RedisServer, tmp_path: Path) -> None:
    authority = trustme.CA()
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    async with before(redis, authority.issue_cert("127.0.0.1")) as port:
        url = f"rediss://127.0.0.1:{port}/0"
        async with RedisStore(Address.of(f"{url}?ssl_ca_certs={path}"), "test", 10) as store:
            await store.save("a", b"1", 10)
            assert b"1" == await store.load("a")
        with pytest.raises(CannotStart, match="CERTIFICATE_VERIFY_FAILED"):
            async with RedisStore(Address.of(url), "test", 10):
                pass
        async with RedisStore(Address.of(f"{url}?ssl_cert_reqs=none"), "test", 10) as store:
            assert b"1" == await store.load("a")


async def test_a_certificate_that_is_not_there_is_told(redis: RedisServer) -> None:
    url = f"rediss://127.0.0.1:{redis.port}/0?ssl_ca_certs=/not/there.pem"
    with pytest.raises(CannotStart, match="No such file"):
        async with RedisStore(Address.of(url), "test", 10):
            pass
