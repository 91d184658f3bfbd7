"""Watching the log for failures of our own."""

import logging

import pytest

from llm_proxy.lab.tracebacks import Tracebacks

LOG = logging.getLogger("llm_proxy.test")


def _break(text: str, **extra: str) -> None:
    try:
        raise ValueError(text)
    except ValueError:
        LOG.exception("it broke", extra=extra)


def test_errors_are_kept_by_their_request() -> None:
    with Tracebacks() as tracebacks:
        _break("one", request_id="r1")
        _break("two", request_id="r2")
        _break("three", request_id="r1")
        _break("four")
    assert tracebacks.take("r1") == ["ValueError: one", "ValueError: three"]
    assert tracebacks.take("r1") == []
    assert tracebacks.take("r2") == ["ValueError: two"]
    assert tracebacks.take(None) == ["ValueError: four"]


@pytest.mark.parametrize("level", [logging.INFO, logging.WARNING, logging.ERROR])
def test_a_line_without_a_traceback_is_none(level: int) -> None:
    with Tracebacks() as tracebacks:
        LOG.log(level, "a vendor failed", extra={"request_id": "r1"})
    assert tracebacks.take("r1") == []


def test_nothing_is_watched_before_and_after() -> None:
    before = list(logging.getLogger().handlers)
    with Tracebacks() as tracebacks:
        pass
    _break("late")
    assert tracebacks.take(None) == []
    assert before == logging.getLogger().handlers
