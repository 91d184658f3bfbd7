"""Turns → the messages of a chat completion request."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from llm_proxy.pipeline.dialects.arguments import arguments_text
from llm_proxy.pipeline.dialects.body import json_text
from llm_proxy.pipeline.dialects.dialect import Recipient
from llm_proxy.pipeline.dialects.losses import Losses
from llm_proxy.pipeline.dialects.media import document_text
from llm_proxy.pipeline.dialects.openai_chat.formats import NAME
from llm_proxy.pipeline.dialects.openai_chat.write_message import reasoning_details
from llm_proxy.pipeline.dialects.openai_chat.write_parts import written_call, written_part
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

Message = dict[str, Any]

_BETWEEN = "\n\n"
"""Stands between texts that were parts of their own."""

_ERROR = "Error: "

_WANTED_WITH_CALLS = "reasoning_content"
"""Servers with this field refuse a turn of calls without it, be it empty."""

_AUDIO = frozenset({"wav", "x-wav", "wave", "mp3", "mpeg"})


class Messages:
    """Writes the messages of one request."""

    def __init__(self, to: Recipient, losses: Losses) -> None:
        self._to = to
        self._traits = to.traits
        self._losses = losses

    def written(self, talk: Conversation) -> list[Message]:
        """All messages; names and ids are already the vendor's."""
        messages = self._system(talk.system)
        for turn in talk.turns:
            if turn.role == "assistant":
                messages.append(self._assistant(turn))
            elif turn.role == "system":
                messages += self._system([part for part in turn.parts if isinstance(part, Text)])
            else:
                messages += self._user(turn)
        return messages or [{"role": "user", "content": ""}]  # nothing was said at all

    def _system(self, texts: Sequence[Text]) -> list[Message]:
        if not texts:
            return []
        return [{"role": "system", "content": _joined([self._text(text) for text in texts])}]

    def _assistant(self, turn: Turn) -> Message:
        texts = [part.text for part in turn.parts if isinstance(part, Text)]
        refusals = [part.text for part in turn.parts if isinstance(part, Refusal)]
        thoughts = [part for part in turn.parts if isinstance(part, Reasoning)]
        message: Message = {"role": "assistant", "content": "".join(texts) if texts else None}
        if refusals:
            message["refusal"] = "".join(refusals)
        message |= self._reasoning(turn, thoughts)
        if turn.calls:
            message["tool_calls"] = [self._call(call) for call in turn.calls]
        elif not texts:
            message["content"] = ""
        for part in turn.parts:
            if isinstance(part, OpaquePart | Image | Document | Audio):
                self._losses.drop_part(part)
        return message

    def _reasoning(self, turn: Turn, thoughts: Sequence[Reasoning]) -> Message:
        """Text goes to whoever takes it back, for it is not signed; state to its maker alone."""
        own = [part for part in thoughts if fits(part.seal, NAME, self._to.maker)]
        sealed = [part for part in thoughts if part.seal] + [c for c in turn.calls if c.seal]
        if len(sealed) > len(own):
            self._losses.drop(FOREIGN)
        written: Message = {}
        text, field = "".join(part.text for part in thoughts), self._traits.reasoning_field
        if field and (text or (turn.calls and field == _WANTED_WITH_CALLS)):
            written[field] = text
        if details := reasoning_details(own):
            written["reasoning_details"] = details
        return written

    def _call(self, call: ToolCall) -> Any:
        if call.custom and self._traits.custom_tools:
            return written_call(call)
        arguments = arguments_text(call.arguments, custom=call.custom)
        return written_call(ToolCall(call.id, call.name, arguments))

    def _user(self, turn: Turn) -> Iterator[Message]:
        shown: list[Part] = []
        for result in turn.results:
            text, media = self._result(result)
            content = _joined([self._text(Text(text, cache=result.cache))])
            yield {"role": "tool", "tool_call_id": result.id, "content": content}
            shown += media
        parts = [written for part in (*shown, *turn.rest) if (written := self._part(part))]
        if parts:
            yield {"role": "user", "content": _joined(parts)}

    def _result(self, result: ToolResult) -> tuple[str, list[Part]]:
        """The result as text, and what of it can only be shown by the user."""
        texts: list[str] = []
        media: list[Part] = []
        for part in result.parts:
            match part:
                case Text(text):
                    texts.append(text)
                case OpaquePart(origin):
                    texts.append(json_text(origin))
                case Document() if text := document_text(part):
                    texts.append(text)
                case Image() | Document():
                    kind = "image" if isinstance(part, Image) else "document"
                    texts.append(f"[{kind}: see the next message of the user]")
                    media += [Text(f"The {kind} that the call {result.id} gave back:"), part]
        text = _BETWEEN.join(texts)
        is_marked = not result.is_error or text.startswith(_ERROR)
        return text if is_marked else _ERROR + text, media

    def _part(self, part: Part) -> Message | None:
        match part:
            case Text():
                return self._text(part)
            case Image(media):
                if media.file_id or (media.url is not None and not self._traits.image_urls):
                    raise refuse("image_url", "is a place that this backend cannot fetch from")
                return self._marked(written_part(part), part.cache)
            case Document(media):
                if media.data is None:
                    raise refuse("file", "is a place that this backend cannot fetch from")
                text = document_text(part)
                written = self._text(Text(text)) if text else written_part(part)
                return self._marked(written, part.cache)
            case Audio(media):
                kind = media.type.partition(";")[0].rpartition("/")[2]
                if media.data is None or kind not in _AUDIO:
                    raise refuse("input_audio", "can only be wav or mp3, and must be sent along")
                return self._marked(written_part(part), None)
            case _:
                self._losses.drop_part(part)
                return None

    def _text(self, text: Text) -> Message:
        return self._marked({"type": "text", "text": text.text}, text.cache)

    def _marked(self, part: Mapping[str, Any] | None, cache: CacheTtl | None) -> Message:
        """The part with the mark that the vendor knows, if any."""
        marks = self._traits.cache_marks
        if cache is None or marks == "none":
            return dict(part or {})
        if marks == "breakpoint":
            mark = {"mode": "explicit", "ttl": "12h" if cache == "long" else "30m"}
            return {**(part or {}), "prompt_cache_breakpoint": mark}
        mark = {"type": "ephemeral", **({"ttl": "1h"} if cache == "long" else {})}
        return {**(part or {}), "cache_control": mark}


def _joined(parts: Sequence[Message]) -> str | list[Message]:
    """A string where there is nothing but text, which every imitation of the API takes."""
    if all(part.keys() == {"type", "text"} for part in parts):
        return _BETWEEN.join(part["text"] for part in parts)
    return list(parts)
