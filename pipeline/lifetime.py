"""What is opened before its first use and closed after its last."""

from types import TracebackType
from typing import Self


class Lifetime:
    """An async context manager that does nothing; whoever holds something open overrides it."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        return None
