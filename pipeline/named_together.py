"""Several models in one name: `openai:gpt-4|local:echo`."""

from collections.abc import Sequence

_MOST = 16

_LONGEST = 512
"""Characters of one name; what is learned of a target is kept under it."""


def named_together(name: str) -> Sequence[str]:
    """The models that have `|` between them, or the one; `ValueError` says what is wrong."""
    parts = [part.strip() for part in name.split("|")] if "|" in name else [name]
    if len(parts) > 1 and not all(parts):
        raise ValueError('between two "|" there must be a model')
    if len(parts) > _MOST:
        raise ValueError(f'more than {_MOST} models with "|" between them')
    if any(len(part) > _LONGEST for part in parts):
        raise ValueError("the name of the model is too long")
    return parts
