"""A line of the log that is written for each request."""

from typing import Any


class LogLine(dict[str, Any]):
    """A message with fields: a formatter for JSON takes these (python-json-logger does so with each
    message that is a dict), and to any other it is the text under "message".

    With `extra` each field is looked at by itself, twice: a third of what the whole line takes.
    """

    def __str__(self) -> str:
        return str(self["message"])
