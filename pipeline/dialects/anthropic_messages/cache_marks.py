"""The marks for a vendor's cache: at most four, and those that last longer first."""

from collections.abc import Iterable, Iterator
from typing import Any

from llm_proxy.pipeline.json_values import is_list, is_object

_MOST = 4

_MARK = "cache_control"


def limit_marks(body: dict[str, Any]) -> None:
    """Take from a request that was just written the marks that are too many: the last ones say
    most."""
    marked = [block for block in _blocks(body) if _MARK in block]
    for block in marked[:-_MOST]:
        del block[_MARK]
    short_seen = False
    for block in marked[-_MOST:]:
        if short_seen:
            block[_MARK] = {"type": "ephemeral"}
        short_seen = short_seen or "ttl" not in block[_MARK]


def _blocks(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Whatever may be marked, in the order in which a vendor reads it."""
    yield from body.get("tools", ())
    yield from body.get("system", ())
    for message in body["messages"]:
        yield from _nested(message["content"])


def _nested(content: Iterable[Any]) -> Iterator[dict[str, Any]]:
    for block in content:
        if is_object(block):
            inner = block.get("content")
            if is_list(inner):
                yield from _nested(inner)
            yield block
