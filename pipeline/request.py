"""What a client asks for, the same typed view whatever dialect it came in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Role = Literal["system", "developer", "user", "assistant", "tool"]
JsonObject = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Text:
    """Text; `origin` is the part as it came, with any field this proxy does not know."""

    text: str
    origin: JsonObject | None = None


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call the assistant made; `arguments` is JSON text as the model wrote it."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool gave back for the call `id`."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class OpaquePart:
    """A part carried as it came: an image, a file, or something newer than this proxy."""

    origin: JsonObject


Part = Text | ToolCall | ToolResult | OpaquePart


@dataclass(frozen=True, slots=True)
class Message:
    """One turn. `origin` is the message as it came; `touched` says that `parts` differ from it."""

    role: Role
    parts: tuple[Part, ...]
    origin: JsonObject | None = None
    touched: bool = False

    @property
    def text(self) -> str:
        """The turn's own text, without what tools gave back."""
        return "".join(part.text for part in self.parts if isinstance(part, Text))

    def with_parts(self, parts: Sequence[Part]) -> "Message":
        """This turn with other content; unknown fields of the original stay."""
        return replace(self, parts=tuple(parts), touched=True)


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool the model may call; `parameters` is a JSON Schema.

    `origin` is the tool as it came; a changed one is made without it.
    """

    name: str
    parameters: JsonObject = field(default_factory=dict[str, Any])
    origin: JsonObject | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A request as it came, so that what no stage touches can leave as it came: its bytes, its
    fields, and what was read from them, to be compared with by identity."""

    dialect: str
    raw: bytes
    body: JsonObject
    messages: Sequence[Message]
    params: JsonObject
    tools: Sequence[Tool]
    tool_choice: str | None


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A conversation to be continued.

    `params` holds every setting by its dialect-independent name (`temperature`, `max_tokens`,
    `stop`, …) and any field this proxy does not know by its own name. Stages never change a request
    in place: they pass on a `dataclasses.replace`d copy.
    """

    model: str
    messages: Sequence[Message]
    stream: bool = False
    wants_usage: bool = True
    params: JsonObject = field(default_factory=dict[str, Any])
    tools: Sequence[Tool] = ()
    tool_choice: str | None = None
    source: Source | None = None

    def with_param(self, name: str, value: Any) -> "ChatRequest":
        """This request with one setting changed."""
        return replace(self, params={**self.params, name: value})

    def without_param(self, name: str) -> "ChatRequest":
        """This request with one setting left to the backend's default."""
        return replace(self, params={key: v for key, v in self.params.items() if key != name})
