"""The log: one JSON object a line on standard error, or text for people."""

import json
import logging
import sys
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from aiohttp.http_exceptions import HttpProcessingError
from pythonjsonlogger.orjson import OrjsonFormatter

from llm_proxy.pipeline.config import LoggingConfig
from llm_proxy.pipeline.log_line import LogLine

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

_NOISY = ("asyncio", "aiohttp")


class _JsonFormatter(OrjsonFormatter):
    """The library's formatter, with a short way for lines without a traceback: one is written for
    each request, and the long way costs three times as much."""

    def __init__(self) -> None:
        renamed = {"asctime": "time", "levelname": "level", "name": "logger"}
        form = "%(asctime)s %(levelname)s %(name)s %(message)s"
        # The library's own defaults have no types.
        super().__init__(form, rename_fields=renamed)  # pyright: ignore[reportUnknownMemberType]

    def formatTime(  # noqa: N802 - logging's name
        self, record: logging.LogRecord, datefmt: str | None = None
    ) -> str:
        """UTC, as ISO 8601 has it."""
        return f"{_second(int(record.created))}.{int(record.msecs):03d}+00:00"

    def format(self, record: logging.LogRecord) -> str:
        if record.exc_info or record.stack_info:
            return super().format(record)
        entry: dict[str, Any] = {
            "time": self.formatTime(record),
            "level": record.levelname,
            "logger": record.name,
        }
        return self.jsonify_log_record(entry | _fields(record))


@lru_cache(1)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


class _TextFormatter(logging.Formatter):
    """The message and what came with it as `name=value`."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        extras = (
            f"{key}={_shown(value)}" for key, value in _fields(record).items() if key != "message"
        )
        return " ".join([super().formatMessage(record), *extras])


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    """The message, and whatever else a line was given to tell."""
    if isinstance(record.msg, LogLine):
        return record.msg
    more = {key: value for key, value in vars(record).items() if key not in _STANDARD}
    return {"message": record.getMessage(), **more}


def _shown(value: object) -> str:
    """A value on one line, whatever a client has put into it."""
    text = str(value)
    return text if text.isprintable() else json.dumps(text)


def _is_not_the_clients(record: logging.LogRecord) -> bool:
    """Whether a line of aiohttp's is about more than a request that is no HTTP: those are no fault
    of ours, as many as there are port scanners, and repeat what was sent, keys included."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError)


def set_up_logging(config: LoggingConfig) -> None:
    """Log to standard error. Only the server does this: an embedder's logging is its own."""
    handler = logging.StreamHandler(sys.stderr)
    if config.format == "json":
        handler.setFormatter(_JsonFormatter())
    else:
        handler.setFormatter(_TextFormatter())
    logging.basicConfig(level=config.level, handlers=[handler], force=True)
    logging.getLogger("aiohttp.server").addFilter(_is_not_the_clients)
    # As Python's "Logging HOWTO" has it for speed: no line of ours tells where in the code it comes
    # from, by which thread and process it was written, and so on.
    setattr(logging, "_srcfile", None)  # noqa: B010 - no type checker knows of it
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    for name in _NOISY:
        logging.getLogger(name).setLevel(max(logging.INFO, logging.root.level))
