"""A vendor's server that does exactly what a script says, and answers written by hand for it."""

from typing import Any

import orjson

from llm_proxy.lab.vendor import (
    Connection,
    Play,
    Received,
    Vendor,
    hangs,
    resets,
    streamed,
    whole,
)

__all__ = [
    "DONE",
    "HELLO",
    "Connection",
    "Play",
    "Received",
    "Vendor",
    "by_request",
    "completion",
    "delta",
    "hangs",
    "resets",
    "streamed",
    "usage_frame",
    "whole",
]

CHUNK_HEAD = '{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m"'


def delta(**fields: Any) -> bytes:
    """A frame with one delta."""
    finish = fields.pop("finish_reason", None)
    choice = {"index": 0, "delta": fields, "finish_reason": finish}
    return b"data: " + CHUNK_HEAD.encode() + b',"choices":[' + orjson.dumps(choice) + b"]}\n\n"


def usage_frame(prompt: int = 3, completion: int = 2) -> bytes:
    """The frame that carries the token counts."""
    usage = {"prompt_tokens": prompt, "completion_tokens": completion}
    return (
        b"data: " + CHUNK_HEAD.encode() + b',"choices":[],"usage":' + orjson.dumps(usage) + b"}\n\n"
    )


DONE = b"data: [DONE]\n\n"

HELLO = [
    delta(role="assistant", content=""),
    delta(content="Hel"),
    delta(content="lo"),
    delta(finish_reason="stop"),
    usage_frame(),
    DONE,
]
"""The frames of a streamed "Hello"."""


def completion(text: str = "Hello", **changes: Any) -> dict[str, Any]:
    """A whole answer."""
    message = {"role": "assistant", "content": text}
    return {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
        **changes,
    }


async def by_request(at: Connection) -> None:
    """ "Hello", whole or streamed as asked; a list of models for a GET."""
    if at.received.method == "GET":
        await whole({"object": "list", "data": [{"id": "m1"}, {"id": "m2"}]})(at)
    elif at.received.json.get("stream"):
        await streamed(HELLO)(at)
    else:
        await whole(completion())(at)
