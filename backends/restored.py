"""What a translated request had to call otherwise, under its own name again in the answer."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from llm_proxy.pipeline.dialects.arguments import custom_input
from llm_proxy.pipeline.dialects.dialect import Written
from llm_proxy.pipeline.errors import UpstreamBroken
from llm_proxy.pipeline.events import (
    End,
    Event,
    Failure,
    Finish,
    Opaque,
    TextDelta,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
)

_NO_FINISH = "the backend's answer ended without a finish"


class Restored:
    """A step that gives tools back the names and the form in which the client knows them: renamed
    ones, tools of free text that were sent as functions, and the tool that stands for a structured
    answer. What has no place in the client's dialect is noted in `warnings`. An answer that ends
    without saying that the model has finished was cut short, and no finish is made up for it."""

    def __init__(self, written: Written, warnings: list[str]) -> None:
        self._names: Mapping[str, str] = written.names
        self._customs = written.customs
        self._json_tool = written.json_tool
        self._warnings = warnings
        self._custom_calls: dict[int, list[str]] = {}
        self._json_calls: set[int] = set()
        self._calls = 0
        self._finished = False

    def __call__(  # noqa: PLR0911 - an arm for each kind
        self, event: Event
    ) -> Sequence[Event]:
        match event:
            case ToolCallStart():
                return self._start(event)
            case ToolCallDelta(index, arguments):
                return self._delta(event, index, arguments)
            case ToolCallEnd(index):
                return self._end(event, index)
            case Finish():
                return (self._finish(event),)
            case End() if not self._finished:
                return (Failure(UpstreamBroken(_NO_FINISH)),)
            case Opaque(_, content) if content:
                warning = f"dropped {content} of the answer"
                if warning not in self._warnings:
                    self._warnings.append(warning)
                return (event,)
            case _:
                return (event,)

    def _finish(self, event: Finish) -> Finish:
        self._finished = True
        only_answered = event.reason == "tool_calls" and self._json_calls and not self._calls
        return Finish("stop") if only_answered else event

    def _start(self, event: ToolCallStart) -> Sequence[Event]:
        if self._json_tool is not None and event.name == self._json_tool:
            self._json_calls.add(event.index)
            return ()
        self._calls += 1
        custom = event.name in self._customs
        if custom:
            self._custom_calls[event.index] = []
        name = self._names.get(event.name, event.name)
        index = event.index - len(self._json_calls)
        return (replace(event, index=index, name=name, custom=custom or event.custom, frame=None),)

    def _delta(self, event: ToolCallDelta, index: int, arguments: str) -> Sequence[Event]:
        if index in self._json_calls:
            return (TextDelta(arguments),)
        if index in self._custom_calls:
            self._custom_calls[index].append(arguments)
            return ()
        return (replace(event, index=index - len(self._json_calls)),)

    def _end(self, event: ToolCallEnd, index: int) -> Sequence[Event]:
        if index in self._json_calls:
            return ()
        shown = index - len(self._json_calls)
        pieces = self._custom_calls.pop(index, None)
        if pieces is None:
            return (replace(event, index=shown),)
        return (ToolCallDelta(shown, custom_input("".join(pieces))), ToolCallEnd(shown))
