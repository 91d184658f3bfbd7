"""Turns → the instructions and the input of a request for a response."""

from collections.abc import Iterator, Sequence
from typing import Any

from llm_proxy.pipeline.dialects.arguments import arguments_text
from llm_proxy.pipeline.dialects.body import json_text
from llm_proxy.pipeline.dialects.dialect import Recipient
from llm_proxy.pipeline.dialects.losses import Losses
from llm_proxy.pipeline.dialects.media import document_text
from llm_proxy.pipeline.dialects.openai_responses.formats import NAME
from llm_proxy.pipeline.dialects.openai_responses.write_parts import written_part
from llm_proxy.pipeline.dialects.seals import FOREIGN, fits
from llm_proxy.pipeline.dialects.settings import refuse
from llm_proxy.pipeline.dialects.turns import Conversation, Turn
from llm_proxy.pipeline.parts import (
    Audio,
    CacheTtl,
    Document,
    Image,
    OpaquePart,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)

Item = dict[str, Any]

_BETWEEN = "\n\n"
"""Stands between texts that were parts of their own."""

_ERROR = "Error: "


_TTL: dict[CacheTtl, str] = {"short": "30m", "long": "12h"}

_NOTHING: Item = {"role": "user", "content": ""}
"""What the user says where nothing was said at all."""

_UNSIGNED = "reasoning without its vendor's state"


class Items:
    """Writes the conversation of one request."""

    def __init__(self, to: Recipient, losses: Losses) -> None:
        self._to = to
        self._traits = to.traits
        self._losses = losses
        self._marks = to.traits.cache_marks == "breakpoint"

    def written(self, talk: Conversation) -> dict[str, Any]:
        """`instructions` and `input`; names and ids are already the vendor's."""
        items: list[Item] = []
        written: dict[str, Any] = {"input": items}
        if self._marks and any(text.cache for text in talk.system):
            items.append(self._system(talk.system))  # the field has no place for marks
        elif not talk.turns:  # an input with nothing in it is refused
            items.append(self._system(talk.system) if talk.system else _NOTHING)
        elif talk.system:
            written["instructions"] = _BETWEEN.join(text.text for text in talk.system)
        for turn in talk.turns:
            if turn.role == "assistant":
                items += self._assistant(turn)
            elif turn.role == "system":
                items.append(self._system([p for p in turn.parts if isinstance(p, Text)]))
            else:
                items += self._user(turn)
        return written

    def _system(self, texts: Sequence[Text]) -> Item:
        return {"role": "system", "content": [self._part(text) for text in texts]}

    def _user(self, turn: Turn) -> Iterator[Item]:
        yield from (self._result(result) for result in turn.results)
        if content := [part for part in map(self._part, turn.rest) if part]:
            yield {"role": "user", "content": content}

    def _assistant(self, turn: Turn) -> Iterator[Item]:
        said: list[Text | Refusal] = []
        for part in turn.parts:
            if isinstance(part, Text | Refusal):
                said.append(part)
                continue
            item = self._item(part)
            if item is not None:
                yield from _message(said)
                said = []
                yield item
        yield from _message(said)

    def _item(self, part: Part) -> Item | None:
        match part:
            case Reasoning():
                return self._reasoning(part)
            case ToolCall():
                return self._call(part)
            case _:
                self._losses.drop_part(part)
                return None

    def _reasoning(self, part: Reasoning) -> Item | None:
        """Its very item for its maker; nobody else takes it, signed or not."""
        if part.seal is not None and fits(part.seal, NAME, self._to.maker):
            return dict(part.seal.block)
        self._losses.drop(FOREIGN if part.seal else _UNSIGNED)
        return None

    def _call(self, call: ToolCall) -> Item:
        if call.seal is not None:
            self._losses.drop(FOREIGN)
        item: Item = {"call_id": call.id, "name": call.name}
        if call.custom and self._traits.custom_tools:
            return {"type": "custom_tool_call", **item, "input": call.arguments}
        arguments = arguments_text(call.arguments, custom=call.custom)
        return {"type": "function_call", **item, "arguments": arguments}

    def _result(self, result: ToolResult) -> Item:
        custom = result.custom and self._traits.custom_tools
        return {
            "type": "custom_tool_call_output" if custom else "function_call_output",
            "call_id": result.id,
            "output": self._output(result),
        }

    def _output(self, result: ToolResult) -> str | list[Any]:
        """A text where there is nothing else, a list with all of it where there is."""
        parts = [_as_text(part) for part in result.parts]
        first = next((part.text for part in parts if isinstance(part, Text)), "")
        texts = [part.text for part in parts if isinstance(part, Text)]
        prefix = _ERROR if result.is_error and not first.startswith(_ERROR) else ""
        if len(texts) == len(parts):
            return prefix + _BETWEEN.join(texts)
        written = [part for part in map(self._part, parts) if part]
        return [{"type": "input_text", "text": prefix.strip()}, *written] if prefix else written

    def _part(self, part: Part) -> Any:
        match part:
            case Text() | Image() | Document():
                written = self._content(part)
                if part.cache and self._marks:
                    mark = {"mode": "explicit", "ttl": _TTL[part.cache]}
                    return {**written, "prompt_cache_breakpoint": mark}
                return written
            case Audio():
                raise refuse("input_audio", "is not taken by this API")
            case Reasoning() | Refusal():
                return None
            case _:
                self._losses.drop_part(part)
                return None

    def _content(self, part: Text | Image | Document) -> Item:
        if not isinstance(part, Text):
            media, field = part.media, "image" if isinstance(part, Image) else "file"
            far_image = field == "image" and media.url is not None
            if media.file_id or (far_image and not self._traits.image_urls):
                raise refuse(field, "is a place that this backend cannot fetch from")
        if isinstance(part, Document) and (text := document_text(part)):
            part = Text(text)
        return dict(written_part(part) or {})


def _message(said: list[Text | Refusal]) -> Iterator[Item]:
    """What the assistant said: a plain string, unless it refused."""
    if not said:
        return
    if all(isinstance(part, Text) for part in said):
        yield {"role": "assistant", "content": "".join(part.text for part in said)}
        return
    content = [written_part(part, said=True) for part in said]
    yield {"type": "message", "role": "assistant", "content": content}


def _as_text(part: Part) -> Part:
    """What a tool gave back in another dialect's form alone is never lost."""
    return Text(json_text(part.origin)) if isinstance(part, OpaquePart) else part
