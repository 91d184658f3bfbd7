"""What is known of a line of the log."""

import logging
import time
from typing import Any

_NOBODY = dict.fromkeys(("thread", "threadName", "process", "processName"))
_NOWHERE = vars(logging.LogRecord("", logging.NOTSET, "", 0, "", None, None)) | _NOBODY
"""What a formatter may ask of any record."""


class LogRecord(logging.LogRecord):
    """The library's record; but one without arguments and traceback is made of what our lines tell,
    and not of where in the code it comes from, nor of the thread and process it was written by.

    A request makes one, and it takes a third of the time.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - as the library's
        self,
        name: str,
        level: int,
        path: str,
        line: int,
        message: Any,
        arguments: Any,
        exc_info: Any,
        function: str | None = None,
        stack: str | None = None,
    ) -> None:
        if arguments or exc_info or stack:
            super().__init__(name, level, path, line, message, arguments, exc_info, function, stack)
            return
        created = time.time()
        vars(self).update(
            _NOWHERE,
            name=name,
            msg=message,
            levelno=level,
            levelname=logging.getLevelName(level),
            created=created,
            msecs=int(created % 1 * 1000),
        )
