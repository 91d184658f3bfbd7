"""Events → a whole answer."""

from collections.abc import Sequence

import orjson

from llm_proxy.pipeline.dialects.gemini.answer_parts import AnswerParts, joined
from llm_proxy.pipeline.dialects.gemini.count import write_count
from llm_proxy.pipeline.dialects.gemini.formats import WHOLE
from llm_proxy.pipeline.dialects.gemini.write_chunk import ChunkHead
from llm_proxy.pipeline.dialects.untouched import untouched_frame
from llm_proxy.pipeline.errors import UpstreamBroken
from llm_proxy.pipeline.events import Event, Finish, Start, TokenCount, Usage
from llm_proxy.pipeline.request import ChatRequest


def write_whole(request: ChatRequest, events: Sequence[Event]) -> bytes:
    """A whole answer; the vendor's own bytes where it was one and no stage touched it."""
    frame = untouched_frame(events, 0, WHOLE)
    if frame is not None and frame.size == len(events):
        return frame.raw
    count = next((event for event in events if isinstance(event, TokenCount)), None)
    if request.counts_only or count is not None:
        return write_count(count)
    start = next((event for event in events if isinstance(event, Start)), None)
    finish = next((event for event in events if isinstance(event, Finish)), None)
    usages = [event for event in events if isinstance(event, Usage)]
    if finish is None:
        raise UpstreamBroken("the backend's answer has no finish")
    parts = AnswerParts()
    made = [part for event in events for part in parts.read(event)]
    whole = joined(iter([*made, *parts.close()]))
    return orjson.dumps(ChunkHead(start).chunk(whole, finish, usages[-1] if usages else None))
