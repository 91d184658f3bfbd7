"""`usageMetadata`: what a chat has cost in tokens.

The input stands in two fields, the model's own and that of the vendor's tools; the output in two,
what was said and what was thought.
"""

from collections.abc import Mapping
from typing import Any

from llm_proxy.pipeline.dialects.gemini.wire_names import get
from llm_proxy.pipeline.events import Frame, Usage
from llm_proxy.pipeline.json_values import is_object

_MOST_TOKENS = 2**53


def read_usage(value: object, frame: Frame | None) -> list[Usage]:
    """The counts, in a list of one; empty if there are none."""
    if not is_object(value) or not value:
        return []
    tools = _count(value, "toolUsePromptTokenCount")
    prompt, said = _count(value, "promptTokenCount"), _count(value, "candidatesTokenCount")
    thought, total = _count(value, "thoughtsTokenCount"), _count(value, "totalTokenCount")
    # Some servers count what was thought among what was said.
    output = said if thought and prompt + tools + said == total else said + thought
    cached = _count(value, "cachedContentTokenCount")
    return [Usage(prompt + tools, output, cached, min(thought, output), frame)]


def _count(counts: Mapping[str, Any], name: str) -> int:
    value = get(counts, name)
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return value if is_whole and 0 <= value < _MOST_TOKENS else 0


def written_usage(usage: Usage) -> dict[str, int]:
    """The counts as clients of this dialect know them."""
    written = {
        "promptTokenCount": usage.input_tokens,
        "candidatesTokenCount": max(0, usage.output_tokens - usage.reasoning_tokens),
        "totalTokenCount": usage.input_tokens + usage.output_tokens,
    }
    if usage.cached_tokens:
        written["cachedContentTokenCount"] = usage.cached_tokens
    if usage.reasoning_tokens:
        written["thoughtsTokenCount"] = usage.reasoning_tokens
    return written
