"""What an agent has done: calls and what came back."""

import pytest

from llm_proxy.pipeline.parts import Image, Media, OpaquePart, Text, ToolCall, ToolResult
from llm_proxy.pipeline.request import Message
from llm_proxy.stages.loop_detection.history import call_digest, comes_again, history
from tests.unit.stages.loop_detection.talking import done


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"a": 1, "b": [2, {"c": 3, "d": 4}]}', '{"b":[2,{"d":4,"c":3}],"a":1}'),
        ('{"a": 1}', '{"a": 1.0}'),
        ("", "{}"),
        ('{"a": "é"}', '{"a": "\\u00e9"}'),
        ("free text ", " free text"),
    ],
)
def test_arguments_are_compared_by_what_they_mean(one: str, other: str) -> None:
    assert call_digest("t", one) == call_digest("t", other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"a": 1}', '{"a": 2}'),
        ('{"a": 1}', '{"a": "1"}'),
        ('{"a": 1}', '{"a": true}'),
        ('{"a": [1, 2]}', '{"a": [2, 1]}'),
        ('{"a": 1.5}', '{"a": 1}'),
        ("one", "other"),
        ('{"a": "\\ud800"}', '{"a": "\\ud801"}'),
    ],
)
def test_other_arguments_are_another_call(one: str, other: str) -> None:
    assert call_digest("t", one) != call_digest("t", other)


def test_another_tool_is_another_call() -> None:
    assert call_digest("one", "{}") != call_digest("other", "{}")


def test_a_call_and_its_result_belong_together() -> None:
    one, other, third = history(done(("t", "{}", "x"), ("t", "{}", "y"), ("t", "{}", " x\n")))
    assert one.call == other.call
    assert one.result != other.result
    assert one == third


def test_calls_without_a_result_do_not_count() -> None:
    messages = [*done(("t", "{}", "x")), Message("assistant", (ToolCall("late", "t", "{}"),))]
    assert len(history(messages)) == 1


def test_calls_at_once_are_in_the_order_of_the_calls() -> None:
    calls = (ToolCall("1", "one", "{}"), ToolCall("2", "two", "{}"))
    results = (ToolResult("2", (Text("b"),)), ToolResult("1", (Text("a"),)))
    found = history([Message("assistant", calls), Message("user", results)])
    assert [one.tool for one in found] == ["one", "two"]


@pytest.mark.parametrize(
    ("text", "is_error", "failed"),
    [
        ("done", False, False),
        ("done", True, True),
        ("Error: no such file", False, True),
        ("<error>no</error>", False, True),
        ("Traceback (most recent call last):", False, True),
        ("errorless", False, False),
        ("no error", False, False),
    ],
)
def test_errors(text: str, is_error: bool, failed: bool) -> None:  # noqa: FBT001 - parameters
    call = Message("assistant", (ToolCall("1", "t", "{}"),))
    result = Message("tool", (ToolResult("1", (Text(text),), is_error=is_error),))
    (one,) = history([call, result])
    assert one.failed == failed
    assert bool(one.failure) == failed


def test_pictures_and_unknown_parts_are_told_apart() -> None:
    def result(data: str, field: int) -> bytes:
        parts = (Image(Media("image/png", data)), OpaquePart({"x": field}))
        call = Message("assistant", (ToolCall("1", "t", "{}"),))
        return history([call, Message("tool", (ToolResult("1", parts),))])[0].result

    assert result("QQ==", 1) == result("QQ==", 1)
    assert result("QQ==", 1) != result("Qg==", 1)
    assert result("QQ==", 1) != result("QQ==", 2)


def test_each_call_has_the_result_that_came_behind_it() -> None:
    again = [*done(("t", "{}", "x")), *done(("t", "{}", "y"))]
    assert [one.result for one in history(again)] == [
        one.result for one in history(done(("t", "{}", "x"), ("t", "{}", "y")))
    ]


def test_only_the_latest_and_not_those_of_some_tools() -> None:
    messages = done(("a", "1", "x"), ("b", "2", "x"), ("c", "3", "x"), ("b", "4", "x"))
    found = history(messages, 2, lambda tool: tool == "c")
    assert [one.tool for one in found] == ["b", "b"]
    assert [one.tool for one in history(messages)] == ["a", "b", "c", "b"]


@pytest.mark.parametrize(
    ("calls", "again"),
    [
        ([], False),
        ([("a", "1", "x")], False),
        ([("a", "1", "x"), ("a", "2", " x\n")], True),
        ([("a", "1", "x"), ("b", "1", "x")], False),
        ([("a", "1", "x"), ("a", "1", "y")], False),
        ([("a", "1", "x"), ("b", "1", "y"), ("a", "1", "x")], True),
        ([("a", "1", "x"), ("b", "1", "y"), ("b", "1", "z"), ("a", "1", "x")], False),
        ([("a", "1", "x"), ("c", "1", "y"), ("c", "1", "z"), ("a", "1", "x")], True),
    ],
)
def test_whether_a_result_comes_again(calls: list[tuple[str, str, str]], again: bool) -> None:  # noqa: FBT001 - a parameter of the test
    assert comes_again(done(*calls), 2, lambda tool: tool == "c") == again
