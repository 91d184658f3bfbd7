"""Clients of every dialect that ask under a marker and judge what they see, and a count of what the
log tells."""

import logging
import random
from collections import Counter
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import aiohttp
import orjson

from llm_proxy.pipeline.dialects import DIALECTS
from llm_proxy.pipeline.events import LAST, Event, Failure, Finish, TextDelta
from tests.support.talk import body, path

_STATUSES = (408, 409, 429, 500, 502, 503, 504, 529)
"""Of errors that come from what vendors do."""


@dataclass(frozen=True, slots=True)
class Question:
    """A request of a client of one dialect."""

    dialect: str
    marker: str
    stream: bool

    @classmethod
    def by_chance(cls, number: int) -> "Question":
        """One of any dialect, whole or streamed."""
        dialect = random.choice(list(DIALECTS))
        return cls(dialect, f"marker-{number}-{random.randrange(10**9)}", random.random() < 0.5)

    @property
    def path(self) -> str:
        """Where it goes."""
        return path(self.dialect, stream=self.stream)

    @property
    def body(self) -> dict[str, Any]:
        """What is sent."""
        return body(self.dialect, f"{self.marker} says what?", stream=self.stream)

    async def ask(self, http: aiohttp.ClientSession, good: list[str]) -> str:
        """Ask and judge: an "answer" must be one of `good`, whole; else there is one clean error,
        "after content" that one of them begins with, or before any, and then with its status."""
        async with http.post(self.path, json=self.body) as response:
            raw = await response.read()
        if response.status != 200:
            assert response.status in _STATUSES, (self, response.status, raw)
            _check_error(self.dialect, orjson.loads(raw))
            return f"error {response.status}"
        events = self._read(raw)
        text = "".join(event.text for event in events if isinstance(event, TextDelta))
        last = events[-1]
        if isinstance(last, Failure):
            assert self.stream, (self, raw)
            assert text, (self, raw)
            assert [one for one in good if one.startswith(text)], (self, raw)
            assert raw.count(b"error") or raw.count(b"failed"), (self, raw)
            return "after content"
        assert text in good, (self, text, raw)
        assert 1 == len([event for event in events if isinstance(event, Finish)]), (self, raw)
        return "answer"

    def _read(self, raw: bytes) -> list[Event]:
        """All events up to the one that ends the answer, which must have come."""
        dialect = DIALECTS[self.dialect]
        if not self.stream:
            return dialect.read_whole(raw)
        reader = dialect.read_stream()
        events = reader.feed(raw)
        if not (events and isinstance(events[-1], LAST)):
            events += reader.close()
            assert not isinstance(events[-1], Failure), (self, "no end and no error", raw)
        return events


def _check_error(dialect: str, told: Any) -> None:
    """An error must have the fields that the dialect's SDKs look at."""
    error = told["error"]
    assert error["message"], told
    if dialect == "gemini":
        assert (int, str) == (type(error["code"]), type(error["status"])), told
    else:
        assert isinstance(error["type"], str), told
    assert ("error" == told.get("type")) == (dialect == "anthropic_messages"), told


class Tally(logging.Handler):
    """Counts what our log says, and keeps what should not be there; use as a context manager."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.messages = Counter[str]()
        self.bad: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith("llm_proxy."):
            self.messages[str(record.msg)] += 1
        if record.exc_info or record.levelno >= logging.ERROR:
            self.bad.append(logging.Formatter().format(record))

    def __enter__(self) -> Self:
        root = logging.getLogger()
        self._before = root.level
        root.setLevel(logging.INFO)
        root.addHandler(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        logging.getLogger().removeHandler(self)
        logging.getLogger().setLevel(self._before)
