"""HTTPS by the server itself, as production asks for."""

import ssl
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest
import trustme

from tests.support.process import Server

CONFIG = """
environment = "production"
[server]
tls_certificate = "{certificate}"
tls_key = "{key}"
[stages.auth]
api_keys = "fake-key"
[pipelines.default]
stages = ["observe", "auth", "dispatch"]
"""


async def test_https(toml: Callable[[str], Path], tmp_path: Path) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    issued.cert_chain_pems[0].write_to_path(certificate)
    issued.private_key_pem.write_to_path(key)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)

    with Server(toml(CONFIG.format(certificate=certificate, key=key))) as server:
        assert server.url.startswith("https://127.0.0.1:")
        async with aiohttp.ClientSession(server.url) as http:
            async with http.get("/health", ssl=trusting) as response:
                assert await response.json() == {"status": "healthy"}
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                await http.get("/health")
