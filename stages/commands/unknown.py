"""What is said of a command that there is none of."""

import difflib
from collections.abc import Iterable


def unknown_command(name: str, known: Iterable[str], prefix: str) -> str:
    """With the one that may have been meant, or where to look."""
    names = list(known)
    if close := difflib.get_close_matches(name, names, n=1):
        return f"unknown command {prefix}{name}, did you mean {prefix}{close[0]}?"
    more = f"; {prefix}help lists them" if "help" in names else ""
    return f"unknown command {prefix}{name}{more}"
