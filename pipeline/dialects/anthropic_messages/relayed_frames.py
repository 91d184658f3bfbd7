"""The vendor's own frames on their way to the client."""

from typing import Any

import orjson

from llm_proxy.pipeline.dialects.anthropic_messages.own_blocks import sse
from llm_proxy.pipeline.dialects.sse import frame_end, parse_frame
from llm_proxy.pipeline.json_values import is_object, object_or_empty
from llm_proxy.pipeline.record import record


@record
class Relayed:
    """What a frame is about: its type, and the number and kind of its block, if it has one."""

    type: str
    index: int = 0
    kind: str = ""

    @classmethod
    def of(cls, raw: bytes) -> "Relayed":
        """That of the first frame of some that are alike."""
        fields = _fields(raw[: frame_end(raw, 0)])
        index = fields.get("index")
        kind = object_or_empty(fields.get("content_block")).get("type")
        return cls(
            str(fields.get("type") or parse_frame(raw).event),
            index if isinstance(index, int) else 0,
            str(kind or "block"),
        )


def renumbered(raw: bytes, index: int, new: int) -> bytes:
    """Frames with the number of their block changed; their very bytes where it is the same."""
    if index == new:
        return raw
    written: list[bytes] = []
    position = 0
    while position < len(raw):
        end = frame_end(raw, position)
        fields = _fields(raw[position:end])
        written.append(sse(str(fields.get("type")), {**fields, "index": new}))
        position = end
    return b"".join(written)


def _fields(raw: bytes) -> dict[str, Any]:
    try:
        fields: Any = orjson.loads(parse_frame(raw).data or b"")
    except ValueError:
        return {}
    return fields if is_object(fields) else {}
