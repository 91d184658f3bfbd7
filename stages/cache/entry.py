"""An answer as it is kept: its events without their frames, as compact JSON."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import orjson

from llm_proxy.pipeline.events import (
    End,
    Event,
    Finish,
    ReasoningDelta,
    ReasoningState,
    Start,
    TextDelta,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
    Usage,
)
from llm_proxy.pipeline.parts import Seal
from llm_proxy.pipeline.record import record

VERSION = 1
"""Of this form: what has another one is not read."""


@record
class Entry:
    """A complete answer, when it was given (in seconds since 1970), who gave it, and what the
    question lost on its way there.

    `whose` is empty, or names those to whom alone it may be given again.
    """

    at: float
    backend: str
    model: str
    warnings: tuple[str, ...]
    events: tuple[Event, ...]
    whose: tuple[str, ...] = ()

    def age(self, now: float) -> float:
        """How old it is, in seconds; the clocks of replicas may differ a little."""
        return max(0.0, now - self.at)


@record
class _Form:
    """How events of a kind are written: a name and fields, and what makes one of the fields."""

    name: str
    fields: tuple[str, ...]
    make: Callable[..., Event]


def _state(seal: Mapping[str, Any]) -> ReasoningState:
    return ReasoningState(Seal(**seal))


_USAGE = (
    *("input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens"),
    "cache_write_tokens",
)

_FORMS: Mapping[type[Event], _Form] = {
    # Each answer has an id of its own, which its writer makes up.
    Start: _Form("start", ("model",), partial(Start, id="", created=0)),
    TextDelta: _Form("text", ("text",), TextDelta),
    ReasoningDelta: _Form("reasoning", ("text",), ReasoningDelta),
    ReasoningState: _Form("state", ("seal",), _state),
    ToolCallStart: _Form("call", ("index", "id", "name", "custom"), ToolCallStart),
    ToolCallDelta: _Form("arguments", ("index", "arguments"), ToolCallDelta),
    ToolCallEnd: _Form("called", ("index",), ToolCallEnd),
    Usage: _Form("usage", _USAGE, Usage),
    Finish: _Form("finish", ("reason", "stop_sequence"), Finish),
    End: _Form("end", (), End),
}

_BY_NAME = {form.name: form for form in _FORMS.values()}


def pack(entry: Entry) -> bytes:
    """The entry as bytes."""
    head = [entry.at, entry.backend, entry.model, entry.warnings, entry.whose]
    return orjson.dumps([VERSION, *head, list(map(_packed, entry.events))])


def unpack(data: bytes) -> Entry | None:
    """The entry; None where the bytes are none of this version, or damaged."""
    try:
        version, at, backend, model, warnings, whose, packed = orjson.loads(data)
        if version != VERSION:
            return None
        events = tuple(_unpacked(*one) for one in packed)
        return Entry(float(at), backend, model, tuple(warnings), events, tuple(whose))
    except (ValueError, TypeError, KeyError):
        return None


def _packed(event: Event) -> list[Any]:
    form = _FORMS[type(event)]
    return [form.name, *(getattr(event, name) for name in form.fields)]


def _unpacked(name: str, *values: Any) -> Event:
    form = _BY_NAME[name]
    return form.make(**dict(zip(form.fields, values, strict=True)))
