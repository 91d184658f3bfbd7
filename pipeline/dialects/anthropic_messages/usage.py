"""Tokens as this dialect counts them: the input without what a cache gave or took."""

from collections.abc import Mapping
from typing import Any

from llm_proxy.pipeline.events import Frame, Usage
from llm_proxy.pipeline.json_values import object_or_empty

_MOST_TOKENS = 2**53

_READ, _WRITTEN = "cache_read_input_tokens", "cache_creation_input_tokens"


class Counts:
    """The counts of one answer so far: what is told again stands for what was told before."""

    def __init__(self) -> None:
        self._told: dict[str, int] = {}

    def read(self, usage: object, frame: Frame | None) -> list[Usage]:
        """All that is known with these counts; nothing where there are none."""
        fields = object_or_empty(usage)
        if not fields:
            return []
        thinking = object_or_empty(fields.get("output_tokens_details")).get("thinking_tokens")
        for name, value in (*fields.items(), ("thinking_tokens", thinking)):
            if isinstance(value, int) and 0 <= value < _MOST_TOKENS:
                self._told[name] = value
        read, written = self._count(_READ), self._count(_WRITTEN)
        return [
            Usage(
                self._count("input_tokens") + read + written,
                self._count("output_tokens"),
                read,
                self._count("thinking_tokens"),
                frame,
                written,
            )
        ]

    def _count(self, name: str) -> int:
        return self._told.get(name, 0)


def written_usage(usage: Usage | None) -> Mapping[str, Any]:
    """The counts of an answer, zeros where nobody has told them."""
    usage = usage or Usage(0, 0)
    cached = usage.cached_tokens + usage.cache_write_tokens
    written: dict[str, Any] = {
        "input_tokens": max(0, usage.input_tokens - cached),
        _WRITTEN: usage.cache_write_tokens,
        _READ: usage.cached_tokens,
        "output_tokens": usage.output_tokens,
    }
    if usage.reasoning_tokens:
        written["output_tokens_details"] = {"thinking_tokens": usage.reasoning_tokens}
    return written
