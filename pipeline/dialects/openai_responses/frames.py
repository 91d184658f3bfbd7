"""Frames of this dialect: a name of the event, and its fields as JSON on one line."""

from collections.abc import Mapping
from typing import Any

import orjson

from llm_proxy.pipeline.dialects.sse import parse_frame
from llm_proxy.pipeline.json_values import is_object

_LINES = 3
_NEXT = b"\ndata: "


def event_fields(raw: bytes) -> Any:
    """What a frame holds as JSON; None where it holds nothing. Raises `ValueError`.

    An event's kind is in its `type`; a server that puts it only beside them gets it put there.
    """
    if raw.startswith(b"event: ") and raw.count(b"\n") == _LINES and b"\r" not in raw:
        name, found, line = raw.partition(_NEXT)  # as almost all frames are
        if found and line.endswith(b"}\n\n"):
            return _named(orjson.loads(line), name[7:])
    frame = parse_frame(raw)
    if frame.data is None or not frame.data.strip():
        return None
    return _named(orjson.loads(frame.data), frame.event.encode())


def _named(fields: Any, name: bytes) -> Any:
    if is_object(fields) and name and "type" not in fields:
        fields["type"] = name.decode("utf-8", "replace")
    return fields


def written_frame(kind: str, fields: Mapping[str, Any], number: int) -> bytes:
    """A frame of one event."""
    data = orjson.dumps({"type": kind, "sequence_number": number, **fields})
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), data)
