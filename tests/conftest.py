"""Fixtures for every test."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.plugins import Plugins
from tests.support.redis_server import RedisServer

# The same examples on every machine, however slow; `HYPOTHESIS_PROFILE=search` looks for new ones.
settings.register_profile("same", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


@pytest.fixture
def toml(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a configuration file and gives its path."""

    def write(text: str) -> Path:
        path = tmp_path / "pipelines.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plugins]:
    """Installs distributions with entry points."""
    installed = Plugins(tmp_path / "plugins", monkeypatch)
    yield installed
    installed.forget()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis server that knows nothing yet."""
    with RedisServer(tmp_path) as server:
        yield server


@pytest.fixture
def redis_on_disk(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis server that has forgotten nothing after a restart."""
    with RedisServer(tmp_path, ["--appendonly", "yes", "--appendfsync", "always"]) as server:
        yield server
