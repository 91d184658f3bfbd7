"""Which requests may be answered with what was answered before."""

from typing import Any

from llm_proxy.pipeline.dialects.settings import NEVER_LEFT_OUT
from llm_proxy.pipeline.parts import Audio, Document, Image, OpaquePart, Part, ToolResult
from llm_proxy.pipeline.request import ChatRequest

_OF_SEVERAL = ("logprobs", "top_logprobs")

_LOOKS_ELSEWHERE = ("web_search_options", "plugins", "search_parameters")


def is_deterministic(request: ChatRequest) -> bool:
    """Whether the client asks for the same answer each time."""
    return request.params.get("temperature") == 0 or request.params.get("seed") is not None


def why_never(request: ChatRequest) -> str | None:
    """Why such a request is never answered from what is kept, in a few words; None if it may be.

    Its answer must come of what stands in it, and be one that every dialect can say.
    """
    params = request.params
    if request.counts_only:
        return "only counts tokens"
    if params.get("n") not in (None, 1) or any(map(params.get, _OF_SEVERAL)):
        return "asks for more than one answer's text"
    if any(map(params.get, (*NEVER_LEFT_OUT, *_LOOKS_ELSEWHERE))):
        return "asks for what lies elsewhere"
    if any(tool.hosted for tool in request.tools):
        return "lets the vendor use tools"
    if any(_points_elsewhere(part) for message in request.messages for part in message.parts):
        return "points to what lies elsewhere"
    return None


def _points_elsewhere(part: Part | Any) -> bool:
    match part:
        case Image(media) | Document(media) | Audio(media):
            return media.data is None
        case ToolResult(_, parts):
            return any(map(_points_elsewhere, parts))
        case _:
            return isinstance(part, OpaquePart)
