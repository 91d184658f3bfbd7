"""How a conversation is known by its beginning, where the client gives it no name.

Its *start* is all up to the first answer, and stays while the history grows. The first answer tells
apart what has started alike. Of long texts only both ends and the length count: an agent's
instructions are long on every turn.
"""

from collections.abc import Iterable, Sequence
from hashlib import blake2b

import orjson

from llm_proxy.pipeline.parts import Audio, Document, Image, Part, Text, ToolCall
from llm_proxy.pipeline.record import record
from llm_proxy.pipeline.request import Message

_SAMPLE = 2048
_WHOLE = 2 * _SAMPLE
"""Characters of an end, and of what is taken whole."""


@record
class Beginning:
    """The start's fingerprint, and that of start and first answer; None before there is one."""

    start: str
    answered: str | None


def digest(pieces: Sequence[str]) -> str:
    """A fingerprint of texts in this order; as JSON none can be shifted into another."""
    try:
        written = orjson.dumps(pieces)
    except TypeError:  # a text is no Unicode
        written = orjson.dumps([piece.encode("utf-8", "replace").decode() for piece in pieces])
    return blake2b(written, digest_size=16).hexdigest()


def beginning_of(messages: Sequence[Message], caller: str) -> Beginning:
    """How the conversation of `caller` began.

    The start ends before the first answer to the user: what the assistant says before the user has
    said anything is the same in each conversation with it.
    """
    pieces = [caller]
    asked = False
    for position, message in enumerate(messages):
        role = message.role
        if asked and role == "assistant":
            start = digest(pieces)
            return Beginning(start, with_answer(start, *_answer(messages[position:])))
        asked = asked or role == "user"
        pieces.append(role)
        for part in message.parts:
            piece = part.text if isinstance(part, Text) else _piece(part)
            pieces.append(piece if len(piece) <= _WHOLE else _ends(piece))
    return Beginning(digest(pieces), None)


def with_answer(start: str, text: str, calls: Iterable[str]) -> str:
    """The fingerprint of a start with the first answer to it: its text and its calls' ids."""
    return digest([start, text.strip()[:_SAMPLE].rstrip(), *calls])


def _piece(part: Part) -> str:
    match part:
        case Image(media) | Document(media) | Audio(media):
            return media.data or media.url or media.file_id or ""
        case _:
            return type(part).__name__


def _ends(text: str) -> str:
    return f"{len(text)} {text[:_SAMPLE]} {text[-_SAMPLE:]}"


def _answer(messages: Iterable[Message]) -> tuple[str, list[str]]:
    """Text and calls of the messages up to the next one that is not the assistant's."""
    texts: list[str] = []
    calls: list[str] = []
    for message in messages:
        if message.role != "assistant":
            break
        for part in message.parts:
            if isinstance(part, Text):
                texts.append(part.text)
            elif isinstance(part, ToolCall):
                calls.append(part.id)
    return "".join(texts), calls
