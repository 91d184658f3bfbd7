"""What of a stream's text has to wait because a marker may be under way."""

from collections.abc import Iterable


def held_back(text: str, markers: Iterable[str]) -> int:
    """The length of the longest end of `text` that may be the beginning of one of `markers`."""
    return max((_overlap(text, marker) for marker in markers), default=0)


def _overlap(text: str, marker: str) -> int:
    for length in range(min(len(text), len(marker) - 1), 0, -1):
        if text.endswith(marker[:length]):
            return length
    return 0
