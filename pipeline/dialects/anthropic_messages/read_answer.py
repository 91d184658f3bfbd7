"""A vendor's whole message → events, and its count of tokens."""

from collections.abc import Mapping
from typing import Any

import orjson

from llm_proxy.pipeline.dialects.anthropic_messages.answer_blocks import AnswerBlocks
from llm_proxy.pipeline.dialects.anthropic_messages.formats import WHOLE
from llm_proxy.pipeline.dialects.anthropic_messages.stop_reasons import read_finish
from llm_proxy.pipeline.dialects.anthropic_messages.usage import Counts
from llm_proxy.pipeline.dialects.read_error import reported_error
from llm_proxy.pipeline.errors import UpstreamBroken
from llm_proxy.pipeline.events import End, Event, Frame, Start
from llm_proxy.pipeline.json_values import is_list, is_object, objects_in


def read_whole(body: bytes, maker: str = "") -> list[Event]:
    """The events of a whole answer, all of them sharing its bytes."""
    message = _parsed(body)
    content = message.get("content")
    if not is_list(content):
        raise UpstreamBroken("the backend's answer has no content")
    blocks, frame = AnswerBlocks(maker), Frame(body, 0, WHOLE)
    events: list[Event] = [read_start(message, frame)]
    for block in objects_in(content):
        events += blocks.whole(block, frame)
    events += Counts().read(message.get("usage"), frame)
    events.append(read_finish(message, frame, has_calls=blocks.has_calls))
    events.append(End(frame))
    frame.size = len(events)
    return events


def read_start(message: Mapping[str, Any], frame: Frame) -> Start:
    """This dialect does not tell the time."""
    return Start(str(message.get("id") or ""), str(message.get("model") or ""), 0, frame)


def read_count(body: bytes) -> int:
    """The tokens that a vendor has counted; raises `UpstreamBroken`."""
    tokens = _parsed(body).get("input_tokens")
    if not isinstance(tokens, int) or isinstance(tokens, bool) or tokens < 0:
        raise UpstreamBroken("the backend's count has no input_tokens")
    return tokens


def _parsed(body: bytes) -> Mapping[str, Any]:
    try:
        message: Any = orjson.loads(body)
    except ValueError:
        raise UpstreamBroken("the backend's answer is not valid JSON") from None
    if not is_object(message):
        raise UpstreamBroken("the backend's answer is not a JSON object")
    if error := reported_error(message):
        raise error
    return message
