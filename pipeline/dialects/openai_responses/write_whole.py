"""Events → a whole response."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from llm_proxy.pipeline.dialects.openai_responses.answer_items import Foreign
from llm_proxy.pipeline.dialects.openai_responses.answer_output import Output
from llm_proxy.pipeline.dialects.openai_responses.formats import NAME, WHOLE
from llm_proxy.pipeline.dialects.openai_responses.items_read import CALLS, SPOKEN
from llm_proxy.pipeline.dialects.openai_responses.namespaces import Namespaces
from llm_proxy.pipeline.dialects.openai_responses.response_object import ResponseObject, outcome
from llm_proxy.pipeline.dialects.untouched import untouched_frame
from llm_proxy.pipeline.errors import UpstreamBroken
from llm_proxy.pipeline.events import (
    Event,
    Finish,
    Opaque,
    ReasoningDelta,
    ReasoningState,
    Start,
    TokenCount,
    Usage,
)
from llm_proxy.pipeline.json_values import is_object, objects_in
from llm_proxy.pipeline.request import ChatRequest


def write_whole(request: ChatRequest, events: Sequence[Event]) -> bytes:
    """A whole answer; the vendor's own bytes where it was one and no stage touched it."""
    frame = untouched_frame(events, 0, WHOLE)
    if frame is not None and frame.size == len(events):
        return frame.raw
    counted = next((event for event in events if isinstance(event, TokenCount)), None)
    if counted is not None:
        told = {"object": "response.input_tokens", "input_tokens": counted.input_tokens}
        return orjson.dumps(told)
    finish = next((event for event in events if isinstance(event, Finish)), None)
    if finish is None:
        raise UpstreamBroken("the backend's answer has no finish")
    start = next((event for event in events if isinstance(event, Start)), None)
    usage = [event for event in events if isinstance(event, Usage)]
    base = _base(start)
    status = outcome(finish.reason, (), None).status
    output = _output(request, events, base, status)
    what = outcome(finish.reason, output.items, usage[-1] if usage else None)
    return orjson.dumps(ResponseObject(request, start, base).fields(what))


def _base(start: Start | None) -> Mapping[str, Any]:
    """The vendor's own object, where it gave one in this dialect."""
    if start is None or start.frame is None or start.frame.format != WHOLE:
        return {}
    parsed: Any = orjson.loads(start.frame.raw)
    return parsed if is_object(parsed) else {}


def _output(
    request: ChatRequest, events: Sequence[Event], base: Mapping[str, Any], status: str
) -> Output:
    output, unknown = Output(Namespaces(request.tools)), _unknown(base)
    for position, event in enumerate(events):
        if isinstance(event, ReasoningDelta) and (id_ := _id_of_state(events[position:])):
            output.expect("reasoning", id_)
        if isinstance(event, Opaque):
            if event.content and (item := next(unknown, None)):
                _run(output.close_spoken())
                output.adopt(foreign := Foreign(output.next_index, item))
                output.adopt_done(foreign.index, item)
        else:
            _run(output.write(event))
    _run(output.close(status))
    return output


def _id_of_state(events: Sequence[Event]) -> str | None:
    """The id under which this dialect's vendor knows what the reasoning that begins here ends
    with, if it is one's own state."""
    follows = next((event for event in events if not isinstance(event, ReasoningDelta)), None)
    if not isinstance(follows, ReasoningState) or follows.seal.dialect != NAME:
        return None
    return str(follows.seal.block.get("id") or "") or None


def _unknown(base: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The items that this proxy does not know: each stands as one event among the others."""
    for item in objects_in(base.get("output")):
        kind = str(item.get("type") or "")
        if kind not in SPOKEN and kind not in CALLS:
            yield item


def _run(wires: Iterator[Any]) -> None:
    for _ in wires:
        pass
