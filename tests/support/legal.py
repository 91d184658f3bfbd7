"""Whether the turns of a request are such as its vendor takes, judged on the wire."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from tests.support.oracle import check_upstream
from tests.support.vendor import Received

Piece = tuple[str, str]
"""Who says it, or "call" or "result"; and the text, or the id that makes the two a pair."""


def check_sent(vendor: str, received: Received) -> None:
    """Raises `AssertionError` for what the vendor's types do not fit, and illegal turns."""
    check_upstream(vendor, received)
    check_turns(vendor, received.json)


def check_turns(vendor: str, sent: Any) -> None:
    """Raises `AssertionError` for a first turn that is not the user's, an empty turn, two turns of
    the assistant in a row, or a call and a result that are no pair."""
    pieces = said_in(vendor, sent)
    assert pieces[0][0] == "user"
    assert all(text for _, text in pieces)
    calls = [id_ for kind, id_ in pieces if kind == "call"]
    assert calls == [id_ for kind, id_ in pieces if kind == "result"]
    for (before, _), (after, _) in pairwise(pieces):
        assert before != "call" or after in ("call", "result")
        assert after != "result" or before in ("call", "result")
        assert (before, after) != ("assistant", "assistant")


def said_in(vendor: str, sent: Any) -> list[Piece]:
    """All pieces in order, but what the system is told. Google's SDK makes a turn of each chunk of
    an answer, and its vendor takes that: they are one piece here."""
    said: list[Piece] = []
    for turn in sent[_TURNS[vendor]]:
        for role, text in _pieces(vendor, turn):
            if vendor == "gemini" and said and (said[-1][0], role) == ("assistant", "assistant"):
                said[-1] = (role, said[-1][1] + text)
            elif role not in ("system", "developer"):
                said.append((role, text))
    return said


_TURNS = {
    "openai_chat": "messages",
    "openai_responses": "input",
    "anthropic_messages": "messages",
    "gemini": "contents",
}


def _pieces(vendor: str, turn: Any) -> Iterator[Piece]:
    role = {"model": "assistant"}.get(turn.get("role"), turn.get("role"))
    if turn.get("type") in ("function_call", "function_call_output"):
        yield ("call" if turn["type"] == "function_call" else "result"), turn["call_id"]
        return
    if role == "tool":
        yield "result", turn["tool_call_id"]
        return
    content = turn["parts"] if vendor == "gemini" else turn["content"]
    if isinstance(content, str) and (content or not turn.get("tool_calls")):
        yield role, content
    texts: list[str] = []
    for part in content if isinstance(content, list) else ():
        if "text" in part:
            texts.append(part["text"])
        elif part.get("type") == "tool_use" or "functionCall" in part:
            yield "call", part.get("id") or part["functionCall"].get("id") or "call_1"
        elif part.get("type") == "tool_result" or "functionResponse" in part:
            yield "result", part.get("tool_use_id") or part["functionResponse"].get("id", "call_1")
    if texts:
        yield role, "".join(texts)
    for call in turn.get("tool_calls") or ():
        yield "call", call["id"]
