"""What an agent has done so far: its tool calls, each with what came back."""

import re
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Any

import orjson

from llm_proxy.pipeline.json_values import is_list, is_object
from llm_proxy.pipeline.parts import Document, Image, ResultPart, Text, ToolCall, ToolResult
from llm_proxy.pipeline.record import record
from llm_proxy.pipeline.request import Message

_ERROR = re.compile(r"\W*(error|exception|traceback|fatal|failed|failure)\b", re.IGNORECASE)

_EXACT = 2**53


@record
class Done:
    """A call that has its result, as two digests: no text is kept. `failed`: the result is an
    error."""

    tool: str
    call: bytes
    result: bytes
    failed: bool

    @property
    def failure(self) -> bytes:
        """The same for each time that the tool gave this error."""
        return digest(self.tool, self.result) if self.failed else b""


def _no_tool(_: str) -> bool:
    return False


def history(
    messages: Sequence[Message],
    latest: int | None = None,
    leave_out: Callable[[str], bool] = _no_tool,
) -> list[Done]:
    """The calls of a conversation that have their results, in the order of the calls: all of them,
    or the `latest` so many, without those of some tools. No more of it is read than that takes."""
    results: dict[str, ToolResult] = {}
    done: list[Done] = []
    for message in reversed(messages):
        for part in reversed(message.parts):
            if isinstance(part, ToolResult):
                results[part.id] = part
            elif isinstance(part, ToolCall) and (result := results.pop(part.id, None)):
                if not leave_out(part.name):
                    done.append(_done(part, result))
                if len(done) == latest:
                    return done[::-1]
    return done[::-1]


def call_digest(tool: str, arguments: str) -> bytes:
    """The same for the same call: JSON is compared by what it means."""
    try:
        parsed: Any = orjson.loads(arguments) if arguments.strip() else {}
        meaning = orjson.dumps(_plain(parsed), option=orjson.OPT_SORT_KEYS)
    except (ValueError, RecursionError):
        meaning = arguments.strip().encode("utf-8", "replace")
    return digest(tool, meaning)


def digest(name: str, content: bytes) -> bytes:
    """Sixteen bytes for both together."""
    return blake2b(name.encode("utf-8", "replace") + b"\n" + content, digest_size=16).digest()


def _done(call: ToolCall, result: ToolResult) -> Done:
    text = result.text.strip()
    failed = result.is_error or _ERROR.match(text) is not None
    came_back = b"\n".join(_content(part) for part in result.parts)
    return Done(call.name, call_digest(call.name, call.arguments), digest("", came_back), failed)


def _content(part: ResultPart) -> bytes:
    match part:
        case Text(text):
            return text.strip().encode("utf-8", "replace")
        case Image(media) | Document(media):
            return repr(media).encode("utf-8", "replace")
        case _:
            return orjson.dumps(dict(part.origin))


def _plain(value: Any) -> Any:
    """A JSON value in which 1.0 is 1, as it means the same."""
    if is_object(value):
        return {name: _plain(inner) for name, inner in value.items()}
    if is_list(value):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return int(value)
    return value
