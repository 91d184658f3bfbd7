"""The keys of one backend."""

from collections.abc import Callable, Mapping, Sequence


class KeyRing:
    """Gives each key the header it is sent in and a name that may be told, and takes keys out of
    what a vendor says: vendors repeat what they refuse."""

    def __init__(self, keys: Sequence[str], header: Callable[[str], Mapping[str, str]]) -> None:
        self._headers = {str(number): header(key) for number, key in enumerate(keys, start=1)}
        self._secrets = [key.encode() for key in keys]
        self._first = self._headers.get("1", dict[str, str]())

    @property
    def names(self) -> Sequence[str]:
        """The keys' names, where there is a choice."""
        return tuple(self._headers) if len(self._headers) > 1 else ()

    def header(self, name: str = "") -> Mapping[str, str]:
        """The header of the key of that name, else of the first; none without a key."""
        return self._headers.get(name, self._first)

    def clean(self, data: bytes) -> bytes:
        """`data` without any of the keys."""
        for secret in self._secrets:
            data = data.replace(secret, b"[key]")
        return data
