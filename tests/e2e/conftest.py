"""A real server process before one scripted vendor for each dialect."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.four_vendors import FourVendors, model_at
from tests.support.process import Server
from tests.support.sdk_talks import Sdks, Talk
from tests.support.wheels import wheel_of


@pytest.fixture(scope="session")
def proxy_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The distribution as it would be published."""
    return wheel_of(Path(__file__).parents[2], tmp_path_factory.mktemp("wheel") / "proxy")


@pytest.fixture(scope="module")
def four() -> Iterator[FourVendors]:
    with FourVendors() as vendors:
        yield vendors


@pytest.fixture(scope="module")
def proxy(four: FourVendors, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    path: Path = tmp_path_factory.mktemp("four") / "pipelines.toml"
    path.write_text(four.config, encoding="utf-8")
    with Server(path) as server:
        yield server


@pytest.fixture
def vendors(four: FourVendors) -> FourVendors:
    """The vendors, with nothing asked of them yet."""
    four.reset()
    return four


@pytest.fixture(scope="module")
def sdks(proxy: Server) -> Iterator[Sdks]:
    with Sdks(proxy.url) as official:
        yield official


@pytest.fixture
def talk(sdks: Sdks, client: str, vendor: str, stream: bool) -> Talk:  # noqa: FBT001 - a parameter
    """A conversation of the SDK for `client`, that asks for a model of `vendor`."""
    return sdks.talk(client, model_at(vendor), stream=stream)
