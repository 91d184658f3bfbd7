"""Watching the log for failures of our own while the lab runs."""

import logging
from types import TracebackType
from typing import Self


class Tracebacks(logging.Handler):
    """Keeps the error of every line that has one, under the id of its request or, where it names
    none, under None; use as a context manager."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._errors: dict[str | None, list[str]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and (error := record.exc_info[1]):
            request_id: str | None = getattr(record, "request_id", None)
            self._errors.setdefault(request_id, []).append(f"{type(error).__name__}: {error}")

    def take(self, request_id: str | None) -> list[str]:
        """The errors of a request, which are then forgotten."""
        return self._errors.pop(request_id, [])

    def __enter__(self) -> Self:
        logging.getLogger().addHandler(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        logging.getLogger().removeHandler(self)
