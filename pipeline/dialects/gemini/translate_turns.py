"""Turns of another dialect → `contents`."""

from collections.abc import Iterator
from typing import Any

from llm_proxy.pipeline.dialects.arguments import arguments_object
from llm_proxy.pipeline.dialects.body import json_text
from llm_proxy.pipeline.dialects.dialect import Recipient
from llm_proxy.pipeline.dialects.gemini.call_ids import NAMING
from llm_proxy.pipeline.dialects.gemini.formats import NAME
from llm_proxy.pipeline.dialects.gemini.read_media import is_own_place
from llm_proxy.pipeline.dialects.gemini.read_result import ERROR, OUTPUT
from llm_proxy.pipeline.dialects.gemini.signatures import FIELD, signature_in
from llm_proxy.pipeline.dialects.gemini.write_contents import Content, with_placeholders
from llm_proxy.pipeline.dialects.gemini.write_parts import written_media
from llm_proxy.pipeline.dialects.losses import Losses
from llm_proxy.pipeline.dialects.media import document_text
from llm_proxy.pipeline.dialects.seals import FOREIGN, fits
from llm_proxy.pipeline.dialects.settings import refuse
from llm_proxy.pipeline.dialects.turns import Conversation, Turn
from llm_proxy.pipeline.parts import (
    Audio,
    Document,
    Image,
    OpaquePart,
    Part,
    Reasoning,
    Refusal,
    Seal,
    Text,
    ToolCall,
    ToolResult,
)

Json = dict[str, Any]

_NOTHING = "."
"""What the user says where the vendor wants a word of the user's and there is none."""

_BETWEEN = "\n\n"
"""Stands between texts that were parts of their own."""


class Contents:
    """Writes the contents of one request; names and ids are already the vendor's."""

    def __init__(self, to: Recipient, losses: Losses) -> None:
        self._to = to
        self._traits = to.traits
        self._losses = losses

    def written(self, talk: Conversation) -> list[Content]:
        """All turns, the first of them the user's."""
        contents: list[Content] = []
        for turn in talk.turns:
            is_model = turn.role == "assistant"
            parts = list(self._model(turn) if is_model else self._user(turn))
            role = "model" if is_model else "user"
            if parts and contents and contents[-1]["role"] == role:
                # What stood between them was nothing that this vendor could be told.
                contents[-1] = {"role": role, "parts": [*contents[-1]["parts"], *parts]}
            elif parts:
                contents.append({"role": role, "parts": parts})
        if not contents or contents[0]["role"] == "model":
            contents.insert(0, {"role": "user", "parts": [{"text": _NOTHING}]})
        return with_placeholders(contents) if self._traits.thinking == "level" else contents

    def _model(self, turn: Turn) -> Iterator[Json]:
        """Signatures of calls go to their calls; that of a text stands behind it."""
        of_calls = {NAMING.id_of(seal.call): seal for seal in self._seals(turn) if seal.call}
        last_text = max((n for n, p in enumerate(turn.parts) if isinstance(p, Text)), default=-1)
        late: list[Json] = []
        for position, part in enumerate(turn.parts):
            match part:
                case Reasoning(_, seal) if seal is not None and self._fits(seal):
                    if not seal.call:
                        is_early = position < last_text and not seal.block.get("thought")
                        late += [_restored(seal)] if is_early else []
                        yield from () if is_early else (_restored(seal),)
                case Reasoning():
                    pass  # without its seal it is worth nothing to the vendor
                case ToolCall():
                    yield self._call(part, of_calls.get(part.id))
                case Refusal(text):
                    yield {"text": text}
                case _:
                    yield from self._part(part)
            if position == last_text:
                yield from late

    def _seals(self, turn: Turn) -> Iterator[Seal]:
        """The vendor's own among a turn's seals; the others are noted as lost."""
        for part in turn.parts:
            seal = part.seal if isinstance(part, Reasoning | ToolCall) else None
            if seal is None:
                continue
            if self._fits(seal):
                yield seal
            else:
                self._losses.drop(FOREIGN)

    def _fits(self, seal: Seal) -> bool:
        return fits(seal, NAME, self._to.maker) and bool(signature_in(seal))

    def _call(self, call: ToolCall, bound: Seal | None) -> Json:
        args = arguments_object(call.arguments, custom=call.custom)
        written: Json = {"functionCall": {"id": call.id, "name": call.name, "args": args}}
        own = call.seal if call.seal and self._fits(call.seal) else bound
        if own and (signature := signature_in(own)):
            written[FIELD] = signature
        return written

    def _user(self, turn: Turn) -> Iterator[Json]:
        shown: list[Part] = []
        for result in turn.results:
            written, left = self._result(result)
            yield {"functionResponse": written}
            shown += left
        for part in [*shown, *turn.rest]:
            yield from self._part(part)

    def _result(self, result: ToolResult) -> tuple[Json, list[Part]]:
        """The response, and what of it can only be shown beside it."""
        texts: list[str] = []
        media: list[Json] = []
        left: list[Part] = []
        for part in result.parts:
            match part:
                case Text(text):
                    texts.append(text)
                case OpaquePart(origin):
                    texts.append(json_text(origin))
                case Image() | Document() if self._traits.media_in_results:
                    media += self._part(part)
                case Image() | Document():
                    kind = "image" if isinstance(part, Image) else "document"
                    texts.append(f"[{kind}: see below]")
                    left += [Text(f"The {kind} that the call {result.id} gave back:"), part]
        response = {ERROR if result.is_error else OUTPUT: _BETWEEN.join(texts)}
        written: Json = {"id": result.id, "name": result.name, "response": response}
        return {**written, "parts": media} if media else written, left

    def _part(self, part: Part) -> Iterator[Json]:
        match part:
            case Text(text):
                yield {"text": text}
            case Image(media):
                self._check_place(media.url, media.file_id, "image_url")
                yield written_media(part)
            case Document(media):
                if text := document_text(part):
                    yield {"text": text}
                else:
                    self._check_place(media.url, media.file_id, "file")
                    yield written_media(part)
            case Audio(media):
                self._check_place(media.url, media.file_id, "input_audio")
                yield written_media(part)
            case OpaquePart():
                self._losses.drop(part.type or "a part")
            case _:
                pass

    def _check_place(self, url: str | None, file_id: str | None, field: str) -> None:
        place = url or file_id or ""
        if not place or is_own_place(place) or (url and self._traits.image_urls):
            return
        raise refuse(field, "is a place that this backend cannot fetch from")


def _restored(seal: Seal) -> Json:
    """The part that a signature came on; it may have been on a text without letters."""
    thought = seal.block.get("thought") is True
    text = seal.block.get("text") if thought else ""
    written: Json = {"text": text if isinstance(text, str) else ""}
    return {**written, **({"thought": True} if thought else {}), FIELD: signature_in(seal)}
