"""What a vendor that is well would answer: in the dialect it is asked in, naming who was asked."""

from collections.abc import Sequence
from urllib.parse import parse_qsl, unquote, urlsplit

from llm_proxy.lab.vendor import Received
from llm_proxy.pipeline.dialects.dialect import Dialect, ModelEntry
from llm_proxy.pipeline.dialects.doors import dialect_for, door_of
from llm_proxy.pipeline.errors import ProxyError
from llm_proxy.pipeline.events import (
    End,
    Event,
    Failure,
    Finish,
    Start,
    TextDelta,
    TokenCount,
    Usage,
)
from llm_proxy.pipeline.record import record
from llm_proxy.pipeline.request import ChatRequest
from llm_proxy.pipeline.trace import Target

WIDE = "…"
"""A character of several bytes, in every text, so that one can be cut in two."""

_END: tuple[Event, ...] = (Finish("stop"), Usage(1, 3), End())


def pieces_by(target: Target) -> tuple[str, ...]:
    """The text of an answer, as it is streamed: each piece that names the target tells it from all
    others, so that no mixture of two answers looks like one."""
    return (f"answered by {target},", f" all of it {WIDE} ", f"by {target}")


def text_by(target: Target) -> str:
    """The whole text of an answer."""
    return "".join(pieces_by(target))


@record
class Answer:
    """An answer as bytes, in pieces, so that it can be broken off between them: each that says
    something, and what ends it. A whole answer is half its body, the rest and the last byte."""

    content_type: str
    spoken: tuple[bytes, ...]
    ending: bytes

    @property
    def body(self) -> bytes:
        """All of it."""
        return b"".join([*self.spoken, self.ending])


@record
class Asked:
    """A request as a vendor of this dialect understands it."""

    target: Target
    dialect: Dialect
    request: ChatRequest

    def good(self) -> Answer:
        """The answer that is due."""
        if self.request.counts_only:
            return self.answer((), (TokenCount(1), End()))
        return self.answer(pieces_by(self.target), _END)

    def without_text(self, finish: Finish) -> Answer:
        """An answer that is whole and says nothing."""
        return self.answer((), (finish, Usage(1, 0), End()))

    def answer(self, texts: Sequence[str], ending: Sequence[Event]) -> Answer:
        """The answer that says these texts and ends so."""
        start = () if self.request.counts_only else (Start("lab", self.target.model, 1),)
        spoken = [TextDelta(text) for text in texts]
        if not self.request.stream:
            body = self.dialect.write_whole(self.request, [*start, *spoken, *ending])
            half = len(body) // 2
            return Answer("application/json", (body[:half], body[half:-1]), body[-1:])
        writer = self.dialect.write_stream(self.request)
        opening = writer.write(start)
        frames = [writer.write([event]) for event in spoken]
        if frames:
            frames[0] = opening + frames[0]
        return Answer(self.dialect.stream_type, tuple(frames), writer.write(ending))

    def error(self, error: ProxyError) -> Answer:
        """An error where the answer should be."""
        if not self.request.stream:
            body = self.dialect.write_error(error, "lab").body
            return Answer("application/json", (), body)
        data = self.dialect.write_stream(self.request).write([Failure(error)])
        return Answer(self.dialect.stream_type, (), data)


def asked_of(backend: str, received: Received) -> Asked | None:
    """What a chat request asks of the backend of this name, or None if it is none.

    Raises `BadRequest`.
    """
    parts = urlsplit(received.path)
    door = door_of(unquote(parts.path), dict(parse_qsl(parts.query)))
    if door is None or received.method != "POST":
        return None
    request = door.dialect.read_request(
        received.body, model=door.model, stream=door.stream, counts_only=door.counts_only
    )
    return Asked(Target(backend, request.model), door.dialect, request)


def models_of(received: Received) -> bytes:
    """A vendor's list of models."""
    parts = urlsplit(received.path)
    dialect = dialect_for(parts.path, received.headers, dict(parse_qsl(parts.query)))
    return dialect.write_models([ModelEntry("lab", "lab")])
