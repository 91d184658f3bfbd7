"""How many tokens a request would be: `{"totalTokens": N}`."""

from typing import Any

import orjson

from llm_proxy.pipeline.dialects.gemini.wire_names import get
from llm_proxy.pipeline.errors import UpstreamBroken
from llm_proxy.pipeline.events import TokenCount
from llm_proxy.pipeline.json_values import is_object


def read_count(body: bytes) -> int:
    """The tokens that a vendor has counted."""
    try:
        parsed: Any = orjson.loads(body)
    except ValueError:
        raise UpstreamBroken("the backend's count is not valid JSON") from None
    total = get(parsed, "totalTokens") if is_object(parsed) else None
    if isinstance(total, bool) or not isinstance(total, int) or total < 0:
        raise UpstreamBroken("the backend's count has no number of tokens")
    return total


def write_count(count: TokenCount | None) -> bytes:
    """The count for a client."""
    if count is None:
        raise UpstreamBroken("the backend has counted nothing")
    return orjson.dumps({"totalTokens": count.input_tokens})
