import logging
from collections.abc import Iterator

import orjson
import pytest

from llm_proxy.pipeline.config import LoggingConfig
from llm_proxy.web.log import set_up_logging


@pytest.fixture(autouse=True)
def _root_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_json_lines(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging(LoggingConfig())
    logging.getLogger("l").info("hello %s", "you", extra={"n": 1, "deep": {"a": [None]}})
    logging.getLogger("l").debug("unseen")

    (line,) = capsys.readouterr().err.splitlines()
    entry = orjson.loads(line)
    assert entry.pop("time")
    assert entry == {
        "level": "INFO",
        "logger": "l",
        "message": "hello you",
        "n": 1,
        "deep": {"a": [None]},
    }


def test_a_traceback_stays_on_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging(LoggingConfig())
    try:
        raise ValueError("oops")
    except ValueError:
        logging.getLogger("l").exception("broke")

    (line,) = capsys.readouterr().err.splitlines()
    assert "ValueError: oops" in orjson.loads(line)["exc_info"]


def test_text_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging(LoggingConfig(format="text", level="DEBUG"))
    logging.getLogger("l").debug("hello", extra={"n": 1})

    assert capsys.readouterr().err.rstrip().endswith("DEBUG   hello n=1")


def test_libraries_do_not_chatter_at_debug(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging(LoggingConfig(level="DEBUG"))
    logging.getLogger("asyncio").debug("Using selector")

    assert capsys.readouterr().err == ""
