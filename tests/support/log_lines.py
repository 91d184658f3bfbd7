"""The lines that are written for requests."""

from collections.abc import Mapping
from typing import Any

import pytest


def request_lines(
    caplog: pytest.LogCaptureFixture, message: str = "request"
) -> list[Mapping[str, Any]]:
    """What each line told of its request."""
    return [
        record.msg  # type: ignore[misc]  # the library says it is a text, and takes any object
        for record in caplog.records
        if record.message == message
    ]
