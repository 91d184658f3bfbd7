"""Answers in the client's own terms again."""

from collections.abc import Sequence

from llm_proxy.backends.restored import Restored
from llm_proxy.pipeline.dialects.dialect import Written
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


def restored(written: Written, events: Sequence[Event]) -> tuple[list[Event], list[str]]:
    warnings: list[str] = []
    step = Restored(written, warnings)
    return [passed for event in events for passed in step(event)], warnings


def call(index: int, name: str, *pieces: str) -> list[Event]:
    deltas: list[Event] = [ToolCallDelta(index, piece) for piece in pieces]
    return [ToolCallStart(index, f"id{index}", name), *deltas, ToolCallEnd(index)]


def test_a_renamed_tool_has_its_own_name_again() -> None:
    written = Written(b"", names={"a_1": "a.b"})
    events, _ = restored(written, [*call(0, "a_1", "{}"), *call(1, "other", "{}")])
    assert events == [*call(0, "a.b", "{}"), *call(1, "other", "{}")]


def test_a_tool_of_free_text_gets_its_text_unwrapped() -> None:
    written = Written(b"", customs=frozenset({"patch"}))
    events, _ = restored(written, call(0, "patch", '{"inp', 'ut":"*** Begin"}'))
    assert events == [
        ToolCallStart(0, "id0", "patch", custom=True),
        ToolCallDelta(0, "*** Begin"),
        ToolCallEnd(0),
    ]


def test_a_renamed_tool_of_free_text() -> None:
    written = Written(b"", names={"p_1": "p.q"}, customs=frozenset({"p_1"}))
    events, _ = restored(written, call(0, "p_1", '{"input":"x"}'))
    assert events[0] == ToolCallStart(0, "id0", "p.q", custom=True)


def test_the_tool_that_stands_for_a_structured_answer_becomes_text() -> None:
    written = Written(b"", json_tool="json_output")
    asked = [*call(0, "json_output", '{"a"', ":1}"), Finish("tool_calls")]
    events, _ = restored(written, asked)
    assert events == [TextDelta('{"a"'), TextDelta(":1}"), Finish("stop")]


def test_other_calls_beside_a_structured_answer_are_counted_from_0() -> None:
    written = Written(b"", json_tool="json_output")
    asked = [*call(0, "json_output", "{}"), *call(1, "f", "{}"), Finish("tool_calls")]
    events, _ = restored(written, asked)
    assert events == [
        TextDelta("{}"),
        ToolCallStart(0, "id1", "f"),
        ToolCallDelta(0, "{}"),
        ToolCallEnd(0),
        Finish("tool_calls"),
    ]


def test_what_has_no_place_at_the_client_is_told_once() -> None:
    events, warnings = restored(Written(b""), [Opaque(content="citations")] * 2 + [Opaque()])
    assert len(events) == 3
    assert warnings == ["dropped citations of the answer"]


def test_an_end_without_a_finish_is_a_failure() -> None:
    events, _ = restored(Written(b""), [TextDelta("so far"), End()])
    assert events[0] == TextDelta("so far")
    assert isinstance(events[1], Failure)
    assert restored(Written(b""), [Finish("stop"), End()])[0] == [Finish("stop"), End()]
