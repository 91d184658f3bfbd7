"""Naming whoever is to blame for an error that is not ours."""

from collections.abc import Generator
from contextlib import contextmanager

from llm_proxy.pipeline.errors import ConfigError


def one_line(error: BaseException) -> str:
    """What an error says and of which kind it is, on one line."""
    said = " ".join(str(error).split())
    kind = type(error).__name__
    return f"{kind}: {said}" if said else kind


@contextmanager
def starting(whence: str) -> Generator[None, None, None]:
    """Tell what is raised here as a problem of the configuration that names `whence`.

    Raises `ConfigError` from what a stage or backend raises while it is made or opened, also where
    it tries to end the process.
    """
    try:
        yield
    except (Exception, SystemExit) as error:
        raise ConfigError([f"{whence} does not start: {one_line(error)}"]) from error
