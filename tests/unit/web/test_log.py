import logging
from collections.abc import Iterator

import orjson
import pytest
from aiohttp.http_exceptions import BadHttpMessage

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


def test_text_stays_on_its_line_whatever_a_client_writes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up_logging(LoggingConfig(format="text"))
    forged = "x\n2026-01-01 00:00:00,000 INFO    request caller=admin\x1b[31m"
    logging.getLogger("l").info("request", extra={"model": forged})

    (line,) = capsys.readouterr().err.splitlines()
    assert "\x1b" not in line


def test_http_that_is_none_is_not_logged_with_what_was_sent(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up_logging(LoggingConfig())
    logger = logging.getLogger("aiohttp.server")
    logger.error("Error", exc_info=BadHttpMessage("Authorization: Bearer fake-key"))
    logger.error("Error", exc_info=ValueError("ours"))

    (line,) = capsys.readouterr().err.splitlines()
    assert "ours" in line
