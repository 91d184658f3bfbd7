"""How a conversation is known by its beginning, where the client gives it no name.

Its *start* is all up to the first answer, and stays while the history grows. The first answer tells
apart what has started alike. Of long texts only both ends and the length count: an agent's
instructions are long on every turn.
"""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import takewhile

from llm_proxy.pipeline.events import Event, TextDelta, ToolCallStart
from llm_proxy.pipeline.parts import Audio, Document, Image, Media, Part, Text, ToolCall
from llm_proxy.pipeline.record import record
from llm_proxy.pipeline.request import Message

_SAMPLE = 2048
"""Characters."""


@record
class Beginning:
    """The start's fingerprint, and that of start and first answer; None before there is one."""

    start: str
    answered: str | None


def digest(*pieces: str) -> str:
    """A fingerprint of texts in this order."""
    hashed = blake2b(digest_size=16)
    for piece in pieces:
        encoded = piece.encode("utf-8", "replace")
        hashed.update(b"%d " % len(encoded))
        hashed.update(encoded)
    return hashed.hexdigest()


def beginning_of(messages: Sequence[Message], caller: str) -> Beginning:
    """How the conversation of `caller` began."""
    length = _length_of_start(messages)
    start = digest(caller, *_pieces(messages[:length]))
    answer = list(takewhile(lambda message: message.role == "assistant", messages[length:]))
    return Beginning(start, with_answer(start, *_answer(answer)) if answer else None)


def with_answer(start: str, text: str, calls: Iterable[str]) -> str:
    """The fingerprint of a start with the first answer to it: its text and its calls' ids."""
    return digest(start, text.strip()[:_SAMPLE].rstrip(), *calls)


class FirstAnswer:
    """A step that keeps as much of an answer as its fingerprint needs."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._length = 0
        self._calls: list[str] = []

    def __call__(self, event: Event) -> Sequence[Event]:
        match event:
            case TextDelta(text) if self._length < 2 * _SAMPLE:
                kept = text if self._texts else text.lstrip()
                if kept:
                    self._texts.append(kept)
                    self._length += len(kept)
            case ToolCallStart(_, id_):
                self._calls.append(id_)
            case _:
                pass
        return (event,)

    def after(self, start: str) -> str | None:
        """The fingerprint of `start` with this answer; None where there was none."""
        if not (self._texts or self._calls):
            return None
        return with_answer(start, "".join(self._texts), self._calls)


def _length_of_start(messages: Sequence[Message]) -> int:
    """How many messages there are before the first answer to the user. What the assistant says
    before the user has said anything is the same in each conversation with it."""
    asked = False
    for position, message in enumerate(messages):
        if asked and message.role == "assistant":
            return position
        asked = asked or message.role == "user"
    return len(messages)


def _pieces(messages: Iterable[Message]) -> Iterator[str]:
    for message in messages:
        yield message.role
        yield from map(_piece, message.parts)


def _piece(part: Part) -> str:
    match part:
        case Text(text):
            return _sample(text)
        case Image(media) | Document(media) | Audio(media):
            return _sample(_content(media))
        case _:
            return type(part).__name__


def _content(media: Media) -> str:
    return media.data or media.url or media.file_id or ""


def _sample(text: str) -> str:
    if len(text) <= 2 * _SAMPLE:
        return text
    return f"{len(text)} {text[:_SAMPLE]} {text[-_SAMPLE:]}"


def _answer(messages: Iterable[Message]) -> tuple[str, list[str]]:
    texts: list[str] = []
    calls: list[str] = []
    for message in messages:
        for part in message.parts:
            if isinstance(part, Text):
                texts.append(part.text)
            elif isinstance(part, ToolCall):
                calls.append(part.id)
    return "".join(texts), calls
