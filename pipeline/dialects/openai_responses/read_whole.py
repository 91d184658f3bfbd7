"""A vendor's whole response → events."""

from collections.abc import Mapping
from typing import Any

import orjson

from llm_proxy.pipeline.dialects.openai_responses.formats import WHOLE
from llm_proxy.pipeline.dialects.openai_responses.items_read import ItemsRead
from llm_proxy.pipeline.dialects.openai_responses.read_end import (
    count,
    failure_in,
    read_finish,
    read_start,
    read_usage,
)
from llm_proxy.pipeline.dialects.read_error import reported_error
from llm_proxy.pipeline.errors import UpstreamBroken
from llm_proxy.pipeline.events import End, Event, Frame
from llm_proxy.pipeline.json_values import is_list, is_object, objects_in


def read_whole(body: bytes, maker: str = "") -> list[Event]:
    """The events of a whole answer, all of them sharing its bytes."""
    response = _parsed(body)
    if error := failure_in(response):
        raise error
    if not is_list(response.get("output")):
        raise UpstreamBroken("the backend's answer has no output")
    items, frame = ItemsRead(maker), Frame(body, 0, WHOLE)
    events: list[Event] = [read_start(response, frame)]
    for index, item in enumerate(objects_in(response["output"])):
        events += items.finish(index, item, frame)
    events += read_usage(response, frame)
    events.append(read_finish(response, frame, calls=bool(items.calls)))
    events.append(End(frame))
    frame.size = len(events)
    return events


def read_count(body: bytes) -> int:
    """The tokens that a vendor has counted."""
    answer = _parsed(body)
    if error := reported_error(answer):
        raise error
    if not isinstance(answer.get("input_tokens"), int):
        raise UpstreamBroken("the backend's answer has no count of tokens")
    return count(answer, "input_tokens")


def _parsed(body: bytes) -> Mapping[str, Any]:
    try:
        parsed: Any = orjson.loads(body)
    except ValueError:
        raise UpstreamBroken("the backend's answer is not valid JSON") from None
    if not is_object(parsed):
        raise UpstreamBroken("the backend's answer is not a JSON object")
    return parsed
