"""Questions about parsed JSON, answered in a way that type checkers follow."""

from typing import Any, TypeGuard


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether it is a JSON object."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Whether it is a JSON list."""
    return isinstance(value, list)


# The two below are called often: they ask by themselves what the two above would tell the checkers.


def object_or_empty(value: object) -> dict[str, Any]:
    """A JSON object, or an empty one in place of anything else a vendor may send."""
    return value if isinstance(value, dict) else {}  # pyright: ignore[reportUnknownVariableType]


def objects_in(value: object) -> list[dict[str, Any]]:
    """The objects of a JSON list; anything else counts as absent."""
    if not isinstance(value, list):
        return []
    return [item for item in value if isinstance(item, dict)]  # pyright: ignore[reportUnknownVariableType]
