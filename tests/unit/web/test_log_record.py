"""A record that knows less than the library's, and says the same."""

import logging
import sys

import pytest

from llm_proxy.web.log_record import LogRecord

FORM = "%(levelname)s %(name)s %(message)s %(pathname)s%(lineno)d %(process)s"


def _both(*origin: object) -> list[str]:
    """The line that a formatter writes of our record, and of the library's."""
    formatter = logging.Formatter(FORM)
    made = [kind(*origin) for kind in (LogRecord, logging.LogRecord)]  # type: ignore[arg-type]
    return [formatter.format(record) for record in made]


def test_a_plain_message() -> None:
    ours, _ = _both("l", logging.INFO, "path", 7, "hello", (), None, "function", None)
    assert "INFO l hello 0 None" == ours


@pytest.mark.parametrize("arguments", [("you",), ({"a": 1},)])
def test_arguments(arguments: tuple[object, ...]) -> None:
    ours, theirs = _both("l", logging.INFO, "path", 7, "hello %s", arguments, None, "f", None)
    assert theirs == ours


def test_a_traceback() -> None:
    try:
        raise ValueError("oops")
    except ValueError:
        error = sys.exc_info()
    ours, theirs = _both("l", logging.ERROR, "path", 7, "broke", (), error, "f", None)
    assert theirs == ours
    assert "ValueError: oops" in ours


def test_a_stack() -> None:
    ours, theirs = _both("l", logging.ERROR, "path", 7, "where", (), None, "f", "the stack")
    assert theirs == ours
    assert "the stack" in ours


def test_its_time() -> None:
    record = LogRecord("l", logging.INFO, "", 0, "hello", (), None, None, None)
    assert record.msecs == int(record.created % 1 * 1000)
    assert logging.Formatter("%(asctime)s").format(record)


def test_it_can_be_copied_as_queue_handlers_do() -> None:
    record = LogRecord("l", logging.INFO, "", 0, "hello", (), None, None, None)
    again = logging.makeLogRecord(vars(record))
    assert ("hello", "INFO") == (again.getMessage(), again.levelname)
