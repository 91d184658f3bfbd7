import re
from typing import Any

import pytest

from llm_proxy.pipeline.dialects.openai_chat.tool_fragments import ToolFragments
from llm_proxy.pipeline.events import Event, ToolCallDelta, ToolCallEnd, ToolCallStart


def fragment(
    index: int | None = None, id_: str | None = None, name: str | None = None, args: Any = None
) -> dict[str, Any]:
    fields = {"index": index, "id": id_, "function": {"name": name, "arguments": args}}
    return {key: value for key, value in fields.items() if value is not None}


def read(*fragments: dict[str, Any]) -> list[Event]:
    calls = ToolFragments()
    return [event for each in fragments for event in calls.read(each)]


A, B = ToolCallStart(0, "a", "f"), ToolCallStart(1, "b", "g")


@pytest.mark.parametrize(
    ("fragments", "expected"),
    [
        pytest.param(
            [fragment(0, "a", "f", ""), fragment(0, args="{"), fragment(0, args="}")],
            [A, ToolCallDelta(0, "{"), ToolCallDelta(0, "}")],
            id="by index",
        ),
        pytest.param(
            [fragment(0, "a", "f"), fragment(1, "b", "g"), fragment(0, args="x")],
            [A, B, ToolCallDelta(0, "x")],
            id="interleaved",
        ),
        pytest.param(
            [fragment(0, "a", "f", "{}"), fragment(0, "b", "g", "[]")],
            [A, ToolCallDelta(0, "{}"), B, ToolCallDelta(1, "[]")],
            id="every index 0",
        ),
        pytest.param(
            [fragment(0, "a", "f"), fragment(0, "b", "g"), fragment(0, args="x")],
            [A, B, ToolCallDelta(1, "x")],
            id="an index means the newest call that had it",
        ),
        pytest.param(
            [fragment(0, "a", "f", "{"), fragment(0, "a", "f", "}")],
            [A, ToolCallDelta(0, "{"), ToolCallDelta(0, "}")],
            id="id and name repeated",
        ),
        pytest.param(
            [
                fragment(0, "a", "f", '{"x":'),
                fragment(0, None, "f", "{}"),
                fragment(0, None, "f", "}"),
            ],
            [A, ToolCallDelta(0, '{"x":'), ToolCallDelta(0, "{}"), ToolCallDelta(0, "}")],
            id="the name again with every piece",
        ),
        pytest.param(
            [fragment(0, "a", "f", '{"x":{}'), fragment(0, None, "f", "}")],
            [A, ToolCallDelta(0, '{"x":{}'), ToolCallDelta(0, "}")],
            id="the name again behind what looks whole",
        ),
        pytest.param(
            [fragment(None, "a", "f", "1"), fragment(None, "b", "g", "2")],
            [A, ToolCallDelta(0, "1"), B, ToolCallDelta(1, "2")],
            id="no index",
        ),
        pytest.param(
            [fragment(None, "a", "f"), fragment(None, "b", "g"), fragment(None, "a", args="1")],
            [A, B, ToolCallDelta(0, "1")],
            id="no index, by id",
        ),
        pytest.param(
            [fragment(None, "a", "f"), fragment(None, "b", "g"), fragment(args="1")],
            [A, B, ToolCallDelta(1, "1")],
            id="neither, the last",
        ),
        pytest.param(
            [fragment(1, "a", "f"), fragment(2, "b", "g"), fragment(1, args="1")],
            [A, B, ToolCallDelta(0, "1")],
            id="counted from 0",
        ),
        pytest.param(
            [fragment(0, "a", "f", {"x": [1, "y"]})],
            [A, ToolCallDelta(0, '{"x":[1,"y"]}')],
            id="arguments as an object",
        ),
        pytest.param(
            [fragment(0, "a"), fragment(0, name="f"), fragment(0, args="{}")],
            [A, ToolCallDelta(0, "{}")],
            id="the name comes late",
        ),
        pytest.param(
            [fragment(0, "a", "f", '```json\n{"x":1}``` done')],
            [A, ToolCallDelta(0, '```json\n{"x":1}``` done')],
            id="arguments that are no JSON",
        ),
    ],
)
def test_whose_a_fragment_is(fragments: list[dict[str, Any]], expected: list[Event]) -> None:
    assert expected == read(*fragments)


def test_a_missing_id_is_made_up_once() -> None:
    start, delta = read(fragment(0, None, "f"), fragment(0, args="{}"))
    assert isinstance(start, ToolCallStart)
    assert re.fullmatch("call_[0-9a-f]{24}", start.id)
    assert (0, "f") == (start.index, start.name)
    assert ToolCallDelta(0, "{}") == delta


def test_made_up_ids_differ() -> None:
    first, second = read(fragment(0, None, "f"), fragment(1, None, "f"))
    assert isinstance(first, ToolCallStart)
    assert isinstance(second, ToolCallStart)
    assert first.id != second.id


@pytest.mark.parametrize("second_id", [None, "b"])
def test_another_name_at_the_index_of_a_call_without_id_is_another_call(
    second_id: str | None,
) -> None:
    events = read(fragment(0, None, "f", "{}"), fragment(0, second_id, "g", "[]"))
    starts = [(e.index, e.name) for e in events if isinstance(e, ToolCallStart)]
    deltas = [event for event in events if isinstance(event, ToolCallDelta)]
    assert [(0, "f"), (1, "g")] == starts
    assert [ToolCallDelta(0, "{}"), ToolCallDelta(1, "[]")] == deltas


def test_the_name_again_behind_whole_arguments_is_another_call() -> None:
    events = read(fragment(0, None, "f", '{"x":1}'), fragment(0, None, "f", '{"x":2}'))
    starts = [(e.index, e.name) for e in events if isinstance(e, ToolCallStart)]
    deltas = [event for event in events if isinstance(event, ToolCallDelta)]
    assert [(0, "f"), (1, "f")] == starts
    assert [ToolCallDelta(0, '{"x":1}'), ToolCallDelta(1, '{"x":2}')] == deltas


def test_in_a_whole_answer_every_item_is_a_call() -> None:
    calls = ToolFragments()
    for _ in range(2):
        calls.read(fragment(0, None, "f", "{}"), whole=True)
    assert 2 == calls.count


def test_a_custom_call_carries_free_text() -> None:
    custom = {"index": 0, "id": "a", "type": "custom", "custom": {"name": "f", "input": "x y"}}
    assert [ToolCallStart(0, "a", "f", custom=True), ToolCallDelta(0, "x y")] == read(custom)


def test_an_id_that_comes_late_opens_no_second_call() -> None:
    events = read(fragment(0, None, "f", "{"), fragment(0, "a", "f", "}"))
    assert 1 == sum(isinstance(event, ToolCallStart) for event in events)
    assert [ToolCallDelta(0, "{"), ToolCallDelta(0, "}")] == events[1:]


def test_every_call_ends_once() -> None:
    calls = ToolFragments()
    calls.read(fragment(0, "a", "f"))
    calls.read(fragment(1, "b", "g"))
    assert [ToolCallEnd(0), ToolCallEnd(1)] == calls.close()
    assert [] == calls.close()
    calls.read(fragment(2, "c", "h"))
    assert [ToolCallEnd(2)] == calls.close()
    assert 3 == calls.count


def test_a_call_that_is_never_named_is_still_told() -> None:
    calls = ToolFragments()
    assert [] == calls.read({"index": 0, "id": "a"})
    assert [] == calls.read({"index": 0, "function": None})
    assert [] == calls.read(fragment(0, args="{}"))
    expected = [ToolCallStart(0, "a", ""), ToolCallDelta(0, "{}"), ToolCallEnd(0)]
    assert expected == calls.close()


def test_no_calls_no_ends() -> None:
    assert [] == ToolFragments().close()
