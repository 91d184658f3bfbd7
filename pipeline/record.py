"""Values that are made for every request: what is passed on, and never changed in place."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")

new_list: Callable[[], list[Any]] = list
new_dict: Callable[[], dict[Any, Any]] = dict
"""Default factories; `list[str]` would be another one, at six times the price."""


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: type[T]) -> type[T]:
    """A dataclass that the type checkers take for frozen, with a hash of its fields.

    It is not frozen while it runs, for that makes it three to six times as dear to make, and a
    request makes some fifty of them.
    """
    return dataclass(slots=True, unsafe_hash=True)(cls)
