"""Ids for calls that have none: the API matches a call and its result by name and order alone.

An id that is made up here can be told from any other, so that it never reaches the API.
"""

import hashlib
import re

from llm_proxy.pipeline.dialects.tool_naming import Naming

NAMING = Naming(re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,127}"), re.compile(r"[\x20-\x7e]{1,256}"))

_MADE_UP = re.compile(r"call_[0-9a-f]{16}([0-9a-f]{8})")


def made_up_id(position: int, name: str) -> str:
    """The id of the call at a position among a request's calls; the same for the same history."""
    digest = hashlib.sha256(f"{position}.{name}".encode("utf-8", "replace")).hexdigest()[:16]
    return f"call_{digest}{position:08x}"


def is_made_up(id_: str, name: str) -> bool:
    """Whether the id is one that `made_up_id` gave to a call of this name."""
    match = _MADE_UP.fullmatch(id_)
    return match is not None and made_up_id(int(match[1], 16), name) == id_


class OpenCalls:
    """The calls of a history so far, and which of them still wait for their result."""

    def __init__(self) -> None:
        self._count = 0
        self._open: list[tuple[str, str]] = []

    def forget(self) -> None:
        """A turn of the user has gone by: what has no result by now gets none."""
        self._open.clear()

    def call(self, id_: str, name: str) -> str:
        """The id of a call, made up if it has none."""
        id_ = id_ or made_up_id(self._count, name)
        self._count += 1
        self._open.append((id_, name))
        return id_

    def result(self, id_: str, name: str) -> str:
        """The id of the call that a result belongs to: by its id, else by name and order."""
        found = next((one for one in self._open if id_ and one[0] == id_), None)
        if found is None:
            named = [one for one in self._open if one[1] == name or not name]
            nameless = [one for one in named if not id_ or is_made_up(one[0], one[1])]
            found = next(iter(nameless), None)
        if found is None:
            self._count += 1
            return id_ or made_up_id(self._count - 1, name)
        self._open.remove(found)
        return found[0]
