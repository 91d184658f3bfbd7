"""What an answer is made of, in every dialect, whole or streamed: a sequence of typed events.

The order is `Start`, content, `Finish`, `End`; or a `Failure` at any point. `End` and `Failure` are
the last event of an answer, and one of the two always comes. `Usage` may come at any point and more
than once: the last one counts.
"""

from dataclasses import dataclass
from typing import Literal

from llm_proxy.pipeline.errors import ProxyError
from llm_proxy.pipeline.parts import Seal
from llm_proxy.pipeline.record import record

FinishReason = Literal["stop", "length", "context_full", "tool_calls", "content_filter", "pause"]
"""`length` is the client's own limit, `context_full` the model's; after a `pause` the same
conversation, sent again with this answer, is continued."""


@dataclass(slots=True)
class Frame:
    """The bytes that one or more events were read from, to be relayed as they came.

    `size` is how many events share the bytes; the reader counts them as it makes them, and nobody
    else writes to it. A writer of the same `format` that meets all of them untouched writes `raw`;
    a stage that changes an event makes a new one without a frame.
    """

    raw: bytes
    size: int
    format: str


@record
class Start:
    """The answer begins: its id, the model that gives it, and when, in seconds since 1970.

    An answer that did not come from a vendor has an empty id; its writer makes up id and time.
    """

    id: str
    model: str
    created: int
    frame: Frame | None = None


@record
class TextDelta:
    """A piece of the answer's text."""

    text: str
    frame: Frame | None = None


@record
class ReasoningDelta:
    """A piece of the model's reasoning."""

    text: str
    frame: Frame | None = None


@record
class RefusalDelta:
    """A piece of what the model says where it will not answer."""

    text: str
    frame: Frame | None = None


@record
class ReasoningState:
    """State to be handed back with the next turn: that of the reasoning before it, or, if the seal
    names a call, of the call that comes next."""

    seal: Seal
    frame: Frame | None = None


@record
class ToolCallStart:
    """A tool call opens; `index` counts the calls of this answer from 0. The deltas of several open
    calls may come mixed. `custom`: its arguments are free text."""

    index: int
    id: str
    name: str
    frame: Frame | None = None
    custom: bool = False


@record
class ToolCallDelta:
    """A piece of a call's arguments, which together are JSON text; none at all means `{}`."""

    index: int
    arguments: str
    frame: Frame | None = None


@record
class ToolCallEnd:
    """A tool call is whole."""

    index: int
    frame: Frame | None = None


@record
class Usage:
    """Tokens: all input (read from and written to a cache included), the part read from it, all
    output, its reasoning part, the part of the input written to a cache."""

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    frame: Frame | None = None
    cache_write_tokens: int = 0


@record
class TokenCount:
    """How many tokens a conversation would be: the whole answer to a request that only counts."""

    input_tokens: int
    frame: Frame | None = None


@record
class Finish:
    """The model has stopped, and why; `stop_sequence` is the one it met, where a vendor tells."""

    reason: FinishReason
    frame: Frame | None = None
    stop_sequence: str | None = None


@record
class End:
    """Nothing follows."""

    frame: Frame | None = None


@record
class Failure:
    """The answer broke after it had begun; nothing follows."""

    error: ProxyError
    frame: Frame | None = None


@record
class KeepAlive:
    """A sign of life without content."""

    frame: Frame | None = None


@record
class Opaque:
    """Something this proxy does not know: carried to a client of the same dialect. `content` names
    it where a client of another dialect misses something without it."""

    frame: Frame | None = None
    content: str = ""


Event = (
    Start
    | TextDelta
    | ReasoningDelta
    | RefusalDelta
    | ReasoningState
    | ToolCallStart
    | ToolCallDelta
    | ToolCallEnd
    | Usage
    | TokenCount
    | Finish
    | End
    | Failure
    | KeepAlive
    | Opaque
)

LIFE_CYCLE = (Start, KeepAlive, Opaque, Usage)
"""Events without content: an answer that has shown only these can still be given up unseen."""

LAST = (End, Failure)
"""One of these ends every answer."""
