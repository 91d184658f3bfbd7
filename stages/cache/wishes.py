"""What a client says about answers that were given before."""

import re
from collections.abc import Mapping
from math import inf

from llm_proxy.pipeline.record import record

HEADER = "x-llm-proxy-cache"

_MAX_AGE = re.compile(r"max-age=\"?(\d{1,10})\"?")


@record
class Wishes:
    """Whether the client asks for the cache (None where it says nothing), whether its answer may
    be kept, and how old in seconds one may be that it is given."""

    on: bool | None = None
    may_be_kept: bool = True
    oldest: float = inf


def wishes_in(headers: Mapping[str, str]) -> Wishes:
    """The wishes in `x-llm-proxy-cache: on` or `off`, and in the `cache-control` of RFC 9111."""
    words = {"on": True, "off": False}
    on = words.get(headers.get(HEADER, "").strip().lower())
    said = [one.strip().lower() for one in headers.get("cache-control", "").split(",")]
    ages = [float(match[1]) for one in said if (match := _MAX_AGE.fullmatch(one))]
    oldest = 0.0 if "no-cache" in said else min(ages, default=inf)
    return Wishes(on, "no-store" not in said, oldest)
