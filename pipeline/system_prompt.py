"""Adding to what the model is told before the conversation."""

from collections.abc import Sequence
from dataclasses import replace

from llm_proxy.pipeline.parts import Part, Text
from llm_proxy.pipeline.request import ChatRequest, Message


def with_system(request: ChatRequest, text: str) -> ChatRequest:
    """The request with a text at the end of the first system turn, or in a new one."""
    if not request.messages:
        return replace(request, messages=[Message("system", (Text(text),))])
    first, *rest = request.messages
    if first.role in ("system", "developer"):
        return replace(request, messages=[first.with_parts(_added(first.parts, text)), *rest])
    return replace(request, messages=[Message("system", (Text(text),)), first, *rest])


def _added(parts: Sequence[Part], text: str) -> Sequence[Part]:
    """The parts with a text behind them. The last one takes it up, for where a dialect has one
    string for all, its writer puts blank lines between parts; unless it marks the end of what is
    cached, which is the client's to choose."""
    *before, last = parts or (Text(""),)
    if isinstance(last, Text) and last.cache is None:
        return [*before, replace(last, text=f"{last.text}\n\n{text}" if last.text else text)]
    return [*parts, Text(f"\n\n{text}")]
