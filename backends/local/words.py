"""Texts as the local backend sees them: words, each of which counts as one token."""

import re
from collections.abc import Iterator

from llm_proxy.pipeline.parts import Text, ToolResult
from llm_proxy.pipeline.request import ChatRequest

_WORD = re.compile(r"\s*\S+|\s+")


def words_of(text: str) -> Iterator[str]:
    """The words, each with the blank space before it; together they are the text."""
    return (match[0] for match in _WORD.finditer(text))


def count(text: str) -> int:
    """How many words a text has."""
    return len(text.split())


def last_said(request: ChatRequest) -> str:
    """What the last message says: a user's text, or what a tool gave back."""
    parts = request.messages[-1].parts
    said = [part.text for part in parts if isinstance(part, Text | ToolResult)]
    return "".join(said) or "(nothing was said)"


def input_tokens(request: ChatRequest) -> int:
    """The words of the whole conversation."""
    return sum(
        count(part.text)
        for message in request.messages
        for part in message.parts
        if isinstance(part, Text | ToolResult)
    )
