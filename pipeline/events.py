"""What an answer is made of, in every dialect, whole or streamed: a sequence of typed events.

The order is `Start`, content, `Finish`, `Usage` if known, `End`; or a `Failure` at any point.
`End` and `Failure` are the last event of an answer, and one of the two always comes.
"""

from dataclasses import dataclass
from typing import Literal

from llm_proxy.pipeline.errors import ProxyError

FinishReason = Literal["stop", "length", "tool_calls", "content_filter"]


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


@dataclass(frozen=True, slots=True)
class Start:
    """The answer begins: its id, the model that gives it, and when, in seconds since 1970.

    An answer that did not come from a vendor has an empty id; its writer makes up id and time.
    """

    id: str
    model: str
    created: int
    frame: Frame | None = None


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the answer's text."""

    text: str
    frame: Frame | None = None


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """A piece of the model's reasoning."""

    text: str
    frame: Frame | None = None


@dataclass(frozen=True, slots=True)
class ToolCallStart:
    """A tool call opens; `index` counts the calls of this answer from 0."""

    index: int
    id: str
    name: str
    frame: Frame | None = None


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """A piece of a call's arguments, which together are JSON text."""

    index: int
    arguments: str
    frame: Frame | None = None


@dataclass(frozen=True, slots=True)
class ToolCallEnd:
    """A tool call is whole."""

    index: int
    frame: Frame | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens: all input (cached included), the cached part, all output, its reasoning part."""

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    frame: Frame | None = None


@dataclass(frozen=True, slots=True)
class Finish:
    """The model has stopped, and why."""

    reason: FinishReason
    frame: Frame | None = None


@dataclass(frozen=True, slots=True)
class End:
    """Nothing follows."""

    frame: Frame | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """The answer broke after it had begun; nothing follows."""

    error: ProxyError
    frame: Frame | None = None


@dataclass(frozen=True, slots=True)
class KeepAlive:
    """A sign of life without content."""

    frame: Frame | None = None


@dataclass(frozen=True, slots=True)
class Opaque:
    """Something this proxy does not know: carried to a client of the same dialect."""

    frame: Frame | None = None


Event = (
    Start
    | TextDelta
    | ReasoningDelta
    | ToolCallStart
    | ToolCallDelta
    | ToolCallEnd
    | Usage
    | Finish
    | End
    | Failure
    | KeepAlive
    | Opaque
)

LIFE_CYCLE = (Start, KeepAlive, Opaque)
"""Events without content: an answer that has shown only these can still be given up unseen."""

LAST = (End, Failure)
"""One of these ends every answer."""
