"""A message with fields, for whichever formatter there is."""

import logging

import orjson
import pytest
from pythonjsonlogger.json import JsonFormatter

from llm_proxy.pipeline.log_line import LogLine

LINE = LogLine(message="request", status=200)


def _formatted(formatter: logging.Formatter) -> str:
    return formatter.format(logging.LogRecord("l", logging.INFO, "", 0, LINE, (), None))


def test_a_text_formatter_shows_the_message() -> None:
    assert "INFO request" == _formatted(logging.Formatter("%(levelname)s %(message)s"))


def test_the_librarys_json_formatter_takes_the_fields() -> None:
    entry = orjson.loads(_formatted(JsonFormatter("%(levelname)s")))
    assert {"levelname": "INFO", "message": "request", "status": 200} == entry


def test_it_is_found_by_its_message(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("l").warning(LINE)
    assert ["request"] == caplog.messages
