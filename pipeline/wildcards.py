"""Names in which `*` stands for anything, and nothing else has a meaning."""

import re
from functools import lru_cache


def fits(name: str, pattern: str) -> bool:
    """Whether the whole of a name is what the pattern says."""
    return _compiled(pattern).fullmatch(name) is not None


@lru_cache(1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)
