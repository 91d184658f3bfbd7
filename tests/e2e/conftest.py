"""A real server process before one scripted vendor for each dialect."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.four_vendors import FourVendors
from tests.support.process import Server
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
