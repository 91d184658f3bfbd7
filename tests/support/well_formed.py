"""What a stream must be like in every dialect, checked frame by frame and with none of the proxy's
own code: what the SDKs forgive is not forgiven here.

Each check takes the bytes of one streamed answer that is whole, and fails with what is wrong.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson


@dataclass(slots=True)
class Streamed:
    """What was found: the model and the id that the stream goes by, its text and its thoughts, the
    kinds of its blocks in order, and all tokens in and out."""

    model: str = ""
    id: str = ""
    text: str = ""
    thoughts: str = ""
    kinds: list[str] = field(default_factory=list[str])
    tokens: tuple[int, int] = (0, 0)


def checked(dialect: str, raw: bytes) -> Streamed:
    """Raises `AssertionError` for a stream that is not one well-formed answer."""
    return _CHECKS[dialect](_frames(raw))


Frame = tuple[str, str]
"""An event's name and its data."""


def _frames(raw: bytes) -> list[Frame]:
    text = raw.decode()  # strictly
    assert "\N{REPLACEMENT CHARACTER}" not in text
    assert text.endswith("\n\n")
    frames: list[Frame] = []
    for block in text.split("\n\n"):
        lines = [line for line in block.split("\n") if line and not line.startswith(":")]
        if lines:
            fields = dict(line.split(": ", 1) for line in lines)
            assert len(fields) == len(lines), block
            frames.append((fields.get("event", ""), fields["data"]))
    return frames


def _one(values: Sequence[Any]) -> Any:
    """The value that all of them are."""
    assert values
    assert all(value == values[0] for value in values), values
    return values[0]


def _chat(frames: Sequence[Frame]) -> Streamed:
    assert [data for _, data in frames].index("[DONE]") == len(frames) - 1
    chunks = [orjson.loads(data) for _, data in frames[:-1]]
    assert not [chunk for chunk in chunks if "error" in chunk]
    _one([chunk["created"] for chunk in chunks])
    found = Streamed(_one([c["model"] for c in chunks]), _one([c["id"] for c in chunks]))
    spoken = [chunk["choices"][0] for chunk in chunks if chunk["choices"]]
    assert [choice["delta"].get("role") for choice in spoken].count("assistant") == 1
    assert spoken[0]["delta"]["role"] == "assistant"
    assert [bool(choice["finish_reason"]) for choice in spoken].index(True) == len(spoken) - 1
    for choice in spoken:
        found.text += choice["delta"].get("content") or ""
        found.thoughts += choice["delta"].get("reasoning_content") or ""
    counted = [chunk for chunk in chunks if chunk.get("usage")]
    assert counted == chunks[-1:]
    usage = counted[0]["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    found.tokens = usage["prompt_tokens"], usage["completion_tokens"]
    return found


_PIECES = {"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "thinking"}
"""A piece's kind → that of the block in which it belongs."""


def _messages(frames: Sequence[Frame]) -> Streamed:
    events = [orjson.loads(data) for _, data in frames]
    assert [event["type"] for event in events] == [name for name, _ in frames]
    events = [event for event in events if event["type"] != "ping"]
    names = [event["type"] for event in events]
    assert names[0] == "message_start"
    assert names[-2:] == ["message_delta", "message_stop"]
    message, last = events[0]["message"], events[-2]
    assert message["content"] == []
    assert last["delta"]["stop_reason"]
    found = Streamed(message["model"], message["id"])
    is_open = False
    for event in events[1:-2]:
        match event["type"]:
            case "content_block_start":
                assert not is_open
                assert event["index"] == len(found.kinds)
                found.kinds.append(event["content_block"]["type"])
                is_open = True
            case "content_block_stop":
                assert is_open
                assert event["index"] == len(found.kinds) - 1
                is_open = False
            case kind:
                assert kind == "content_block_delta"
                assert is_open
                assert event["index"] == len(found.kinds) - 1
                delta = event["delta"]
                assert _PIECES[delta["type"]] == found.kinds[-1]
                found.text += delta.get("text", "")
                found.thoughts += delta.get("thinking", "")
    assert not is_open
    usage = last["usage"]
    caches = usage["cache_creation_input_tokens"] + usage["cache_read_input_tokens"]
    found.tokens = usage["input_tokens"] + caches, usage["output_tokens"]
    return found


def _responses(frames: Sequence[Frame]) -> Streamed:
    events = [orjson.loads(data) for _, data in frames]
    names = [event["type"] for event in events]
    assert names == [name for name, _ in frames]
    assert names[:2] == ["response.created", "response.in_progress"]
    assert names[-1] == "response.completed"
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    opened, last = events[0]["response"], events[-1]["response"]
    same = ("id", "model", "created_at", "object")
    assert [opened[name] for name in same] == [last[name] for name in same]
    items = _Items()
    for event in events[2:-1]:
        items.take(event)
    assert not items.open
    assert items.done == last["output"]
    assert last["status"] == "completed"
    usage = last["usage"]
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    return Streamed(
        last["model"],
        last["id"],
        items.said("content"),
        items.said("summary"),
        [item["type"] for item in items.done],
        (usage["input_tokens"], usage["output_tokens"]),
    )


class _Items:
    """The items of a response, one of which may be open, and in it one part."""

    def __init__(self) -> None:
        self.done: list[dict[str, Any]] = []
        self.open: dict[str, Any] = {}
        self._parts: list[dict[str, Any]] = []
        self._text: str | None = None
        self._text_is_done = False

    def said(self, name: str) -> str:
        return "".join(part["text"] for item in self.done for part in item.get(name, ()))

    def take(self, event: dict[str, Any]) -> None:
        assert event["output_index"] == len(self.done)
        kind = event["type"]
        if kind == "response.output_item.added":
            assert not self.open
            self.open, self._parts = event["item"], []
            return
        assert self.open
        if kind == "response.output_item.done":
            self._end(event["item"])
            return
        assert event["item_id"] == self.open["id"]
        number = event.get("content_index", event.get("summary_index"))
        assert number == len(self._parts)
        self._piece(kind, event)

    def _piece(self, kind: str, event: dict[str, Any]) -> None:
        if kind.endswith("part.added"):
            assert self._text is None
            self._text, self._text_is_done = "", False
            return
        assert self._text is not None
        if kind.endswith("part.done"):
            assert self._text_is_done
            assert event["part"]["text"] == self._text
            self._parts.append(event["part"])
            self._text = None
            return
        assert not self._text_is_done
        if kind.endswith("text.delta"):
            self._text += event["delta"]
        else:
            assert kind.endswith("text.done")
            assert event["text"] == self._text
            self._text_is_done = True

    def _end(self, item: dict[str, Any]) -> None:
        assert self._text is None
        assert (item["id"], item["type"]) == (self.open["id"], self.open["type"])
        told = item["content" if item["type"] == "message" else "summary"]
        assert told == self._parts
        self.done.append(item)
        self.open = {}


def _gemini(frames: Sequence[Frame]) -> Streamed:
    chunks = [orjson.loads(data) for _, data in frames]
    assert not [chunk for chunk in chunks if "error" in chunk]
    found = Streamed(
        _one([chunk["modelVersion"] for chunk in chunks]),
        _one([chunk["responseId"] for chunk in chunks]),
    )
    candidates = [_only(chunk["candidates"]) for chunk in chunks]
    finishes = [candidate.get("finishReason") for candidate in candidates]
    assert [bool(finish) for finish in finishes].index(True) == len(chunks) - 1
    for candidate in candidates:
        assert candidate["content"]["role"] == "model"
        for part in candidate["content"].get("parts", ()):
            if part.get("thought"):
                found.thoughts += part["text"]
            else:
                found.text += part["text"]
    usage = chunks[-1]["usageMetadata"]
    output = usage["candidatesTokenCount"] + usage.get("thoughtsTokenCount", 0)
    assert usage["totalTokenCount"] == usage["promptTokenCount"] + output
    found.tokens = usage["promptTokenCount"], output
    return found


def _only(values: Sequence[Any]) -> Any:
    assert len(values) == 1
    return values[0]


_CHECKS: dict[str, Callable[[Sequence[Frame]], Streamed]] = {
    "openai_chat": _chat,
    "openai_responses": _responses,
    "anthropic_messages": _messages,
    "gemini": _gemini,
}
