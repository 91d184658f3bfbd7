"""A sequence whose items are read from their raw form when first looked at."""

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar, overload

ItemT = TypeVar("ItemT")


class LazySequence(Sequence[ItemT], Generic[ItemT]):
    """Items beside the raw values they are read from.

    A request may hold thousands of messages of which a chain looks at two; reading only those keeps
    a megabyte of history cheap. `read(raw, index)` may raise `BadRequest`.
    """

    __slots__ = ("_items", "_raw", "_read")

    def __init__(self, raw: Sequence[Any], read: Callable[[Any, int], ItemT]) -> None:
        self._raw = raw
        self._read = read
        self._items: dict[int, ItemT] = {}

    def __len__(self) -> int:
        return len(self._raw)

    @overload
    def __getitem__(self, index: int) -> ItemT: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[ItemT, ...]: ...
    def __getitem__(self, index: int | slice) -> ItemT | tuple[ItemT, ...]:
        if isinstance(index, slice):
            return tuple(self[position] for position in range(*index.indices(len(self))))
        position = index if index >= 0 else index + len(self._raw)
        if position < 0:
            raise IndexError(index)
        item = self._items.get(position)
        if item is None:
            item = self._items[position] = self._read(self._raw[position], position)
        return item

    def __repr__(self) -> str:
        return f"LazySequence({len(self._raw)} items)"
