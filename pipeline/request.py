"""What a client asks for, the same typed view whatever dialect it came in."""

from collections.abc import Sequence
from dataclasses import field, replace
from typing import Any, Literal

from llm_proxy.pipeline.parts import CacheTtl, JsonObject, Part, Text
from llm_proxy.pipeline.record import new_dict, record

Form = Literal["streamed", "whole", "counted"]
"""How an answer is wanted; the last is only the number of its tokens."""

Role = Literal["system", "developer", "user", "assistant", "tool"]


@record
class Message:
    """One turn, or a piece of one: dialects cut them differently. Results of tools stand in a turn
    of the tool or of the user.

    `origin` is the message as it came; `touched` says that `parts` differ from it.
    """

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


@record
class Tool:
    """A tool the model may call; `parameters` is a JSON Schema.

    A `custom` tool takes free text instead, after `grammar` if it has one; a `hosted` one is run by
    the vendor itself, and its name is what the vendor calls it. `namespace` is the group that the
    client put it in, with which its name begins. `origin` is the tool as it came; a changed one is
    made without it.
    """

    name: str
    parameters: JsonObject = field(default_factory=new_dict)
    description: str = ""
    strict: bool | None = None
    custom: bool = False
    grammar: JsonObject | None = None
    hosted: bool = False
    namespace: str | None = None
    origin: JsonObject | None = None
    cache: CacheTtl | None = None


@record
class ToolChoice:
    """Whether the model may or must call tools; `names` are the only ones it may call, all if
    empty. One name and `required` is that one tool."""

    mode: Literal["auto", "none", "required"]
    names: tuple[str, ...] = ()


@record
class Source:
    """A request as it came, so that what no stage touches can leave as it came: its bytes, its
    fields, and what was read from them, to be compared with by identity."""

    dialect: str
    raw: bytes
    body: JsonObject
    messages: Sequence[Message]
    params: JsonObject
    tools: Sequence[Tool]
    tool_choice: ToolChoice | None


@record
class ChatRequest:
    """A conversation to be continued.

    `params` holds every setting by its dialect-independent name (see `pipeline.params`) and any
    field this proxy does not know by its own name. `counts_only` asks how many tokens it would be.
    Stages never change a request in place: they pass on a `dataclasses.replace`d copy.
    """

    model: str
    messages: Sequence[Message]
    stream: bool = False
    wants_usage: bool = True
    counts_only: bool = False
    params: JsonObject = field(default_factory=new_dict)
    tools: Sequence[Tool] = ()
    tool_choice: ToolChoice | None = None
    source: Source | None = None

    @property
    def form(self) -> Form:
        """How its answer is wanted."""
        if self.counts_only:
            return "counted"
        return "streamed" if self.stream else "whole"

    def with_param(self, name: str, value: Any) -> "ChatRequest":
        """This request with one setting changed."""
        return replace(self, params={**self.params, name: value})

    def without_param(self, name: str) -> "ChatRequest":
        """This request with one setting left to the backend's default."""
        return replace(self, params={key: v for key, v in self.params.items() if key != name})
