"""What a turn of a conversation is made of, the same in every dialect.

Each part may keep its `origin`, the JSON it was read from with any field this proxy does not know:
a writer of the same dialect starts from it. A stage that changes a part makes a new one.
"""

from collections.abc import Mapping
from typing import Any, Literal

from llm_proxy.pipeline.record import record

JsonObject = Mapping[str, Any]

CacheTtl = Literal["short", "long"]
"""How long a vendor is asked to remember the conversation up to a part: minutes, or an hour and
more."""


@record
class Seal:
    """State that only its maker understands: a signature, encrypted reasoning.

    `block` is the maker's own JSON, in the form that `dialect` gives it, and goes back unaltered.
    `maker` is the backend that made it; None where a client brought it in its dialect's own field,
    so that any vendor of the dialect may have made it. `call` is the id of the tool call it belongs
    to, if it belongs to one.
    """

    dialect: str
    block: JsonObject
    maker: str | None = None
    call: str | None = None


@record
class Media:
    """An image's or a file's bytes, or where they are: exactly one of `data` (base64 of the
    standard alphabet), `url` and `file_id`. `type` is the MIME type, empty where unknown."""

    type: str = ""
    data: str | None = None
    url: str | None = None
    file_id: str | None = None


@record
class Text:
    """Text."""

    text: str
    origin: JsonObject | None = None
    cache: CacheTtl | None = None


@record
class Refusal:
    """What the assistant said where it would not answer."""

    text: str
    origin: JsonObject | None = None


@record
class Image:
    """A picture; `detail` is `low`, `high`, `auto` or what a vendor knows beside these."""

    media: Media
    detail: str | None = None
    origin: JsonObject | None = None
    cache: CacheTtl | None = None


@record
class Document:
    """A file with a text or pages in it; `name` is its file name or title."""

    media: Media
    name: str | None = None
    origin: JsonObject | None = None
    cache: CacheTtl | None = None


@record
class Audio:
    """A recording."""

    media: Media
    origin: JsonObject | None = None


@record
class Reasoning:
    """What the assistant thought. `text` may be empty where only its `seal` is known."""

    text: str
    seal: Seal | None = None
    origin: JsonObject | None = None


@record
class ToolCall:
    """A call the assistant made; `arguments` is JSON text as the model wrote it, or any text for a
    `custom` tool."""

    id: str
    name: str
    arguments: str
    custom: bool = False
    seal: Seal | None = None
    origin: JsonObject | None = None
    cache: CacheTtl | None = None


@record
class OpaquePart:
    """A part carried as it came, to a vendor of the same dialect alone. `type` is its name there,
    for whom it has to be left out."""

    origin: JsonObject
    type: str = ""


ResultPart = Text | Image | Document | OpaquePart


@record
class ToolResult:
    """What a tool gave back for the call `id`; `name` is the tool's, where a dialect tells it."""

    id: str
    parts: tuple[ResultPart, ...] = ()
    is_error: bool = False
    name: str = ""
    custom: bool = False
    origin: JsonObject | None = None
    cache: CacheTtl | None = None

    @property
    def text(self) -> str:
        """The result's text, without pictures and documents."""
        return "".join(part.text for part in self.parts if isinstance(part, Text))


Part = Text | Refusal | Image | Document | Audio | Reasoning | ToolCall | ToolResult | OpaquePart
