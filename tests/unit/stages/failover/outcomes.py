"""What comes of a question to targets that do what a script says."""

from typing import Any

from llm_proxy.pipeline.errors import (
    Kind,
    ProxyError,
    UpstreamRateLimited,
    UpstreamRefused,
    UpstreamUnavailable,
)
from tests.support.stages import asking, text_of
from tests.support.targets import Farm, Script

DOWN = UpstreamUnavailable("down")
CONFLICT = UpstreamRefused("conflict", Kind.CONFLICT, 409)


def limited(seconds: float | None) -> UpstreamRateLimited:
    return UpstreamRateLimited("slow down", retry_after=seconds)


def farm(keys: str = "", /, **scripts: Script) -> Farm:
    return Farm(scripts, keys=keys.split())


async def outcome(one: Farm, **request: Any) -> str:
    """The text of an answer, or the error."""
    try:
        async with await one.ask(asking(**{"stream": True, **request})) as reply:
            return text_of(await reply.collect())
    except ProxyError as error:
        return f"{error.status}: {error.message}"
