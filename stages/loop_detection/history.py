"""What an agent has done so far: its tool calls, each with what came back."""

import re
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from itertools import islice
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
    or the `latest` so many, without those of some tools."""
    done = [_done(call, result) for call, result in islice(_newest(messages, leave_out), latest)]
    return done[::-1]


def comes_again(
    messages: Sequence[Message], before: int, leave_out: Callable[[str], bool] = _no_tool
) -> bool:
    """Whether the tool of the latest call has given the same result within so many calls `before`
    it: if not, nothing goes round in circles, and no more needs to be read."""
    calls = islice(_newest(messages, leave_out), 1 + before)
    for last, result in calls:
        content = _contents(result)
        return any(call.name == last.name and _contents(one) == content for call, one in calls)
    return False


def _newest(
    messages: Sequence[Message], leave_out: Callable[[str], bool]
) -> Iterator[tuple[ToolCall, ToolResult]]:
    """The calls and their results, the last one first."""
    results: dict[str, ToolResult] = {}
    for message in reversed(messages):
        for part in reversed(message.parts):
            if isinstance(part, ToolResult):
                results[part.id] = part
            elif isinstance(part, ToolCall):
                result = results.pop(part.id, None)
                if result and not leave_out(part.name):
                    yield part, result


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
    came_back = digest("", _contents(result))
    return Done(call.name, call_digest(call.name, call.arguments), came_back, failed)


def _contents(result: ToolResult) -> bytes:
    return b"\n".join([_content(part) for part in result.parts])


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
